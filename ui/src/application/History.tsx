import type { Application, Deployment } from "../api/types";
import { shortRepo, shortRevision } from "../format/source";
import { span } from "../format/time";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { Notice } from "../parts/Notice";

/** What was deployed, the newest first. */
export function History({ application }: { application: Application }) {
  const deployments = [...(application.status?.history ?? [])].reverse();
  if (deployments.length === 0) {
    return (
      <Notice title={m.application.historyEmptyTitle}>
        <p>{m.application.historyEmptyText}</p>
      </Notice>
    );
  }
  const { history } = m.application;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard.
    <section className="history" tabIndex={0} aria-label={history.label}>
      <table>
        <caption className="unseen">{history.label}</caption>
        <thead>
          <tr>
            <th scope="col">{history.revision}</th>
            <th scope="col">{history.deployed}</th>
            <th scope="col">{history.took}</th>
            <th scope="col">{history.by}</th>
            <th scope="col">{history.source}</th>
          </tr>
        </thead>
        <tbody>
          {deployments.map((deployment, index) => (
            <tr key={deployment.id}>
              <td>
                {deployment.revision && (
                  <code title={deployment.revision}>{shortRevision(deployment.revision)}</code>
                )}
                {index === 0 && <span className="badge">{history.current}</span>}
              </td>
              <td>{deployment.deployedAt ? <Age time={deployment.deployedAt} /> : m.none}</td>
              <td>{took(deployment)}</td>
              <td>{by(deployment)}</td>
              <td>{deployment.source?.repoURL ? shortRepo(deployment.source.repoURL) : m.none}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function took({ deployStartedAt, deployedAt }: Deployment): string {
  if (!deployStartedAt || !deployedAt) return m.none;
  return span(Date.parse(deployedAt) - Date.parse(deployStartedAt));
}

function by({ initiatedBy }: Deployment): string {
  return initiatedBy?.automated ? m.application.automated : (initiatedBy?.username ?? m.none);
}
