import { memo } from "react";
import type { Key, TreeNode } from "../api/types";
import { shortRevision } from "../format/source";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { HealthSign, SyncSign } from "../parts/States";
import { toggleFold } from "./fold";
import { NODE, type Place } from "./layout";
import { splitName } from "./name";

interface Props {
  id: string;
  node: TreeNode;
  place: Place;
  isSelected: boolean;
  isCurrent: boolean;
  open: (key: Key) => void;
}

function states(node: TreeNode): string {
  const health = node.health ? m.health[node.health] : "";
  const sync = node.sync && node.sync !== "Synced" ? m.sync[node.sync] : "";
  return [health, sync].filter((word) => word !== "").join(", ");
}

/** On which node a Pod runs is said in the details: in a box it would say the same of most. */
function tags({ info = [] }: TreeNode) {
  return info.filter(({ name }) => name !== "Node").slice(0, 2);
}

/** A node of the tree. The tree has the focus; the node is what the focus is on in it. */
export const NodeBox = memo(
  function NodeBox({ id, node, place, isSelected, isCurrent, open }: Props) {
    const classes = ["node", node.health && `is-${node.health.toLowerCase()}`, isSelected && "is-selected"];
    const [head, end] = splitName(node.name);
    if (isCurrent) classes.push("is-current");
    if (place.children > 0) classes.push("is-parent");
    if (node.uid === undefined && node.version !== "") classes.push("is-absent");
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the focus and the keys.
      <div
        id={id}
        role="treeitem"
        className={classes.filter(Boolean).join(" ")}
        aria-level={place.depth + 1}
        aria-posinset={place.position}
        aria-setsize={place.siblings}
        aria-expanded={place.children === 0 ? undefined : !place.isFolded}
        aria-selected={isSelected}
        aria-label={m.tree.item(node.kind, node.name, states(node))}
        style={{ width: NODE.width, height: NODE.height, transform: `translate(${place.x}px, ${place.y}px)` }}
        onClick={() => open(node.key)}
      >
        <span className="node-kind">
          <span className="node-kind-name">{node.kind}</span>
          {tags(node).map(({ name, value }) => (
            <span key={name} className="tag" title={name}>
              {shortRevision(value)}
            </span>
          ))}
        </span>
        <span className="node-name" title={node.name}>
          <span className="node-head">{head}</span>
          <span className="node-end">{end}</span>
        </span>
        <span className="node-states">
          {node.created && <Age time={node.created} />}
          {node.sync === "OutOfSync" && <SyncSign sync={node.sync} />}
          {node.health && <HealthSign health={node.health} />}
        </span>
        {place.children > 0 && (
          <span
            className="node-fold"
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              toggleFold(node.key);
            }}
          >
            {place.isFolded ? m.tree.hidden(place.children) : "−"}
          </span>
        )}
      </div>
    );
  },
  (a, b) =>
    a.node === b.node &&
    a.isSelected === b.isSelected &&
    a.isCurrent === b.isCurrent &&
    samePlace(a.place, b.place),
);

function samePlace(a: Place, b: Place): boolean {
  return (
    a === b ||
    (a.x === b.x &&
      a.y === b.y &&
      a.position === b.position &&
      a.siblings === b.siblings &&
      a.children === b.children &&
      a.isFolded === b.isFolded)
  );
}
