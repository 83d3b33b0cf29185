import { useEffect, useRef } from "react";
import { isApplication, objectTitle, parseKey } from "../api/key";
import { getObject } from "../api/routes";
import type { Key, Row, TreeNode } from "../api/types";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { Button } from "../parts/Button";
import { ErrorNotice } from "../parts/Notice";
import { HealthState, SyncState } from "../parts/States";
import { useRequest } from "../parts/useRequest";
import { Link } from "../router/Link";
import { changeQuery } from "../router/location";
import { objectPath } from "../router/paths";
import { useSession } from "../session/session";
import type { Tree } from "../tree/nodes";
import { Details, Pair } from "./Details";

interface Props {
  objectKey: Key;
  application: Row;
  node: TreeNode | undefined;
  tree: Tree;
}

const close = () => changeQuery({ node: undefined, tab: undefined });

/** One object of the tree, beside it. */
export function NodePanel({ objectKey, application, node, tree }: Props) {
  const title = objectTitle(objectKey);
  const { kind, name } = parseKey(objectKey);
  const panel = useRef<HTMLElement>(null);
  const request = useRequest(objectKey, (signal) => getObject(objectKey, application.key, signal));
  useAgain(node, request.reload);
  useEffect(() => {
    // On a phone the panel covers what it was opened from.
    if (objectKey && window.matchMedia("(max-width: 767px)").matches) panel.current?.focus();
  }, [objectKey]);
  return (
    <aside
      className="panel"
      ref={panel}
      tabIndex={-1}
      aria-label={m.object.panel(title)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <header className="panel-head">
        <div>
          <p className="faint">{kind}</p>
          <h2>{name}</h2>
        </div>
        <Button icon="close" isBare look="quiet" label={m.close} onClick={close} />
      </header>
      <div className="panel-states">
        {node?.health && <HealthState health={node.health} />}
        {node?.sync && <SyncState sync={node.sync} />}
        {node && node.uid === undefined && <span className="badge">{m.tree.missing}</span>}
      </div>
      {request.error && <ErrorNotice error={request.error} onRetry={request.reload} />}
      {!request.data && !request.error && <p className="loading">{m.loading}</p>}
      {request.data && (
        <Details
          objectKey={objectKey}
          answer={request.data}
          summary={<Summary objectKey={objectKey} node={node} tree={tree} />}
        />
      )}
    </aside>
  );
}

/** Asks anew when the node changed, at most once a second. */
function useAgain(node: TreeNode | undefined, reload: () => void): void {
  const before = useRef(node);
  useEffect(() => {
    if (before.current === node) return;
    const isSame = before.current?.key === node?.key;
    before.current = node;
    if (!isSame || !node) return;
    const timer = setTimeout(reload, 300);
    return () => clearTimeout(timer);
  }, [node, reload]);
}

function Summary({ objectKey, node, tree }: { objectKey: Key; node: TreeNode | undefined; tree: Tree }) {
  const session = useSession();
  const { namespace, group } = parseKey(objectKey);
  const isOwnPage = group.endsWith("toolkit.fluxcd.io") || isApplication(objectKey);
  const parents = (node?.parents ?? []).filter((key) => tree.nodes.has(key));
  return (
    <>
      {namespace !== "" && <Pair name={m.object.namespace}>{namespace}</Pair>}
      {node?.created && (
        <Pair name={m.object.created}>
          <Age time={node.created} />
        </Pair>
      )}
      {node?.images && node.images.length > 0 && (
        <Pair name={m.object.images}>
          {node.images.map((image) => (
            <code key={image}>{image}</code>
          ))}
        </Pair>
      )}
      {node?.info?.map(({ name, value }) => (
        <Pair key={name} name={name}>
          {value}
        </Pair>
      ))}
      {parents.length > 0 && (
        <Pair name={m.object.parents}>
          {parents.map((key) => (
            <button key={key} type="button" className="link" onClick={() => changeQuery({ node: key })}>
              {objectTitle(key)}
            </button>
          ))}
        </Pair>
      )}
      {isOwnPage && (
        <Pair name={m.object.kind}>
          <Link to={objectPath(objectKey, session.namespace)}>{m.object.openPage}</Link>
        </Pair>
      )}
    </>
  );
}
