import { memo } from "react";
import type { Key, Row, RowName } from "../api/types";
import { shortRepo, shortRevision, targetBeside } from "../format/source";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { Icon } from "../parts/Icon";
import { HealthState, SyncState } from "../parts/States";
import { Link } from "../router/Link";
import { objectPath } from "../router/paths";
import { valueBy } from "./query";

export const rowLinkId = (key: Key) => `row ${key}`;

interface Props {
  /** Not known yet where it is missing; of some no more is known than who they are. */
  row: Row | RowName | undefined;
  ownNamespace: string;
  onFocus: (key: Key) => void;
}

export const ListRow = memo(function ListRow({ row, ownNamespace, onFocus }: Props) {
  if (!row) return <div className="list-grid is-blank" role="cell" aria-label={m.loading} />;
  const whole = "health" in row ? row : undefined;
  return (
    <div className={`list-grid ${whole ? `is-${whole.health.toLowerCase()}` : ""}`} role="presentation">
      <span className="cell-health" role="cell">
        {whole && <HealthState health={whole.health} title={whole.healthMessage} />}
      </span>
      <span className="cell-name" role="cell">
        <span className="row-title">
          <Link
            id={rowLinkId(row.key)}
            className="row-link"
            to={objectPath(row.key, ownNamespace)}
            onFocus={() => onFocus(row.key)}
          >
            {row.name}
          </Link>
          {row.kind !== "Application" && <span className="badge">{row.kind}</span>}
          {whole && <Badges row={whole} />}
        </span>
        {whole && <Under row={whole} />}
      </span>
      <span className="cell-sync" role="cell">
        {whole && <SyncState sync={whole.sync} />}
      </span>
      <span className="cell-source" role="cell">
        {whole && <Source row={whole} />}
      </span>
      <span className="cell-namespace" role="cell">
        {whole && valueBy(whole, "namespace")}
      </span>
      <span className="cell-project" role="cell">
        {row.project ?? m.none}
      </span>
      <span className="cell-synced" role="cell">
        {whole && (whole.synced ? <Age time={whole.synced} /> : m.none)}
      </span>
    </div>
  );
});

function Badges({ row }: { row: Row }) {
  return (
    <>
      {row.isSuspended && row.health !== "Suspended" && <span className="badge">{m.list.suspended}</span>}
      {row.isDeleting && <span className="badge is-warning">{m.list.deleting}</span>}
      {row.operation === "Running" && (
        <span className="badge is-running">
          <Icon name="sync" size={12} /> {m.list.running}
        </span>
      )}
    </>
  );
}

function Under({ row }: { row: Row }) {
  if (!row.trouble) return <span className="row-under">{under(row)}</span>;
  return (
    <span className="row-trouble" title={row.trouble}>
      {row.trouble}
    </span>
  );
}

function under(row: Row): string {
  if (row.kind === "Application") return row.isAutomated ? m.list.automated : m.list.manual;
  return row.healthMessage ?? "";
}

function Source({ row }: { row: Row }) {
  const from = row.repo ? shortRepo(row.repo) : row.source;
  if (!from) return m.none;
  const target = targetBeside(row.targetRevision, row.revision);
  const path = row.path ? `/${row.path.replace(/^\.?\//, "")}` : "";
  return (
    <>
      <span className="row-repo" title={`${row.repo ?? row.source}${path}`}>
        {from}
        {path}
      </span>
      <span className="row-revision">
        {target && <span>{target} </span>}
        {row.revision && <code title={row.revision}>{shortRevision(row.revision)}</code>}
      </span>
    </>
  );
}
