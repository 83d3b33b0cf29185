import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client";
import { login } from "../api/routes";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Mark } from "../parts/Mark";
import { errorText } from "../parts/Notice";
import { here, navigate } from "../router/location";
import { returnPath } from "../router/paths";
import { askSession } from "../session/session";

/** `isOver` says that a session ended, and that this is not the first login. */
export function Login({ isOver }: { isOver: boolean }) {
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const isReturn = here().query.has("return");

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      await login(String(form.get("username")), String(form.get("password")));
      askSession();
      navigate(returnPath(here().query), { replace: true });
    } catch (failure) {
      setError(failure instanceof ApiError ? errorText(failure) : m.login.failed);
      setBusy(false);
    }
  };

  return (
    <main className="login">
      <form className="card" onSubmit={submit} aria-labelledby="login-title">
        <Mark size={44} />
        <h1 id="login-title">{m.login.title}</h1>
        {isReturn && !error && <p className="faint">{isOver ? m.login.over : m.login.first}</p>}
        {error && (
          <p className="problem" role="alert">
            {error}
          </p>
        )}
        <label className="field">
          <span>{m.login.user}</span>
          <input name="username" autoComplete="username" defaultValue="admin" required spellCheck={false} />
        </label>
        <label className="field">
          <span>{m.login.password}</span>
          {/* biome-ignore lint/a11y/noAutofocus: a page with one purpose. */}
          <input name="password" type="password" autoComplete="current-password" required autoFocus />
        </label>
        <Button type="submit" look="primary" label={m.login.submit} disabled={isBusy} />
        <p className="faint">{m.login.where}</p>
      </form>
    </main>
  );
}
