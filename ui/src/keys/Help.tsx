import type { Session } from "../api/types";
import { m } from "../messages";
import { Dialog } from "../parts/Dialog";
import { type Scope, SHORTCUTS, type Shortcut } from "./table";

const SCOPES: readonly Scope[] = ["everywhere", "list", "application", "object"];

const IN_TREE: readonly { keys: readonly string[]; says: string }[] = [
  { keys: ["ArrowUp", "ArrowDown"], says: m.keys.treeMove },
  { keys: ["ArrowRight", "ArrowLeft"], says: m.keys.treeFold },
  { keys: ["Enter"], says: m.keys.treeOpen },
];

function Key({ name }: { name: string }) {
  return <kbd>{m.keys.names[name] ?? name}</kbd>;
}

export function Help({ session, onClose }: { session: Session; onClose: () => void }) {
  const all: readonly Shortcut[] = Object.values(SHORTCUTS);
  return (
    <Dialog title={m.keys.title} onClose={onClose}>
      <div className="help">
        {SCOPES.map((scope) => (
          <section key={scope}>
            <h3>{m.keys.scopes[scope]}</h3>
            <dl>
              {all
                .filter((shortcut) => shortcut.scope === scope)
                .map(({ keys, or = [], says }) => (
                  <div key={keys.join()}>
                    <dt>
                      {keys.map((key) => (
                        <Key key={key} name={key} />
                      ))}
                      {or.map((key) => (
                        <span key={key}>
                          {m.keys.or} <Key name={key} />
                        </span>
                      ))}
                    </dt>
                    <dd>{says}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>{m.keys.inTree}</h3>
          <dl>
            {IN_TREE.map(({ keys, says }) => (
              <div key={says}>
                <dt>
                  {keys.map((key) => (
                    <Key key={key} name={key} />
                  ))}
                </dt>
                <dd>{says}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <p className="faint">
        {m.keys.about(session.version, session.cluster.version)} <a href="/licenses.md">{m.keys.licenses}</a>
      </p>
    </Dialog>
  );
}
