import type { Key } from "../api/types";
import { changeQuery, here } from "../router/location";
import { ALL, readFolding } from "./folding";

/** Folds a branch, or opens it again. What is folded makes no step of the history. */
export function toggleFold(key: Key): void {
  const { isAll, listed } = readFolding(here().query.getAll("fold"));
  const next = new Set(listed);
  if (!next.delete(key)) next.add(key);
  changeQuery({ fold: [...(isAll ? [ALL] : []), ...next] }, { replace: true });
}

export function foldAll(isAll: boolean): void {
  changeQuery({ fold: isAll ? ALL : undefined }, { replace: true });
}
