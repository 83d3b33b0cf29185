import { memo, useMemo } from "react";
import type { TreeNode } from "../api/types";
import { useIsNarrow } from "../list/useRowHeight";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { Icon } from "../parts/Icon";
import { HealthState, SyncState } from "../parts/States";
import { VirtualRows } from "../parts/VirtualRows";
import { changeQuery } from "../router/location";
import type { TreeViewProps } from "./Canvas";
import { toggleFold } from "./fold";
import type { Place } from "./layout";
import { rootNode } from "./root";

const COLUMNS = ["name", "kind", "namespace", "health", "sync", "age"] as const;

/** The same objects as a list, for screen readers, phones and people who like lists. */
export function Items({ layout, tree, row, selected }: TreeViewProps) {
  const isNarrow = useIsNarrow();
  const root = useMemo(() => rootNode(row), [row]);
  const head = (
    <div className="rows-head" role="rowgroup">
      <div className="items-grid" role="row" aria-rowindex={1}>
        {COLUMNS.map((column) => (
          <span key={column} role="columnheader" className={`cell-${column}`}>
            {m.tree.columns[column]}
          </span>
        ))}
      </div>
    </div>
  );
  return (
    <VirtualRows
      className="items"
      role="table"
      label={m.tree.label}
      count={layout.places.length}
      height={isNarrow ? 60 : 40}
      head={head}
    >
      {(index) => {
        const place = layout.places[index];
        const node = place && (place.key === row.key ? root : tree.nodes.get(place.key));
        if (!place || !node) return null;
        return <Item node={node} place={place} isSelected={place.key === selected} />;
      }}
    </VirtualRows>
  );
}

interface ItemProps {
  node: TreeNode;
  place: Place;
  isSelected: boolean;
}

const Item = memo(function Item({ node, place, isSelected }: ItemProps) {
  const open = () => place.depth > 0 && changeQuery({ node: node.key });
  return (
    <div className={`items-grid ${isSelected ? "is-selected" : ""}`} role="presentation">
      <span className="cell-name" role="cell" style={{ paddingInlineStart: Math.min(place.depth, 8) * 16 }}>
        <Fold node={node} place={place} />
        <button
          type="button"
          className="item-name"
          aria-label={m.tree.item(node.kind, node.name, "")}
          onClick={open}
          disabled={place.depth === 0}
        >
          {node.name}
        </button>
      </span>
      <span className="cell-kind" role="cell">
        {node.kind}
      </span>
      <span className="cell-namespace" role="cell">
        {node.namespace || m.none}
      </span>
      <span className="cell-health" role="cell">
        {node.health ? (
          <HealthState health={node.health} title={node.healthMessage} />
        ) : (
          <span title={m.noHealth}>{m.none}</span>
        )}
      </span>
      <span className="cell-sync" role="cell">
        {node.sync ? <SyncState sync={node.sync} /> : m.none}
      </span>
      <span className="cell-age" role="cell">
        {node.created ? <Age time={node.created} /> : m.none}
      </span>
    </div>
  );
});

function Fold({ node, place }: { node: TreeNode; place: Place }) {
  if (place.children === 0) return <span className="item-fold" />;
  const label = place.isFolded ? m.tree.unfold(node.name, place.children) : m.tree.fold(node.name);
  return (
    <button
      type="button"
      className={`item-fold ${place.isFolded ? "" : "is-open"}`}
      aria-expanded={!place.isFolded}
      aria-label={label}
      title={label}
      onClick={() => toggleFold(node.key)}
    >
      <Icon name="chevron" size={12} />
    </button>
  );
}
