import type { Health, Step } from "../api/types";
import { shortRevision } from "../format/source";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { HealthSign } from "../parts/States";

const SIGNS: Record<Step["state"], Health> = {
  done: "Healthy",
  active: "Progressing",
  failed: "Degraded",
  waiting: "Missing",
};

/** The first question: is the newest commit running, and if not, where does it stand? */
export function Chain({ chain }: { chain: readonly Step[] }) {
  return (
    <ol className="chain" aria-label={m.application.chain}>
      {chain.map((step) => (
        <li key={step.name} className={`step is-${step.state} for-${step.name}`}>
          <span className="step-name">
            <HealthSign health={SIGNS[step.state]} />
            {m.application.steps[step.name]}
            <span className={step.state === "done" ? "unseen" : "step-state"}>
              {m.application.stepStates[step.state]}
            </span>
          </span>
          {step.text && (
            <span className="step-text" title={step.text}>
              {step.name === "commit" || step.state === "done" ? shortRevision(step.text) : step.text}
            </span>
          )}
          {step.since && step.state !== "waiting" && (
            <span className="step-since">
              <Age time={step.since} />
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
