import { sessionIsOver } from "../api/client";
import { streamPath } from "../api/routes";
import { Cell } from "./cell";
import { EventParser, type StreamEvent } from "./sse";

/** How well what is shown follows the cluster. */
export type Liveness =
  | { state: "idle" }
  | { state: "live" }
  | { state: "connecting" }
  | { state: "stale"; since: number };

export interface Subscription {
  /** What the stream is asked for: the parameters of `/stream`. */
  query: URLSearchParams;
  /** Where to begin: the position of the first answer. */
  position: string;
  onEvent: (event: StreamEvent) => void;
}

export interface World {
  fetch: (path: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  later: (run: () => void, milliseconds: number) => () => void;
  onSessionOver: () => void;
}

const browser: World = {
  fetch: (path, init) => fetch(path, init),
  now: () => Date.now(),
  later: (run, milliseconds) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  onSessionOver: sessionIsOver,
};

/** The server breaks silence every 15 seconds; twice that without a word is a dead connection. */
const SILENCE = 31_000;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/**
 * The one stream of this tab. Another subscription replaces the one before; a broken connection is made
 * anew from the last position that was seen; while paused (a hidden tab) there is none.
 */
export class LiveStream {
  readonly liveness: Cell<Liveness>;
  #subscription: Subscription | undefined;
  #position = "";
  #abort: AbortController | undefined;
  #pause = FIRST_PAUSE;
  #cancelRetry = () => {};
  #cancelSilence = () => {};
  #isPaused = false;

  constructor(private readonly world: World = browser) {
    this.liveness = new Cell<Liveness>({ state: "idle" });
  }

  /** Follows; the function that it gives ends that, unless another subscription came. */
  follow(subscription: Subscription): () => void {
    this.#disconnect();
    this.#subscription = subscription;
    this.#position = subscription.position;
    this.#pause = FIRST_PAUSE;
    if (this.liveness.get().state !== "live") this.liveness.set({ state: "connecting" });
    this.#connect();
    return () => {
      if (this.#subscription !== subscription) return;
      this.#subscription = undefined;
      this.#disconnect();
      this.liveness.set({ state: "idle" });
    };
  }

  /** A hidden tab gives its connection back: a browser has six for all its tabs. */
  pause(): void {
    this.#isPaused = true;
    this.#disconnect();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connect();
  }

  #disconnect(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#cancelRetry();
    this.#cancelSilence();
  }

  #connect(): void {
    const subscription = this.#subscription;
    if (!subscription || this.#isPaused) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#run(subscription, abort).catch(() => this.#lost(abort));
  }

  async #run(subscription: Subscription, abort: AbortController): Promise<void> {
    const query = new URLSearchParams(subscription.query);
    query.set("position", this.#position);
    this.#heard(abort);
    const answer = await this.world.fetch(`${streamPath}?${query}`, {
      signal: abort.signal,
      cache: "no-store",
      headers: { Accept: "text/event-stream" },
    });
    if (answer.status === 401) return this.world.onSessionOver();
    if (!answer.ok || !answer.body) return this.#lost(abort);
    this.#pause = FIRST_PAUSE;
    this.liveness.set({ state: "live" });
    const parser = new EventParser();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (abort.signal.aborted) return;
      if (done) return this.#lost(abort);
      this.#heard(abort);
      for (const event of parser.push(value)) this.#receive(subscription, event);
      if (this.#subscription === subscription && parser.lastId) this.#position = parser.lastId;
    }
  }

  #receive(subscription: Subscription, event: StreamEvent): void {
    if (this.#subscription !== subscription) return;
    if (event.event === "ended") {
      this.#disconnect();
      this.world.onSessionOver();
    } else {
      subscription.onEvent(event);
    }
  }

  #heard(abort: AbortController): void {
    this.#cancelSilence();
    this.#cancelSilence = this.world.later(() => {
      abort.abort();
      this.#lost(abort);
    }, SILENCE);
  }

  #lost(abort: AbortController): void {
    if (this.#abort !== abort) return;
    this.#disconnect();
    if (this.liveness.get().state !== "stale") {
      this.liveness.set({ state: "stale", since: this.world.now() });
    }
    this.#cancelRetry = this.world.later(() => this.#connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

export const stream = new LiveStream();

/** Ties the stream to whether the tab is seen. */
export function followVisibility(): () => void {
  let cancel = () => {};
  const onChange = () => {
    cancel();
    if (document.hidden) {
      const timer = setTimeout(() => stream.pause(), 5_000);
      cancel = () => clearTimeout(timer);
    } else {
      stream.resume();
    }
  };
  document.addEventListener("visibilitychange", onChange);
  return () => {
    cancel();
    document.removeEventListener("visibilitychange", onChange);
  };
}
