import {
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

export interface RowsHandle {
  reveal: (index: number) => void;
}

interface Props {
  /** How many rows there are, all of one height. */
  count: number;
  height: number;
  children: (index: number) => ReactNode;
  /** What a row is about, so that the focus stays with it when it moves; its place, where nothing moves. */
  keyOf?: (index: number) => string | number;
  onRange?: (first: number, last: number) => void;
  handle?: Ref<RowsHandle>;
  className?: string;
  role?: string;
  label?: string;
  /** A row that stays drawn wherever it is, because it has the focus. */
  kept?: number | undefined;
  startAt?: number;
  onScrolled?: (top: number) => void;
  head?: ReactNode;
  /** Where no row takes the focus, the whole does, so that a keyboard can scroll it. */
  isReachable?: boolean;
}

const OVERSCAN = 6;

/** Rows of which only those in sight are drawn. It scrolls by itself, and fills the room that it is given. */
export function VirtualRows(props: Props) {
  const { count, height, children, onRange, handle, className = "", kept, startAt = 0, onScrolled } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<readonly [number, number]>([0, 30]);

  const measure = () => {
    const box = scroller.current;
    if (!box) return;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - OVERSCAN);
    const last = Math.ceil((box.scrollTop + box.clientHeight) / height) + OVERSCAN;
    setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: where it was is only of interest at first.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = startAt;
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [height]);

  useEffect(() => onRange?.(range[0], Math.min(range[1], count)), [onRange, range, count]);

  useImperativeHandle(handle, () => ({
    reveal: (index) => {
      const box = scroller.current;
      if (!box) return;
      const room = box.clientHeight - headHeight(box);
      const top = index * height;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + height > box.scrollTop + room) box.scrollTop = top + height - room;
    },
  }));

  const shown: number[] = [];
  for (let index = range[0]; index < Math.min(range[1], count); index += 1) shown.push(index);
  if (kept !== undefined && kept < count && !shown.includes(kept)) shown.push(kept);

  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the names of a table come with its role.
    <div
      ref={scroller}
      className={`rows ${className}`}
      role={props.role}
      aria-label={props.label}
      aria-rowcount={props.role === "table" ? count + 1 : undefined}
      tabIndex={props.isReachable ? 0 : -1}
      onScroll={(event) => {
        measure();
        onScrolled?.(event.currentTarget.scrollTop);
      }}
    >
      {props.head}
      <div
        className="rows-room"
        role={props.role ? "rowgroup" : undefined}
        style={{ height: count * height }}
      >
        {shown.map((index) => (
          // biome-ignore lint/a11y/useAriaPropsSupportedByRole: as above.
          <div
            key={props.keyOf?.(index) ?? index}
            className="rows-row"
            role={props.role ? "row" : undefined}
            aria-rowindex={props.role ? index + 2 : undefined}
            style={{ height, transform: `translateY(${index * height}px)` }}
          >
            {children(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

function headHeight(box: HTMLElement): number {
  const head = box.querySelector(":scope > .rows-head");
  return head instanceof HTMLElement ? head.offsetHeight : 0;
}
