import {
  type Dispatch,
  type RefObject,
  type SetStateAction,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
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

interface Size {
  width: number;
  height: number;
}

export function Canvas({ layout, tree, row, selected }: TreeViewProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const [view, setView] = useView(layout, size, selected ?? row.key);
  const [current, setCurrent] = useState<Key>(selected ?? row.key);
  useEffect(() => {
    if (selected) setCurrent(selected);
  }, [selected]);
  const wasDragged = useGestures(box, setView);
  const active = layout.at.get(current) ?? layout.places[0];

  const open = (key: Key) => {
    if (wasDragged()) return;
    setCurrent(key);
    if (key !== row.key) changeQuery({ node: key });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !active) return;
    const move = step(event.key, active, layout);
    if (!move) return;
    event.preventDefault();
    if (move.do === "go") {
      setCurrent(move.key);
      const place = layout.at.get(move.key);
      if (place) setView((before) => reveal(before, place, size.width, size.height));
    } else if (move.do === "fold") toggleFold(active.key);
    else if (move.do === "open") open(active.key);
    else setView(centred(move.factor, size));
  };

  const isLegible = view.scale >= LEGIBLE;
  const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  const seen = useSeen(layout, view, size);
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
          <Nodes {...{ id, seen, tree, row, selected, active, isLegible, open }} />
        </div>
      </div>
      <Tools layout={layout} size={size} setView={setView} />
    </div>
  );
}

interface NodesProps extends Pick<TreeViewProps, "tree" | "row" | "selected"> {
  id: string;
  seen: readonly Place[];
  /** Drawn wherever it is, as the keyboard is there. */
  active: Place | undefined;
  isLegible: boolean;
  open: (key: Key) => void;
}

function Nodes({ id, seen, tree, row, selected, active, isLegible, open }: NodesProps) {
  const root = useMemo(() => rootNode(row), [row]);
  const nodeOf = (key: Key) => (key === row.key ? root : tree.nodes.get(key));
  if (!isLegible) return <Overview seen={seen} nodeOf={nodeOf} open={open} root={active} id={id} />;
  const drawn = active && !seen.includes(active) ? [...seen, active] : seen;
  return drawn.map((place) => {
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
  });
}

type SetView = Dispatch<SetStateAction<View>>;

function Tools({ layout, size, setView }: { layout: Layout; size: Size; setView: SetView }) {
  const fit = () => setView(fitInto(layout, size.width, size.height));
  return (
    <div className="canvas-tools">
      <Button icon="plus" isBare label={m.tree.zoomIn} onClick={() => setView(centred(1.25, size))} />
      <Button icon="minus" isBare label={m.tree.zoomOut} onClick={() => setView(centred(0.8, size))} />
      <Button icon="fit" isBare label={m.tree.fit} onClick={fit} />
    </div>
  );
}

function useSize(box: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [box]);
  return size;
}

/** What of the tree is in the box: at first its beginning, with what is open in sight. */
function useView(layout: Layout, size: Size, shown: Key): [View, SetView] {
  const [view, setView] = useState<View>({ x: 24, y: 24, scale: 1 });
  const isPlaced = useRef(false);
  useLayoutEffect(() => {
    if (isPlaced.current || size.width === 0) return;
    isPlaced.current = true;
    const first = begin(layout, size.width, size.height);
    const place = layout.at.get(shown);
    setView(place ? reveal(first, place, size.width, size.height) : first);
  }, [layout, size, shown]);
  return [view, setView];
}

function centred(factor: number, size: Size) {
  return (view: View) => zoom(view, factor, size.width / 2, size.height / 2);
}

/** The whole tree where it can be read so, otherwise its beginning in full size. */
function begin(layout: Layout, width: number, height: number): View {
  const whole = fitInto(layout, width, height);
  if (whole.scale >= 0.7) return { ...whole, x: Math.min(whole.x, 48) };
  return { x: 24, y: 24, scale: 1 };
}

/** What is drawn; the same until the view leaves it. */
function useSeen(layout: Layout, view: View, size: Size): readonly Place[] {
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
