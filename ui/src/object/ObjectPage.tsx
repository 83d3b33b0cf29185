import { useEffect, useState } from "react";
import { objectTitle, parseKey } from "../api/key";
import { act, type FluxAction, getObject } from "../api/routes";
import type { Key, Row } from "../api/types";
import { shortRevision } from "../format/source";
import { useShortcut } from "../keys/registry";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { Button } from "../parts/Button";
import { ErrorNotice } from "../parts/Notice";
import { HealthState, SyncState } from "../parts/States";
import { useAction } from "../parts/useAction";
import { useRequest } from "../parts/useRequest";
import { Link } from "../router/Link";
import { listPath, objectPath } from "../router/paths";
import { useSession } from "../session/session";
import { Details, Pair } from "./Details";
import { findRow, followRow } from "./store";

/** A Flux object, also one without an Application. */
export function ObjectPage({ objectKey }: { objectKey: Key }) {
  const { kind, name } = parseKey(objectKey);
  const request = useRequest(objectKey, (signal) => getObject(objectKey, undefined, signal));
  const row = useRow(objectKey, request.reload);
  useEffect(() => {
    document.title = `${objectTitle(objectKey)} · ${m.product}`;
  }, [objectKey]);
  return (
    <div className="object-page">
      <header className="head">
        <nav aria-label={m.application.crumbs} className="crumbs">
          <Link to={listPath("flux")}>{m.nav.flux}</Link>
        </nav>
        <div className="head-line">
          <h1>
            {name} <span className="badge">{kind}</span>
          </h1>
          <div className="head-states">
            {row && <HealthState health={row.health} title={row.healthMessage} />}
            {row && <SyncState sync={row.sync} />}
          </div>
          <Actions
            objectKey={objectKey}
            application={row === undefined ? undefined : (row?.application ?? null)}
            isSuspended={isSuspended(row, request.data?.object)}
          />
        </div>
      </header>
      {request.error && <ErrorNotice error={request.error} onRetry={request.reload} />}
      {!request.data && !request.error && <p className="loading">{m.loading}</p>}
      {request.data && (
        <section className="object-details" aria-labelledby="details">
          <h2 id="details" className="unseen">
            {m.object.tabsLabel}
          </h2>
          <Details
            objectKey={objectKey}
            answer={request.data}
            summary={<Summary objectKey={objectKey} row={row ?? undefined} />}
          />
        </section>
      )}
    </div>
  );
}

function isSuspended(row: FoundRow, object: Record<string, unknown> | undefined): boolean {
  if (row?.isSuspended !== undefined) return row.isSuspended;
  return (object?.spec as { suspend?: boolean } | undefined)?.suspend === true;
}

/** The row of an object: none where it is not in the list, `undefined` while that is not known. */
type FoundRow = Row | null | undefined;

/** The row as it is now; whenever it changes, the object is asked for again. */
function useRow(key: Key, changed: () => void): FoundRow {
  const [row, setRow] = useState<FoundRow>();
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round begins anew.
  useEffect(() => {
    const abort = new AbortController();
    let unfollow = () => {};
    findRow(key, abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        setRow(found.row ?? null);
        unfollow = followRow(key, found.position, {
          onRow: (now) => {
            setRow(now);
            changed();
          },
          onGone: changed,
          onReset: () => setRound((count) => count + 1),
        });
      },
      // The object itself is asked for beside this, and says what is wrong.
      () => abort.signal.aborted || setRow(null),
    );
    return () => {
      abort.abort();
      unfollow();
    };
  }, [key, changed, round]);
  return row;
}

interface ActionsProps {
  objectKey: Key;
  /** The one that it was generated for, which alone suspends and resumes it; `undefined` while that is not known. */
  application: Key | null | undefined;
  isSuspended: boolean;
}

function Actions({ objectKey, application, isSuspended }: ActionsProps) {
  const action = useAction();
  const [done, setDone] = useState("");
  const ask = (what: FluxAction) => {
    setDone("");
    action.run(
      () => act(objectKey, what),
      () => setDone(m.object.asked[what]),
    );
  };
  const toggle = () => ask(isSuspended ? "resume" : "suspend");
  useShortcut("reconcile", () => ask("reconcile"), !isSuspended);
  useShortcut("suspend", toggle, application === null);
  return (
    <div className="head-actions">
      <span className={action.error ? "line is-problem" : "faint"} role="status">
        {action.error ?? done}
      </span>
      <Button
        icon="sync"
        look="primary"
        label={m.object.reconcile}
        disabled={isSuspended || action.isBusy}
        onClick={() => ask("reconcile")}
      />
      {application === null && (
        <Button
          icon={isSuspended ? "play" : "pause"}
          label={isSuspended ? m.object.resume : m.object.suspend}
          disabled={action.isBusy}
          onClick={toggle}
        />
      )}
      {application && <Generated application={application} />}
    </div>
  );
}

function Generated({ application }: { application: Key }) {
  const { namespace } = useSession();
  return (
    <p className="faint">
      {m.object.generatedFor} <Link to={objectPath(application, namespace)}>{objectTitle(application)}</Link>
      {m.object.syncsDecide}
    </p>
  );
}

function Summary({ objectKey, row }: { objectKey: Key; row: Row | undefined }) {
  const session = useSession();
  const { namespace, kind } = parseKey(objectKey);
  return (
    <>
      <Pair name={m.object.kind}>{kind}</Pair>
      <Pair name={m.object.namespace}>{namespace}</Pair>
      {row?.application && (
        <Pair name={m.object.application}>
          <Link to={objectPath(row.application, session.namespace)}>{parseKey(row.application).name}</Link>
        </Pair>
      )}
      {row?.revision && (
        <Pair name={m.application.fact.revision}>
          <code title={row.revision}>{shortRevision(row.revision)}</code>
        </Pair>
      )}
      {row?.created && (
        <Pair name={m.object.created}>
          <Age time={row.created} />
        </Pair>
      )}
    </>
  );
}
