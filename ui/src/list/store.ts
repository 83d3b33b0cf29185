import { ApiError, isAborted, onSessionOver } from "../api/client";
import { getNames, getRows } from "../api/routes";
import type { Facets, Key, Row, RowName, Rows } from "../api/types";
import { Cell } from "../live/cell";
import type { StreamEvent } from "../live/sse";
import { type LiveStream, stream } from "../live/stream";
import { NamesOfList, type World as NamesWorld } from "./names";
import { choosing, guess, isOrderOfNames, type ListQuery, windowOf } from "./query";

export const WINDOW = 100;
/** Windows are asked for anew at most so often, however much changes. */
const CALM = 400;
/** One does not change the stream with each key that is typed. */
const SETTLED = 250;
const MOST_KNOWN = 20_000;

export interface ListState {
  query: ListQuery | undefined;
  /** Counts are missing until the server has said them. */
  total: number | undefined;
  matching: number | undefined;
  facets: Facets | undefined;
  /** Keys by place; holes are not known yet. */
  order: readonly (Key | undefined)[];
  /** How many places there are. */
  length: number;
  rows: ReadonlyMap<Key, Row>;
  /** Of whom no more is known. */
  names: ReadonlyMap<Key, RowName>;
  error: ApiError | undefined;
}

export interface World extends NamesWorld {
  getRows: (query: URLSearchParams, signal: AbortSignal) => Promise<Rows>;
  stream: Pick<LiveStream, "follow">;
  later: (run: () => void, milliseconds: number) => () => void;
}

