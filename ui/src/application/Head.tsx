import { useState } from "react";
import { type ApplicationName, refresh, terminate } from "../api/routes";
import type { ApplicationState } from "../api/types";
import { useShortcut } from "../keys/registry";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { HealthState, SyncState } from "../parts/States";
import { useAction } from "../parts/useAction";
import { Link } from "../router/Link";
import { changeQuery, here, navigate } from "../router/location";
import { applicationsPath } from "../router/paths";
import { hasRunningOperation } from "./ApplicationPage";

interface Props {
  at: ApplicationName;
  data: ApplicationState;
}

export function Head({ at, data }: Props) {
  const { row } = data;
  const action = useAction();
  return (
    <header className="head">
      <nav aria-label={m.application.crumbs} className="crumbs">
        <Link to={applicationsPath}>{m.nav.applications}</Link>
      </nav>
      <div className="head-line">
        <h1>{at.name}</h1>
        <div className="head-states">
          <HealthState health={row.health} title={row.healthMessage} />
          <SyncState sync={row.sync} />
        </div>
        <Actions at={at} data={data} run={action.run} />
      </div>
      {action.error && (
        <p className="line is-problem" role="alert">
          {action.error}
        </p>
      )}
    </header>
  );
}

type Run = ReturnType<typeof useAction>["run"];

function Actions({ at, data, run }: Props & { run: Run }) {
  const { row, may } = data;
  const [asked, setAsked] = useState(false);
  const isRunning = hasRunningOperation(row.operation);
  const askRefresh = () => {
    setAsked(true);
    setTimeout(() => setAsked(false), 4_000);
    run(() => refresh(at));
  };
  useShortcut("sync", openSync, may.sync && !isRunning);
  useShortcut("refresh", askRefresh);
  useShortcut("back", goBack);
  return (
    <div className="head-actions">
      <span className="faint" role="status">
        {asked ? m.application.refreshing : ""}
      </span>
      <Button icon="refresh" label={m.application.refresh} onClick={askRefresh} />
      {isRunning ? (
        <Button
          icon="stop"
          label={m.application.terminate}
          disabled={!may.sync || row.operation === "Terminating"}
          onClick={() => run(() => terminate(at))}
        />
      ) : (
        <Button
          icon="sync"
          look="primary"
          label={m.application.sync}
          disabled={!may.sync}
          title={may.sync ? undefined : m.application.notAllowed("sync")}
          onClick={openSync}
        />
      )}
      <Button
        icon="trash"
        look="danger"
        label={m.application.delete}
        disabled={!may.delete}
        title={may.delete ? undefined : m.application.notAllowed("delete")}
        onClick={() => changeQuery({ dialog: "delete" })}
      />
    </div>
  );
}

function openSync(): void {
  changeQuery({ dialog: "sync" });
}

/** Out of the details, or to the list. */
function goBack(): void {
  if (here().query.has("node")) changeQuery({ node: undefined, tab: undefined });
  else navigate(applicationsPath);
}
