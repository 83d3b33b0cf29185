import type { ReactNode } from "react";
import type { ApplicationState } from "../api/types";
import { shortRepo, shortRevision } from "../format/source";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { prunes } from "./SyncDialog";

/** What one wants to know of an Application, in one look. */
export function Facts({ data }: { data: ApplicationState }) {
  const { row, application } = data;
  const { source, destination } = application.spec;
  const revision = row.revision ?? application.status?.sync?.revision;
  return (
    <dl className="facts" aria-label={m.application.facts}>
      <Fact name={m.application.fact.revision}>
        {revision ? <code title={revision}>{shortRevision(revision)}</code> : m.none}
        {row.targetRevision && <span className="faint"> {row.targetRevision}</span>}
      </Fact>
      <Fact name={m.application.fact.lastSync}>
        <LastSync data={data} />
      </Fact>
      <Fact name={m.application.fact.policy}>{policy(data)}</Fact>
      <Fact name={m.application.fact.source}>
        {source?.repoURL ? <span title={source.repoURL}>{shortRepo(source.repoURL)}</span> : m.none}
        {source?.path && source.path !== "." && <span className="faint"> {source.path}</span>}
      </Fact>
      <Fact name={m.application.fact.destination}>
        {destination?.namespace ?? m.none}
        <span className="faint"> {destination?.name ?? clusterName(destination?.server)}</span>
      </Fact>
      <Fact name={m.application.fact.project}>{application.spec.project ?? m.none}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function clusterName(server: string | undefined): string {
  return server === undefined || server === "https://kubernetes.default.svc"
    ? m.application.inCluster
    : server;
}

function policy({ application }: ApplicationState): string {
  const automated = application.spec.syncPolicy?.automated;
  if (!automated) return m.application.manual;
  return prunes(application) ? m.application.automatedPrune : m.application.automated;
}

function LastSync({ data }: { data: ApplicationState }) {
  const operation = data.application.status?.operationState;
  if (!operation?.phase) return m.application.never;
  const by = operation.operation?.initiatedBy;
  const time = operation.finishedAt ?? operation.startedAt;
  return (
    <>
      <span title={operation.message}>{m.application.operation[operation.phase] ?? operation.phase}</span>{" "}
      {time && (
        <span className="faint">
          <Age time={time} />{" "}
        </span>
      )}
      {by?.username && <span className="faint">{m.application.by(by.username)}</span>}
      {by?.automated && <span className="faint">{m.application.byPolicy}</span>}
    </>
  );
}
