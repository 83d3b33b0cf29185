import type { Key } from "../api/types";

/** Which branches are folded: these, or all but these. The Application itself stays open. */
export interface Folding {
  isAll: boolean;
  listed: ReadonlySet<Key>;
}

export const ALL = "*";

/** What the parameters `fold` of a URL say. */
export function readFolding(values: readonly string[]): Folding {
  return { isAll: values.includes(ALL), listed: new Set(values.filter((value) => value !== ALL)) };
}

export function isFolded({ isAll, listed }: Folding, key: Key): boolean {
  return isAll !== listed.has(key);
}
