import { useSyncExternalStore } from "react";

/** Where the tab is: the only place that holds what is shown. */
export interface Location {
  path: string;
  query: URLSearchParams;
}

let current = read();
const listeners = new Set<() => void>();

function read(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

function changed(): void {
  current = read();
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", changed);

export function navigate(to: string, { replace = false } = {}): void {
  if (to === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  changed();
  if (!replace && !to.startsWith(`${current.path}?`)) window.scrollTo(0, 0);
}

export function here(): Location {
  return current;
}

export function useLocation(): Location {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

export type QueryChange = Record<string, string | readonly string[] | undefined>;

/** A URL with parameters changed; empty ones are taken out. */
export function withQuery(location: Location, change: QueryChange): string {
  const query = new URLSearchParams(location.query);
  for (const [name, value] of Object.entries(change)) {
    query.delete(name);
    const values = value === undefined || value === "" ? [] : typeof value === "string" ? [value] : value;
    for (const one of values) query.append(name, one);
  }
  const text = query.toString();
  return text === "" ? location.path : `${location.path}?${text}`;
}

/** Changes parameters of the current URL. What one types or folds makes no step of the history. */
export function changeQuery(change: QueryChange, options: { replace?: boolean } = {}): void {
  navigate(withQuery(current, change), options);
}
