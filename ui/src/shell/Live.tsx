import { useCell } from "../live/cell";
import { stream } from "../live/stream";
import { m } from "../messages";
import { Age } from "../parts/Age";

/** Says when what is shown may be behind. */
export function Live() {
  const liveness = useCell(stream.liveness);
  if (liveness.state === "idle") return null;
  if (liveness.state === "stale") {
    return (
      <span className="live is-stale" role="status">
        <span className="live-dot" aria-hidden="true" />
        {m.live.stale} <Age time={new Date(liveness.since).toISOString()} /> {m.live.ago}
      </span>
    );
  }
  const isLive = liveness.state === "live";
  return (
    <span
      className={`live ${isLive ? "is-live" : ""}`}
      role="status"
      title={isLive ? m.live.liveTitle : undefined}
    >
      <span className="live-dot" aria-hidden="true" />
      {isLive ? m.live.live : m.live.connecting}
    </span>
  );
}
