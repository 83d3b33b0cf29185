import { ApiError, isAborted } from "../api/client";
import { type ApplicationName, getApplication } from "../api/routes";
import type { ApplicationAnswer, ApplicationState } from "../api/types";
import { Cell } from "../live/cell";
import type { StreamEvent } from "../live/sse";
import { type LiveStream, stream } from "../live/stream";
import { grow, plant, type Tree, type TreeDelta } from "../tree/nodes";

export type Shown =
  | { state: "loading" }
  | { state: "failed"; error: ApiError }
  | { state: "gone" }
  | { state: "ready"; data: ApplicationState; tree: Tree };

export interface World {
  get: (at: ApplicationName, signal: AbortSignal) => Promise<ApplicationAnswer>;
  stream: Pick<LiveStream, "follow">;
}

const browser: World = { get: getApplication, stream };

/** One Application as it is now, with its tree. */
export class ApplicationStore {
  readonly shown: Cell<Shown>;
  #abort = new AbortController();
  #unfollow = () => {};

  constructor(
    readonly at: ApplicationName,
    private readonly world: World = browser,
    schedule?: (flush: () => void) => void,
  ) {
    this.shown = new Cell<Shown>({ state: "loading" }, schedule);
  }

  open(): () => void {
    this.reload();
    return () => {
      this.#abort.abort();
      this.#unfollow();
    };
  }

  reload(): void {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.world.get(this.at, abort.signal).then(
      (answer) => {
        if (!abort.signal.aborted) this.#receive(answer);
      },
      (error) => {
        if (abort.signal.aborted || isAborted(error)) return;
        const known = error instanceof ApiError ? error : new ApiError(0, String(error));
        this.shown.set({ state: "failed", error: known });
      },
    );
  }

  #receive({ position, tree, ...data }: ApplicationAnswer): void {
    this.shown.set({ state: "ready", data, tree: plant(tree.nodes) });
    this.#unfollow = this.world.stream.follow({
      // A stream tells of rows, too: of this page only those that have its name.
      query: new URLSearchParams({ application: data.row.key, q: `name:${data.row.name}` }),
      position,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  #onEvent(event: StreamEvent): void {
    const shown = this.shown.get();
    if (event.event === "reset") this.reload();
    if (shown.state !== "ready") return;
    if (event.event === "application") {
      this.shown.setSoon({ ...shown, data: JSON.parse(event.data) as ApplicationState });
    } else if (event.event === "tree") {
      this.shown.setSoon({ ...shown, tree: grow(shown.tree, JSON.parse(event.data) as TreeDelta) });
    } else if (event.event === "gone") {
      const { key } = JSON.parse(event.data) as { key: string };
      if (key !== shown.data.row.key) return;
      this.#unfollow();
      this.shown.set({ state: "gone" });
    }
  }
}
