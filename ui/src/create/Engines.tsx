import { m } from "../messages";
import type { Draft } from "./draft";

const ENGINES = ["flux", "existing", "argo"] as const;

/** The first question, and with it the two switches of the Flux subsystem. */
export function Engines({
  engine,
  choose,
}: {
  engine: Draft["engine"];
  choose: (engine: Draft["engine"]) => void;
}) {
  return (
    <fieldset className="choices">
      <legend>{m.create.who}</legend>
      {ENGINES.map((one) => (
        <label key={one} className={`choice ${one === "argo" ? "is-off" : ""}`}>
          <input
            type="radio"
            name="engine"
            value={one}
            checked={engine === one}
            disabled={one === "argo"}
            onChange={() => one !== "argo" && choose(one)}
          />
          <span>
            <strong>{m.create.engines[one].label}</strong>
            <span className="faint">{m.create.engines[one].text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
