import { parseKey } from "../api/key";
import { getRows } from "../api/routes";
import type { Key, Row } from "../api/types";
import type { StreamEvent } from "../live/sse";
import { stream } from "../live/stream";

/** The parameters that choose a Flux object, and others whose names hold its name. */
function choosing(key: Key): URLSearchParams {
  const { kind, namespace, name } = parseKey(key);
  return new URLSearchParams({ show: "flux", kind, namespace, q: `name:${name}` });
}

export interface Found {
  row: Row | undefined;
  position: string;
}

/** The row of a Flux object, and the position from which changes follow. */
export async function findRow(key: Key, signal: AbortSignal): Promise<Found> {
  const query = choosing(key);
  query.set("limit", "500");
  const { rows, position } = await getRows(query, signal);
  return { row: rows.find((row) => row.key === key), position };
}

interface Changes {
  onRow: (row: Row) => void;
  onGone: () => void;
  onReset: () => void;
}

/** Follows the row of a Flux object. */
export function followRow(key: Key, position: string, { onRow, onGone, onReset }: Changes): () => void {
  return stream.follow({
    query: choosing(key),
    position,
    onEvent: (event: StreamEvent) => {
      if (event.event === "reset") return onReset();
      if (event.event !== "rows") return;
      const change = JSON.parse(event.data) as { changed: Row[]; gone: Key[] };
      const row = change.changed.find((one) => one.key === key);
      if (row) onRow(row);
      else if (change.gone.includes(key)) onGone();
    },
  });
}
