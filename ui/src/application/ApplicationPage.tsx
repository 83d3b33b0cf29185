import { useEffect, useState } from "react";
import type { ApplicationName } from "../api/routes";
import { useCell } from "../live/cell";
import { m } from "../messages";
import { ErrorNotice, Notice } from "../parts/Notice";
import { Link } from "../router/Link";
import { changeQuery, useLocation } from "../router/location";
import { applicationsPath } from "../router/paths";
import type { Tree } from "../tree/nodes";
import { Chain } from "./Chain";
import { DeleteDialog } from "./DeleteDialog";
import { Facts } from "./Facts";
import { Findings } from "./Findings";
import { Head } from "./Head";
import { SyncDialog } from "./SyncDialog";
import { ApplicationStore, type Shown } from "./store";
import { Views } from "./Views";

export function ApplicationPage({ at }: { at: ApplicationName }) {
  const [store] = useState(() => new ApplicationStore(at));
  const shown = useCell(store.shown);
  useEffect(() => store.open(), [store]);
  useEffect(() => {
    document.title = `${at.name} · ${m.product}`;
  }, [at.name]);

  if (shown.state === "loading") return <p className="loading">{m.loading}</p>;
  if (shown.state === "failed")
    return (
      <ErrorNotice isPage error={shown.error} hidden={m.application.hidden} onRetry={() => store.reload()} />
    );
  if (shown.state === "gone") {
    const back = (
      <Link className="button is-plain" to={applicationsPath}>
        {m.error.toApplications}
      </Link>
    );
    return (
      <Notice isPage title={m.application.goneTitle} actions={back}>
        <p>{m.application.goneText}</p>
      </Notice>
    );
  }
  return <Ready at={at} shown={shown} />;
}

export function hasRunningOperation(operation: string | undefined): boolean {
  return operation === "Running" || operation === "Terminating";
}

function Ready({ at, shown }: { at: ApplicationName; shown: Extract<Shown, { state: "ready" }> }) {
  const { query } = useLocation();
  const { data, tree } = shown;
  const close = () => changeQuery({ dialog: undefined }, { replace: true });
  const dialog = query.get("dialog");
  return (
    <div className="application">
      <Head at={at} data={data} />
      {data.application.metadata.deletionTimestamp && (
        <p className="line is-warning" role="status">
          {m.application.deleting}
        </p>
      )}
      <div className="answer">
        <Chain chain={data.chain} />
        <Findings findings={data.findings} hasTree={hasNode(tree)} />
      </div>
      <Facts data={data} />
      <Views data={data} tree={tree} />
      {dialog === "sync" && data.may.sync && (
        <SyncDialog at={at} application={data.application} onClose={close} />
      )}
      {dialog === "delete" && data.may.delete && <DeleteDialog at={at} onClose={close} />}
    </div>
  );
}

function hasNode(tree: Tree): (key: string) => boolean {
  return (key) => tree.nodes.has(key);
}
