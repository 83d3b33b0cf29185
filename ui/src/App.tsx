import { useEffect } from "react";
import { ApplicationPage } from "./application/ApplicationPage";
import { CreatePage } from "./create/CreatePage";
import { ListPage } from "./list/ListPage";
import { useCell } from "./live/cell";
import { Login } from "./login/Login";
import { m } from "./messages";
import { ObjectPage } from "./object/ObjectPage";
import { ErrorNotice, Notice } from "./parts/Notice";
import { Link } from "./router/Link";
import { navigate, useLocation } from "./router/location";
import { applicationsPath, loginPath, type Route, returnPath, route } from "./router/paths";
import { askSession, SessionContext, session } from "./session/session";
import { Shell } from "./shell/Shell";

export function App() {
  const location = useLocation();
  const state = useCell(session);
  const shown = route(location);
  const isLogin = shown.view === "login";

  useEffect(askSession, []);
  useEffect(() => {
    if (state.state === "none" && !isLogin) {
      navigate(loginPath(location.path + window.location.search), { replace: true });
    } else if (state.state === "there" && isLogin) {
      navigate(returnPath(location.query), { replace: true });
    }
  }, [state.state, isLogin, location]);

  useEffect(() => {
    if (location.path === "/") navigate(applicationsPath + window.location.search, { replace: true });
  }, [location.path]);

  if (isLogin) return state.state === "none" ? <Login isOver={state.isOver} /> : null;
  if (state.state === "failed") {
    return (
      <main className="content">
        <ErrorNotice isPage error={state.error} onRetry={askSession} />
      </main>
    );
  }
  if (state.state !== "there") return null;
  return (
    <SessionContext value={state.session}>
      <Shell>
        <View shown={shown} />
      </Shell>
    </SessionContext>
  );
}

function View({ shown }: { shown: Route }) {
  switch (shown.view) {
    case "list":
      return <ListPage key={shown.show} show={shown.show} />;
    case "application":
      return <ApplicationPage key={JSON.stringify(shown.at)} at={shown.at} />;
    case "object":
      return <ObjectPage key={shown.key} objectKey={shown.key} />;
    case "create":
      return <CreatePage />;
    case "start":
      return null;
    default:
      return (
        <Notice
          isPage
          title={m.error.noPage}
          actions={
            <Link className="button is-plain" to={applicationsPath}>
              {m.error.toApplications}
            </Link>
          }
        >
          <p>{m.error.noPageText}</p>
        </Notice>
      );
  }
}
