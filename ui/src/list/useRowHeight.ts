import { useSyncExternalStore } from "react";

const isNarrow = window.matchMedia("(max-width: 767px)");

function subscribe(listener: () => void): () => void {
  isNarrow.addEventListener("change", listener);
  return () => isNarrow.removeEventListener("change", listener);
}

/** Rows have one height, so that their places are known without drawing them; on a phone they are taller. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, () => (isNarrow.matches ? 84 : 52));
}

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => isNarrow.matches);
}