const browser: World = {
  getRows,
  getNames,
  stream,
  later: (run, milliseconds) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

const EMPTY: ListState = {
  query: undefined,
  total: undefined,
  matching: undefined,
  facets: undefined,
  order: [],
  length: 0,
  rows: new Map(),
  names: new Map(),
  error: undefined,
};

/** The list of this tab: windows of it, kept current by the stream. */
export class ListStore {
  readonly state: Cell<ListState>;
  readonly #names: NamesOfList;
  #known = new Map<Key, Row>();
  #fresh = new Set<number>();
  #wanted: [number, number] = [0, 0];
  /** How many places before and after those in sight are loaded: more in the direction of the scroll. */
  #ahead: [number, number] = [WINDOW / 2, WINDOW / 2];
  #abort = new AbortController();
  #loading = new Set<number>();
  #unfollow = () => {};
  #cancelFollow = () => {};
  #cancelReload = () => {};
  #isReloadDue = false;
  #lastReload = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly world: World = browser,
    schedule?: (flush: () => void) => void,
  ) {
    this.state = new Cell(EMPTY, schedule);
    this.#names = new NamesOfList(world);
  }

  /** Shows another list, or the same: at once what is known of it, then what the server says. */
  open(query: ListQuery): void {
    const before = this.state.get();
    const isSame = before.query !== undefined && sameQuery(before.query, query);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#loading.clear();
    this.#fresh.clear();
    this.#cancelFollow();
    if (!isSame) {
      this.#wanted = [0, 0];
      const names = this.#names.of(query.show);
      const rows = before.query === undefined ? [] : guess(this.#known, names, query);
      const isOtherList = before.query?.show !== query.show;
      this.state.set({
        ...before,
        query,
        total: isOtherList ? undefined : before.total,
        matching: undefined,
        facets: isOtherList ? undefined : before.facets,
        order: rows.map((row) => row.key),
        length: rows.length,
        rows: this.#known,
        names,
        error: undefined,
      });
    }
    this.#load(this.#windows(), true);
  }

  /** Nobody looks at it any more. */
  close(): void {
    this.#abort.abort();
    this.#cancelFollow();
    this.#cancelReload();
    this.#isReloadDue = false;
    this.#unfollow();
    this.#unfollow = () => {};
  }

  /** Forgets everything, as who comes next may see something else. */
  forget(): void {
    this.close();
    this.#names.forget();
    this.#known = new Map();
    this.#fresh.clear();
    this.#loading.clear();
    this.state.set(EMPTY);
  }

  retry(): void {
    const { query } = this.state.get();
    if (query) this.open(query);
  }

  /** Which places are looked at: their windows are loaded, and the ones beside them. */
  want(first: number, last: number): void {
    const [before] = this.#wanted;
    if (first !== before) this.#ahead = first > before ? [WINDOW / 2, WINDOW] : [WINDOW, WINDOW / 2];
    this.#wanted = [first, last];
    this.#load(this.#windows().filter((offset) => !this.#fresh.has(offset)));
  }

  #windows(): number[] {
    const [first, last] = this.#wanted;
    const [back, ahead] = this.#ahead;
    const { length, matching } = this.state.get();
    const end = matching === undefined ? WINDOW : length;
    const from = Math.max(0, Math.floor((first - back) / WINDOW)) * WINDOW;
    const to = Math.min(last + ahead, Math.max(end - 1, 0));
    const windows = [];
    for (let offset = from; offset <= to; offset += WINDOW) windows.push(offset);
    return windows;
  }

  #load(windows: number[], isFirst = false): void {
    const { query } = this.state.get();
    if (!query) return;
    const { signal } = this.#abort;
    for (const offset of windows) {
      if (this.#loading.has(offset)) continue;
      this.#loading.add(offset);
      this.world
        .getRows(windowOf(query, offset, WINDOW), signal)
        .then((answer) => {
          if (signal.aborted) return;
          this.#loading.delete(offset);
          this.#receive(answer);
          if (isFirst) this.#followSoon(query, answer.position);
          if (offset === windows[0]) this.want(...this.#wanted);
        })
        .catch((error) => {
          if (signal.aborted || isAborted(error)) return;
          this.#loading.delete(offset);
          const known = error instanceof ApiError ? error : new ApiError(0, String(error));
          this.state.set({ ...this.state.get(), error: known });
        });
    }
  }

  #receive(answer: Rows): void {
    const before = this.state.get();
    const placed = new Set(answer.rows.map((row) => row.key));
    // A row that moved from another window is in one place only.
    const order = before.order
      .slice(0, answer.matching)
      .map((key) => (key !== undefined && placed.has(key) ? undefined : key));
    if (before.matching !== undefined && before.matching !== answer.matching) this.#fresh.clear();
    const isGuessed = before.matching === undefined && before.query && isOrderOfNames(before.query);
    if (before.matching === undefined && !(isGuessed && before.length === answer.matching)) order.length = 0;
    if (this.#known.size > MOST_KNOWN) this.#known = new Map();
    answer.rows.forEach((row, index) => {
      order[answer.offset + index] = row.key;
      this.#keep(row);
    });
    this.#fresh.add(answer.offset);
    this.state.set({
      ...before,
      total: answer.total,
      matching: answer.matching,
      facets: sameJson(before.facets, answer.facets) ? before.facets : answer.facets,
      order,
      length: answer.matching,
      rows: this.#known,
      error: undefined,
    });
    const show = before.query?.show;
    if (show) this.#names.keep(show, answer.total, () => this.#fill());
  }

  /** Places that are not known yet get who probably is there. */
  #fill(): void {
    const { query, matching, order, ...rest } = this.state.get();
    if (!query) return;
    const names = this.#names.of(query.show);
    const rows = isOrderOfNames(query) ? guess(this.#known, names, query) : [];
    const placed = new Set(order);
    const filled = rows.map(({ key }, at) => order[at] ?? (placed.has(key) ? undefined : key));
    this.state.set({ ...rest, query, matching, names, order: rows.length === matching ? filled : order });
  }

  /** A row that did not change stays the same object, so that it is not drawn anew. */
  #keep(row: Row): boolean {
    if (sameJson(this.#known.get(row.key), row)) return false;
    this.#known.set(row.key, row);
    return true;
  }

  #followSoon(query: ListQuery, position: string): void {
    this.#cancelFollow();
    this.#cancelFollow = this.world.later(() => {
      this.#unfollow = this.world.stream.follow({
        query: choosing(query),
        position,
        onEvent: (event) => this.#onEvent(event),
      });
    }, SETTLED);
  }

  #onEvent(event: StreamEvent): void {
    if (event.event === "reset") this.retry();
    if (event.event !== "rows") return;
    const change = JSON.parse(event.data) as { changed: Row[]; gone: Key[]; moved?: boolean };
    let isChanged = false;
    for (const row of change.changed) isChanged = this.#keep(row) || isChanged;
    if (isChanged) this.state.setSoon({ ...this.state.get() });
    if (change.moved || change.gone.length > 0) this.#reloadSoon();
  }

  /** Order, counts or facets may be others: what is looked at is asked for again. */
  #reloadSoon(): void {
    if (this.#isReloadDue) return;
    this.#isReloadDue = true;
    const wait = Math.max(0, this.#lastReload + CALM - this.world.now());
    this.#cancelReload = this.world.later(() => {
      this.#isReloadDue = false;
      this.#lastReload = this.world.now();
      this.#fresh.clear();
      this.#load(this.#windows());
    }, wait);
  }
}

function sameQuery(a: ListQuery, b: ListQuery): boolean {
  return windowOf(a, 0, WINDOW).toString() === windowOf(b, 0, WINDOW).toString();
}

function sameJson(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

export const list = new ListStore();

onSessionOver(() => list.forget());
