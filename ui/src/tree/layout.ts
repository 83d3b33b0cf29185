import type { Key } from "../api/types";
import { type Folding, isFolded } from "./folding";
import type { Structure } from "./nodes";

export const NODE = { width: 216, height: 48, gapX: 48, gapY: 10 };
/** A parent stands beside the middle of its children, unless that would be out of sight: then beside the first. */
const TALL = 520;

export interface Place {
  key: Key;
  depth: number;
  x: number;
  y: number;
  parent: Key | undefined;
  /** Its place among its siblings, from 1, and how many these are. */
  position: number;
  siblings: number;
  children: number;
  isFolded: boolean;
}

export interface Layout {
  /** In the order in which one reads them: parents before children, from top to bottom. */
  places: readonly Place[];
  at: ReadonlyMap<Key, Place>;
  /** By depth, from top to bottom, so that what is in sight is found without looking at all. */
  columns: readonly (readonly Place[])[];
  width: number;
  height: number;
}

export interface Options {
  root: Key;
  folding: Folding;
  /** Only these nodes. */
  kept?: ReadonlySet<Key> | undefined;
}

/** Places every node once: time grows with the number of nodes, and with nothing else. */
export function layout(structure: Structure, { root, folding, kept }: Options): Layout {
  const places = read(structure, root, folding, kept);
  const at = new Map(places.map((place) => [place.key, place]));
  const columns: Place[][] = [];
  let bottom = 0;
  const first = new Map<Key, number>();
  const last = new Map<Key, number>();
  // Children come after their parents, so that the way back meets the last child first.
  let leaves = places.reduce((sum, place) => sum + (place.children === 0 || place.isFolded ? 1 : 0), 0);
  for (let index = places.length - 1; index >= 0; index -= 1) {
    const place = places[index];
    if (!place) continue;
    const low = last.get(place.key);
    const high = first.get(place.key);
    if (low === undefined || high === undefined) {
      leaves -= 1;
      place.y = leaves * (NODE.height + NODE.gapY);
    } else {
      place.y = low - high > TALL ? high : (low + high) / 2;
    }
    bottom = Math.max(bottom, place.y + NODE.height);
    if (place.parent === undefined) continue;
    first.set(place.parent, place.y);
    if (!last.has(place.parent)) last.set(place.parent, place.y);
  }
  for (const place of places) {
    let column = columns[place.depth];
    if (!column) {
      column = [];
      columns[place.depth] = column;
    }
    column.push(place);
  }
  const width = columns.length * (NODE.width + NODE.gapX) - NODE.gapX;
  return { places, at, columns, width, height: bottom };
}

/** All places in reading order, without their height. */
function read(structure: Structure, root: Key, folding: Folding, kept?: ReadonlySet<Key>): Place[] {
  const below = (key: Key): readonly Key[] => {
    const all = key === root ? structure.roots : (structure.children.get(key) ?? []);
    return kept ? all.filter((child) => kept.has(child)) : all;
  };
  const places: Place[] = [];
  const waiting: Place[] = [place(root, 0, undefined, 1, 1)];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    places.push(next);
    const children = below(next.key);
    next.children = children.length;
    next.isFolded = children.length > 0 && next.key !== root && isFolded(folding, next.key);
    if (next.isFolded) continue;
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const child = children[index];
      if (child !== undefined) {
        waiting.push(place(child, next.depth + 1, next.key, index + 1, children.length));
      }
    }
  }
  return places;
}

function place(key: Key, depth: number, parent: Key | undefined, position: number, siblings: number): Place {
  const x = depth * (NODE.width + NODE.gapX);
  return { key, depth, x, y: 0, parent, position, siblings, children: 0, isFolded: false };
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What is in a box. */
export function inSight({ columns }: Layout, box: Box): Place[] {
  const seen: Place[] = [];
  columns.forEach((column, depth) => {
    const x = depth * (NODE.width + NODE.gapX);
    if (x > box.right || x + NODE.width < box.left) return;
    for (let index = firstBelow(column, box.top - NODE.height); index < column.length; index += 1) {
      const place = column[index];
      if (!place || place.y > box.bottom) break;
      seen.push(place);
    }
  });
  return seen;
}

/** The first place whose top is at or below a height. */
export function firstBelow(column: readonly Place[], y: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((column[middle]?.y ?? 0) < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Another scale and offset, so that a point of the window stays where it is. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export const SCALES = { least: 0.08, most: 2 };

export function zoom(view: View, factor: number, atX: number, atY: number): View {
  const scale = Math.min(SCALES.most, Math.max(SCALES.least, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: atX - (atX - view.x) * ratio, y: atY - (atY - view.y) * ratio };
}

const MARGIN = 24;

export function fitInto(layout: Layout, width: number, height: number): View {
  const scale = Math.min(
    1,
    Math.max(
      SCALES.least,
      Math.min((width - 2 * MARGIN) / layout.width, (height - 2 * MARGIN) / layout.height),
    ),
  );
  return {
    scale,
    x: Math.max(MARGIN, (width - layout.width * scale) / 2),
    y: Math.max(MARGIN, (height - layout.height * scale) / 2),
  };
}

/** A view in which a place is wholly seen; the same one where it is already. */
export function reveal(view: View, place: Place, width: number, height: number): View {
  const left = place.x * view.scale + view.x;
  const top = place.y * view.scale + view.y;
  const dx = shift(left, NODE.width * view.scale, width);
  const dy = shift(top, NODE.height * view.scale, height);
  return dx === 0 && dy === 0 ? view : { ...view, x: view.x + dx, y: view.y + dy };
}

function shift(start: number, length: number, room: number): number {
  if (start < MARGIN) return MARGIN - start;
  const over = start + length + MARGIN - room;
  return over > 0 ? -Math.min(over, start - MARGIN) : 0;
}
