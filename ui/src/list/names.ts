import { isAborted } from "../api/client";
import type { Key, Names, RowName } from "../api/types";
import type { Show } from "../router/paths";

/** So many the server says at most. */
const MOST = 20_000;
/** Who comes and goes is asked for anew at most so often. */
const CALM = 5_000;

export interface World {
  getNames: (query: URLSearchParams, signal: AbortSignal) => Promise<Names>;
  now: () => number;
}

/** Who is in a list, so that it can be filtered before the server has answered. */
export class NamesOfList {
  #rows: ReadonlyMap<Key, RowName> = new Map();
  #show: Show | undefined;
  #abort = new AbortController();
  #isAsked = false;
  #lastAsked = Number.NEGATIVE_INFINITY;

  constructor(private readonly world: World) {}

  of(show: Show | undefined): ReadonlyMap<Key, RowName> {
    return show === this.#show ? this.#rows : new Map();
  }

  /** Asks for them, where they are not as many as the list has; calls back when they came. */
  keep(show: Show, total: number, onCome: () => void): void {
    const isOther = show !== this.#show;
    if (isOther) this.forget();
    this.#show = show;
    if (this.#isAsked || this.#rows.size === Math.min(total, MOST)) return;
    if (!isOther && this.world.now() < this.#lastAsked + CALM) return;
    this.#isAsked = true;
    this.#lastAsked = this.world.now();
    const { signal } = this.#abort;
    this.world
      .getNames(new URLSearchParams({ show }), signal)
      .then((names) => {
        if (signal.aborted) return;
        this.#isAsked = false;
        this.#rows = rowsOf(names);
        onCome();
      })
      .catch((error) => {
        if (signal.aborted || isAborted(error)) return;
        // Without them the list waits for the server; what is wrong with that one is said there.
        this.#isAsked = false;
      });
  }

  forget(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#isAsked = false;
    this.#show = undefined;
    this.#rows = new Map();
  }
}

export function rowsOf({ kinds, namespaces, projects, rows }: Names): Map<Key, RowName> {
  const made = new Map<Key, RowName>();
  for (const [name, kindAt, namespaceAt, projectAt, destinationAt] of rows) {
    const [group = "", kind = ""] = (kinds[kindAt] ?? "").split("/");
    const namespace = namespaces[namespaceAt] ?? "";
    const project = projects[projectAt];
    const row: RowName = { key: `${group}/${kind}/${namespace}/${name}`, group, kind, namespace, name };
    if (project) row.project = project;
    const destination = namespaces[destinationAt];
    if (destination) row.destinationNamespace = destination;
    made.set(row.key, row);
  }
  return made;
}
