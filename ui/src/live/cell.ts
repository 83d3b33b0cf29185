import { useSyncExternalStore } from "react";

/** A value that components follow. Changes within one frame are told once. */
export class Cell<T> {
  #value: T;
  #listeners = new Set<() => void>();
  #isDue = false;

  constructor(
    value: T,
    private readonly schedule: (flush: () => void) => void = nextFrame,
  ) {
    this.#value = value;
  }

  get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  /** As `set`, told with the next frame: for changes that come in numbers. */
  setSoon(value: T): void {
    this.#value = value;
    if (this.#isDue) return;
    this.#isDue = true;
    this.schedule(() => {
      this.#isDue = false;
      for (const listener of this.#listeners) listener();
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** A hidden tab has no frames. */
function nextFrame(flush: () => void): void {
  if (document.hidden) setTimeout(flush, 100);
  else requestAnimationFrame(flush);
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
