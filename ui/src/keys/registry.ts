import { useEffect, useRef } from "react";
import { SHORTCUTS, type Shortcut, type ShortcutName } from "./table";

type Handler = (event: KeyboardEvent) => void;

const bound = new Map<ShortcutName, Handler[]>();
let prefix: { key: string; at: number } | undefined;
const PATIENCE = 1_200;

/** Lets a shortcut do something while the component is there; the newest one wins. */
export function useShortcut(name: ShortcutName, handler: Handler, isOn = true): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (!isOn) return;
    const call: Handler = (event) => latest.current(event);
    bound.set(name, [...(bound.get(name) ?? []), call]);
    return () => {
      bound.set(
        name,
        (bound.get(name) ?? []).filter((one) => one !== call),
      );
    };
  }, [name, isOn]);
}

/** Which shortcut a key means, given the one before. */
export function meaning(key: string, before: string | undefined, isBound: (name: ShortcutName) => boolean) {
  const entries = Object.entries(SHORTCUTS) as [ShortcutName, Shortcut][];
  const sequence = entries.find(
    ([name, { keys }]) => keys.length === 2 && keys[0] === before && keys[1] === key && isBound(name),
  );
  if (sequence) return sequence[0];
  const single = entries.find(
    ([name, { keys, or }]) => ((keys.length === 1 && keys[0] === key) || or?.includes(key)) && isBound(name),
  );
  return single?.[0];
}

/** A checkbox takes no letters, and Enter does nothing there: it is no different from the page around it. */
const isCheckbox = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && target.type === "checkbox";

function isTyping(target: EventTarget | null): boolean {
  if (isCheckbox(target)) return false;
  return target instanceof HTMLElement && target.closest("input, textarea, select, [role=tree]") !== null;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const isCharacter = event.key.length === 1;
  if (isTyping(event.target) && !(event.target as HTMLElement).closest("[role=tree]")) return;
  if (!isCharacter && isTyping(event.target) && event.key !== "Escape") return;
  const before = prefix && event.timeStamp - prefix.at < PATIENCE ? prefix.key : undefined;
  const name = meaning(event.key, before, (one) => (bound.get(one)?.length ?? 0) > 0);
  prefix = isCharacter ? { key: event.key, at: event.timeStamp } : undefined;
  if (!name) return;
  // Enter on a link or button does what it does anyway.
  if (event.key === "Enter" && event.target !== document.body && !isCheckbox(event.target)) return;
  prefix = undefined;
  event.preventDefault();
  bound.get(name)?.at(-1)?.(event);
}

export function listenToKeys(): () => void {
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
