import {
  type ReactNode,
  type Ref,
  type RefObject,
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

/** So many rows are drawn before and after those in sight. */
const OVERSCAN = 6;
/** Others are drawn when so many came into sight, and not with each frame of a scroll. */
const STEP = 4;

/** Rows of which only those in sight are drawn. It scrolls by itself, and fills the room that it is given. */
export function VirtualRows(props: Props) {
  const { count, height, children, onRange, handle, className = "", kept, startAt = 0, onScrolled } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [[first, last], onScroll] = useSight(scroller, height, startAt);
  useEffect(() => onRange?.(first, Math.min(last, count)), [onRange, first, last, count]);
  useImperativeHandle(handle, () => ({ reveal: (index) => reveal(scroller.current, index, height) }));

  const shown: number[] = [];
  for (let index = first; index < Math.min(last, count); index += 1) shown.push(index);
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
      onScroll={() => onScrolled?.(onScroll())}
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
            style={{ height, top: index * height }}
          >
            {children(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

type Range = readonly [first: number, last: number];

/** Which rows are drawn; and what a scroll calls, which says how far it is scrolled. */
function useSight(
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
  startAt: number,
): [Range, () => number] {
  const [range, setRange] = useState<Range>([0, 30]);
  /** Known from the observer: asking for it would lay the page out in the middle of a scroll. */
  const room = useRef(0);
  const measure = () => {
    const top = scroller.current?.scrollTop ?? 0;
    const next = sight(top, room.current, height);
    setRange((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
    return top;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: where it was is only of interest at first.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = startAt;
    const observer = new ResizeObserver(([entry]) => {
      room.current = entry?.contentRect.height ?? 0;
      measure();
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [height]);
  return [range, measure];
}

function sight(top: number, room: number, height: number): Range {
  const first = Math.floor(Math.max(0, top / height - OVERSCAN) / STEP) * STEP;
  const last = Math.ceil(((top + room) / height + OVERSCAN) / STEP) * STEP;
  return [first, last];
}

function reveal(box: HTMLElement | null, index: number, height: number): void {
  if (!box) return;
  const head = box.querySelector<HTMLElement>(":scope > .rows-head");
  const room = box.clientHeight - (head?.offsetHeight ?? 0);
  const top = index * height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + room) box.scrollTop = top + height - room;
}
