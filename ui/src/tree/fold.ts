import type { Key } from "../api/types";
import { changeQuery } from "../router/location";

/** Folds a branch, or opens it again; the URL holds which ones are folded. */
export function toggleFold(key: Key, folded: ReadonlySet<Key>): void {
  const next = new Set(folded);
  if (!next.delete(key)) next.add(key);
  changeQuery({ fold: Array.from(next) }, { replace: true });
}
