import type { Key } from "../api/types";
import type { Layout, Place } from "./layout";

export type Move = { do: "go"; key: Key } | { do: "fold" } | { do: "open" } | { do: "zoom"; factor: number };

/** What a key means in a tree that stands from left to right, as trees are read by screen readers. */
export function step(key: string, place: Place, layout: Layout): Move | undefined {
  const at = layout.places.indexOf(place);
  const go = (to: Place | undefined): Move | undefined => to && { do: "go", key: to.key };
  switch (key) {
    case "ArrowDown":
    case "j":
      return go(layout.places[at + 1]);
    case "ArrowUp":
    case "k":
      return go(layout.places[at - 1]);
    case "ArrowRight":
      if (place.isFolded) return { do: "fold" };
      return place.children > 0 ? go(layout.places[at + 1]) : undefined;
    case "ArrowLeft":
      if (place.children > 0 && !place.isFolded && place.parent !== undefined) return { do: "fold" };
      return place.parent === undefined ? undefined : { do: "go", key: place.parent };
    case "Home":
      return go(layout.places[0]);
    case "End":
      return go(layout.places.at(-1));
    case "Enter":
    case " ":
      return { do: "open" };
    case "+":
    case "=":
      return { do: "zoom", factor: 1.25 };
    case "-":
      return { do: "zoom", factor: 0.8 };
    default:
      return undefined;
  }
}
