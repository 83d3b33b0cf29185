import { m } from "../messages";

export type Scope = "everywhere" | "list" | "application" | "object";

export interface Shortcut {
  /** Pressed one after the other, as `KeyboardEvent.key` names them. */
  keys: readonly string[];
  /** Other keys that do the same. */
  or?: readonly string[];
  says: string;
  scope: Scope;
}

/** Every key of the page: what listens to keys and the sheet that explains them both read this. */
export const SHORTCUTS = {
  help: { keys: ["?"], says: m.keys.help, scope: "everywhere" },
  applications: { keys: ["g", "a"], says: m.keys.applications, scope: "everywhere" },
  flux: { keys: ["g", "f"], says: m.keys.flux, scope: "everywhere" },
  search: { keys: ["/"], says: m.keys.search, scope: "list" },
  next: { keys: ["j"], or: ["ArrowDown"], says: m.keys.next, scope: "list" },
  previous: { keys: ["k"], or: ["ArrowUp"], says: m.keys.previous, scope: "list" },
  open: { keys: ["Enter"], says: m.keys.open, scope: "list" },
  sync: { keys: ["s"], says: m.keys.sync, scope: "application" },
  refresh: { keys: ["r"], says: m.keys.refresh, scope: "application" },
  tree: { keys: ["t"], says: m.keys.tree, scope: "application" },
  items: { keys: ["i"], says: m.keys.items, scope: "application" },
  back: { keys: ["Escape"], says: m.keys.back, scope: "application" },
  reconcile: { keys: ["r"], says: m.keys.reconcile, scope: "object" },
  suspend: { keys: ["u"], says: m.keys.suspend, scope: "object" },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof SHORTCUTS;
