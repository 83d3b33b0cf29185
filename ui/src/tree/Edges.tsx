import { memo } from "react";
import type { Health, Key, TreeNode } from "../api/types";
import { type Layout, NODE, type Place } from "./layout";

interface Props {
  layout: Layout;
  seen: readonly Place[];
  others: readonly { from: Key; to: Key }[];
}

/** Lines to the parents of what is seen, in one stroke; further parents in dashes. */
export const Edges = memo(function Edges({ layout, seen, others }: Props) {
  const inSight = new Set(seen.map((place) => place.key));
  let lines = "";
  for (const place of seen) {
    const parent = place.parent === undefined ? undefined : layout.at.get(place.parent);
    if (parent) lines += line(parent, place);
  }
  let dashes = "";
  for (const { from, to } of others) {
    const [a, b] = [layout.at.get(from), layout.at.get(to)];
    if (a && b && (inSight.has(from) || inSight.has(to))) dashes += curve(a, b);
  }
  return (
    <svg className="edges" width={1} height={1} aria-hidden="true" focusable="false">
      <path d={lines} />
      {dashes !== "" && <path className="is-other" d={dashes} />}
    </svg>
  );
});

const RADIUS = 8;

/** From the right of a parent to the left of a child, round at the corners. */
function line(parent: Place, child: Place): string {
  const [x1, y1] = [parent.x + NODE.width, parent.y + NODE.height / 2];
  const [x2, y2] = [child.x, child.y + NODE.height / 2];
  const middle = x2 - NODE.gapX / 2;
  if (Math.abs(y2 - y1) < 1) return `M${x1} ${y1}H${x2}`;
  const sign = Math.sign(y2 - y1);
  const r = Math.min(RADIUS, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1}H${middle - r}q${r} 0 ${r} ${sign * r}V${y2 - sign * r}q0 ${sign * r} ${r} ${sign * r}H${x2}`;
}

function curve(a: Place, b: Place): string {
  const [x1, y1] = [a.x + NODE.width, a.y + NODE.height / 2];
  const [x2, y2] = [b.x, b.y + NODE.height / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

interface OverviewProps {
  seen: readonly Place[];
  nodeOf: (key: Key) => TreeNode | undefined;
  open: (key: Key) => void;
  root: Place | undefined;
  id: string;
}

/** Many small boxes, one path for each state. A click opens the box that it meets. */
export function Overview({ seen, nodeOf, open, root, id }: OverviewProps) {
  const paths = new Map<Health | "none", string>();
  for (const place of seen) {
    const state = nodeOf(place.key)?.health ?? "none";
    const box = `M${place.x} ${place.y}h${NODE.width}v${NODE.height}h${-NODE.width}z`;
    paths.set(state, (paths.get(state) ?? "") + box);
  }
  const find = (event: React.MouseEvent<SVGElement>) => {
    const layer = event.currentTarget.getBoundingClientRect();
    const scale = layer.width;
    const [x, y] = [(event.clientX - layer.left) / scale, (event.clientY - layer.top) / scale];
    const hit = seen.find(
      (place) => x >= place.x && x <= place.x + NODE.width && y >= place.y && y <= place.y + NODE.height,
    );
    if (hit) open(hit.key);
  };
  const node = root && nodeOf(root.key);
  return (
    <>
      <svg className="overview" width={1} height={1} aria-hidden="true" focusable="false" onClick={find}>
        {Array.from(paths, ([state, path]) => (
          <path key={state} className={`is-${state.toLowerCase()}`} d={path} />
        ))}
      </svg>
      {root && node && (
        <span
          id={`${id}-${root.key}`}
          role="treeitem"
          aria-selected={false}
          aria-level={root.depth + 1}
          className="unseen"
          tabIndex={-1}
        >
          {node.kind} {node.name}
        </span>
      )}
    </>
  );
}
