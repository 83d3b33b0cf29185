import { type ReactNode, useState } from "react";
import { Help } from "../keys/Help";
import { useShortcut } from "../keys/registry";
import { useCell } from "../live/cell";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Mark } from "../parts/Mark";
import { Link } from "../router/Link";
import { navigate, useLocation } from "../router/location";
import { createPath, listPath, type Show } from "../router/paths";
import { useSession } from "../session/session";
import { Live } from "./Live";
import { nextTheme, theme } from "./theme";

const LISTS: readonly Show[] = ["applications", "flux", "all"];

export function Shell({ children }: { children: ReactNode }) {
  const there = useSession();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useShortcut("help", () => setHelpOpen(true));
  useShortcut("applications", () => navigate(listPath("applications")));
  useShortcut("flux", () => navigate(listPath("flux")));
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {m.skip}
      </a>
      <header className="top">
        <div className="bar">
          <Link className="brand" to={listPath("applications")}>
            <Mark />
            <span>{m.product}</span>
          </Link>
          <Navigation />
          <div className="bar-end">
            <Live />
            {there.may.create && (
              <Link className="button is-primary bar-new" to={createPath}>
                <Icon name="plus" />
                <span>{m.nav.create}</span>
              </Link>
            )}
            <ThemeButton />
            <Button icon="help" isBare look="quiet" label={m.nav.help} onClick={() => setHelpOpen(true)} />
            <Account user={there.user} />
          </div>
        </div>
        {there.cluster.isSimulated && (
          <p className="simulated">
            <Icon name="flask" />
            <span>
              <strong>{m.simulated.title}</strong> <span className="simulated-more">{m.simulated.text}</span>
            </span>
            <span className="simulated-version">{m.simulated.version(there.cluster.version)}</span>
          </p>
        )}
      </header>
      <main id="content" className="content" tabIndex={-1}>
        {children}
      </main>
      {isHelpOpen && <Help session={there} onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function Navigation() {
  const { path } = useLocation();
  const isIn = (show: Show) => path === listPath(show) || path.startsWith(`${listPath(show)}/`);
  return (
    <nav className="nav" aria-label={m.nav.label}>
      {LISTS.map((show) => (
        <Link key={show} to={listPath(show)} aria-current={isIn(show) ? "page" : undefined}>
          {m.nav[show]}
        </Link>
      ))}
    </nav>
  );
}

function ThemeButton() {
  const chosen = useCell(theme);
  const icon = ({ auto: "screen", light: "sun", dark: "moon" } as const)[chosen];
  return <Button icon={icon} isBare look="quiet" label={m.nav.theme[chosen]} onClick={nextTheme} />;
}

function Account({ user }: { user: string }) {
  // A new document: the server takes the token back, and nothing of this session stays in the tab.
  const leave = () => window.location.assign("/auth/logout");
  return (
    <details className="menu" name="account">
      <summary className="button is-quiet is-bare" aria-label={m.nav.account} title={m.nav.signedInAs(user)}>
        <Icon name="user" />
      </summary>
      <div className="menu-box">
        <p>{m.nav.signedInAs(user)}</p>
        <Button label={m.nav.logOut} onClick={leave} />
      </div>
    </details>
  );
}
