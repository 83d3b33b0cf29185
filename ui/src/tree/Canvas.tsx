import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Key, Row } from "../api/types";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { changeQuery } from "../router/location";
import { Edges, Overview } from "./Edges";
import { toggleFold } from "./fold";
import { step } from "./keys";
import { type Box, fitInto, inSight, type Layout, type Place, reveal, type View, zoom } from "./layout";
import { NodeBox } from "./NodeBox";
import type { Tree } from "./nodes";
import { rootNode } from "./root";
import { useGestures } from "./useGestures";

export interface TreeViewProps {
  layout: Layout;
  tree: Tree;
  row: Row;
  selected: Key | undefined;
}

/** Below this scale texts cannot be read, and boxes are drawn in one stroke. */
const LEGIBLE = 0.4;
/** More than what is in sight is drawn, in steps, so that a small move draws nothing. */
const BEYOND = 256;

export function Canvas({ layout, tree, row, selected }: TreeViewProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View>({ x: 24, y: 24, scale: 1 });
  const [current, setCurrent] = useState<Key>(selected ?? row.key);
  const isPlaced = useRef(false);
  const root = useMemo(() => rootNode(row), [row]);
  const nodeOf = (key: Key) => (key === row.key ? root : tree.nodes.get(key));

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    setSize({ width: element.clientWidth, height: element.clientHeight });
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (isPlaced.current || size.width === 0) return;
    isPlaced.current = true;
    const first = begin(layout, size.width, size.height);
    const place = layout.at.get(selected ?? row.key);
    setView(place ? reveal(first, place, size.width, size.height) : first);
  }, [layout, size, selected, row.key]);

  const wasDragged = useGestures(box, setView);
  const go = (key: Key) => {
    setCurrent(key);
    const place = layout.at.get(key);
    if (place) setView((before) => reveal(before, place, size.width, size.height));
  };
  useEffect(() => {
    if (selected) setCurrent(selected);
  }, [selected]);

  const open = (key: Key) => {
    if (wasDragged()) return;
    setCurrent(key);
    if (key !== row.key) changeQuery({ node: key });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const place = layout.at.get(current) ?? layout.places[0];
    if (!place) return;
    const move = step(event.key, place, layout);
    if (!move) return;
    event.preventDefault();
    if (move.do === "go") go(move.key);
    else if (move.do === "fold") toggleFold(place.key);
    else if (move.do === "open") open(place.key);
    else setView((before) => zoom(before, move.factor, size.width / 2, size.height / 2));
  };

  const seen = useSeen(layout, view, size);
  const active = layout.at.get(current) ?? layout.places[0];
  const drawn = active && !seen.includes(active) ? [...seen, active] : seen;
  const isLegible = view.scale >= LEGIBLE;
  const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;

  return (
    <div className="canvas" ref={box}>
      <div
        className="canvas-tree"
        role="tree"
        aria-label={m.tree.label}
        aria-activedescendant={active && isLegible ? `${id}-${active.key}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div className="canvas-layer" role="presentation" style={{ transform }}>
          <Edges layout={layout} seen={seen} others={tree.structure.others} />
          {isLegible ? (
            drawn.map((place) => {
              const node = nodeOf(place.key);
              return (
                node && (
                  <NodeBox
                    key={place.key}
                    id={`${id}-${place.key}`}
                    node={node}
                    place={place}
                    isSelected={place.key === selected}
                    isCurrent={place === active}
                    open={open}
                  />
                )
              );
            })
          ) : (
            <Overview seen={seen} nodeOf={nodeOf} open={open} root={active} id={id} />
          )}
        </div>
      </div>
      <div className="canvas-tools">
        <Button icon="plus" isBare label={m.tree.zoomIn} onClick={() => setView(centred(1.25, size))} />
        <Button icon="minus" isBare label={m.tree.zoomOut} onClick={() => setView(centred(0.8, size))} />
        <Button
          icon="fit"
          isBare
          label={m.tree.fit}
          onClick={() => setView(fitInto(layout, size.width, size.height))}
        />
      </div>
    </div>
  );
}

function centred(factor: number, size: { width: number; height: number }) {
  return (view: View) => zoom(view, factor, size.width / 2, size.height / 2);
}

/** The whole tree where it can be read so, otherwise its beginning in full size. */
function begin(layout: Layout, width: number, height: number): View {
  const whole = fitInto(layout, width, height);
  if (whole.scale >= 0.7) return { ...whole, x: Math.min(whole.x, 48) };
  return { x: 24, y: 24, scale: 1 };
}

/** What is drawn; the same until the view leaves it. */
function useSeen(layout: Layout, view: View, size: { width: number; height: number }): readonly Place[] {
  const unit = BEYOND / view.scale;
  const left = Math.floor(-view.x / view.scale / unit) * unit;
  const top = Math.floor(-view.y / view.scale / unit) * unit;
  const right = left + size.width / view.scale + 2 * unit;
  const bottom = top + size.height / view.scale + 2 * unit;
  return useMemo(() => {
    const sight: Box = { left: left - unit, top: top - unit, right, bottom };
    return inSight(layout, sight);
  }, [layout, left, top, right, bottom, unit]);
}
