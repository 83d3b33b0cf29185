import { useRef } from "react";
import { objectTitle } from "../api/key";
import { type ApplicationName, previewSync, sync } from "../api/routes";
import type { Application, Change, SyncPreview } from "../api/types";
import { shortRevision } from "../format/source";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { ErrorNotice } from "../parts/Notice";
import { ScrollList } from "../parts/ScrollList";
import { useAction } from "../parts/useAction";
import { useRequest } from "../parts/useRequest";

interface Props {
  at: ApplicationName;
  application: Application;
  onClose: () => void;
}

/** What a sync would do, and doing it. */
export function SyncDialog({ at, application, onClose }: Props) {
  const preview = useRequest(JSON.stringify(at), (signal) => previewSync(at, signal));
  const isPruning = prunes(application);
  const action = useAction();
  const confirm = useRef<HTMLButtonElement>(null);
  const isRefused = preview.data?.problem !== undefined;
  const footer = (
    <>
      <Button label={m.cancel} onClick={onClose} />
      <Button
        ref={confirm}
        icon="sync"
        look="primary"
        label={isRefused ? m.syncDialog.anyway : m.syncDialog.confirm}
        disabled={action.isBusy}
        onClick={() => action.run(() => sync(at), onClose)}
      />
    </>
  );
  return (
    <Dialog title={m.syncDialog.title(at.name)} onClose={onClose} footer={footer} first={confirm}>
      {action.error && (
        <p className="line is-problem" role="alert">
          {action.error}
        </p>
      )}
      {preview.error && <ErrorNotice error={preview.error} onRetry={preview.reload} />}
      {!preview.data && !preview.error && <p className="loading">{m.loading}</p>}
      {preview.data && <Preview preview={preview.data} isPruning={isPruning !== false} />}
      {isPruning !== undefined && (
        <p className="faint">{isPruning ? m.syncDialog.prunes : m.syncDialog.prunesNot}</p>
      )}
    </Dialog>
  );
}

/**
 * Flux prunes as the Application says, whatever one sync asks for; for Flux objects that were there, they say
 * it themselves.
 */
export function prunes({ spec }: Application): boolean | undefined {
  const options = spec.syncPolicy?.syncOptions ?? [];
  if (!options.includes("AutoCreateFluxResources=true")) return undefined;
  return !options.includes("Prune=false") && spec.syncPolicy?.automated?.prune !== false;
}

function Preview({ preview, isPruning }: { preview: SyncPreview; isPruning: boolean }) {
  const { problem, objects, fetched, to } = preview;
  const isOld = fetched !== undefined && to !== undefined && fetched !== to;
  return (
    <>
      {problem && <Problem problem={problem} />}
      <Revisions preview={preview} />
      {isOld && (
        <p className="line is-warning" role="status">
          {m.syncDialog.unfetched(shortRevision(fetched), shortRevision(to))}
        </p>
      )}
      <h3>{m.syncDialog.steps}</h3>
      <ol className="steps">
        {preview.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {objects.length > 0 && <Objects objects={objects} isPruning={isPruning} />}
      {!preview.isComplete && !isOld && <p className="faint">{m.syncDialog.incomplete}</p>}
    </>
  );
}

function Problem({ problem }: { problem: NonNullable<SyncPreview["problem"]> }) {
  return (
    <div className="line is-problem" role="alert">
      <strong>{m.syncDialog.problem}</strong> {problem.sentence}
      {problem.fix && (
        <p>
          <span className="label">{m.application.fix}</span> {problem.fix}
        </p>
      )}
      {problem.evidence && <code>{problem.evidence}</code>}
    </div>
  );
}

function Objects({ objects, isPruning }: { objects: SyncPreview["objects"]; isPruning: boolean }) {
  const count = (change: Change) => objects.filter((object) => object.change === change).length;
  const gone = count("delete");
  return (
    <>
      <h3>{m.syncDialog.objects}</h3>
      <p>{m.syncDialog.summary(count("create"), count("update"), isPruning ? gone : 0, count("none"))}</p>
      {count("refused") > 0 && <p>{m.syncDialog.refused(count("refused"))}</p>}
      {!isPruning && gone > 0 && <p>{m.syncDialog.unpruned(gone)}</p>}
      <Changes objects={objects} />
    </>
  );
}

function Revisions({ preview: { from, to } }: { preview: SyncPreview }) {
  if (!to) return null;
  return (
    <p className="revisions">
      <span className="label">{m.syncDialog.revision}</span>
      {from && from !== to && (
        <>
          <code title={from}>{shortRevision(from)}</code>
          <span aria-hidden="true">{"→"}</span>
        </>
      )}
      <code title={to}>{shortRevision(to)}</code>
      {from === to && <span className="faint">{m.syncDialog.same}</span>}
    </p>
  );
}

const ORDER: readonly Change[] = ["refused", "delete", "update", "create"];
const MOST = 200;

function Changes({ objects }: { objects: SyncPreview["objects"] }) {
  const changes = objects
    .filter(({ change }) => change !== "none")
    .sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
  if (changes.length === 0) return null;
  return (
    <ScrollList>
      {changes.slice(0, MOST).map(({ key, change }) => (
        <li key={key}>
          <span className={`change is-${change}`}>{m.syncDialog.changes[change]}</span>
          <span>{objectTitle(key)}</span>
        </li>
      ))}
      {changes.length > MOST && <li className="faint">{m.list.more(changes.length - MOST)}</li>}
    </ScrollList>
  );
}
