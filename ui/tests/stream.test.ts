import { describe, expect, test } from "vitest";
import type { StreamEvent } from "../src/live/sse";
import { LiveStream, type World } from "../src/live/stream";

/** A server whose answers are given by hand, and a clock that is moved by hand. */
function world() {
  const calls: { path: string; send: (text: string) => void; end: () => void; signal: AbortSignal }[] = [];
  const timers: { at: number; run: () => void }[] = [];
  let now = 0;
  let overs = 0;
  let status = 200;
  const given: World = {
    fetch: (path, init) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const send = (text: string) => void writer.write(new TextEncoder().encode(text)).catch(() => {});
      const end = () => void writer.close().catch(() => {});
      calls.push({ path, send, end, signal: init.signal as AbortSignal });
      return Promise.resolve(new Response(readable, { status }));
    },
    now: () => now,
    later: (run, milliseconds) => {
      const timer = { at: now + milliseconds, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
    onSessionOver: () => {
      overs += 1;
    },
  };
  return {
    given,
    calls,
    overs: () => overs,
    answerWith: (other: number) => {
      status = other;
    },
    pass: async (milliseconds: number) => {
      now += milliseconds;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
      await settle();
    },
  };
}

async function settle(): Promise<void> {
  for (let round = 0; round < 30; round += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

function follow(stream: LiveStream, events: StreamEvent[] = []) {
  const query = new URLSearchParams({ show: "all" });
  return stream.follow({ query, position: "e-1", onEvent: (event) => events.push(event) });
}

describe("the stream of a tab", () => {
  test("begins at the position of the first answer, and hands events on", async () => {
    const { given, calls } = world();
    const events: StreamEvent[] = [];
    const stream = new LiveStream(given);
    follow(stream, events);
    await settle();
    expect(calls[0]?.path).toBe("/api/flamingo/v1/stream?show=all&position=e-1");
    calls[0]?.send("id: e-2\nevent: rows\ndata: {}\n\n");
    await settle();
    expect(events).toEqual([{ id: "e-2", event: "rows", data: "{}" }]);
    expect(stream.liveness.get()).toEqual({ state: "live" });
  });

  test("goes on from the last position when it was cut, and says since when it is stale", async () => {
    const { given, calls, pass } = world();
    const stream = new LiveStream(given);
    follow(stream);
    await settle();
    calls[0]?.send("id: e-5\nevent: rows\ndata: {}\n\n");
    await settle();
    await pass(1_000);
    calls[0]?.end();
    await settle();
    expect(stream.liveness.get()).toEqual({ state: "stale", since: 1_000 });
    await pass(250);
    expect(calls[1]?.path).toContain("position=e-5");
    expect(stream.liveness.get()).toEqual({ state: "live" });
  });

  test("takes half a minute of silence for a dead connection", async () => {
    const { given, calls, pass } = world();
    const stream = new LiveStream(given);
    follow(stream);
    await settle();
    await pass(20_000);
    calls[0]?.send(":\n\n");
    await settle();
    await pass(20_000);
    expect(stream.liveness.get().state).toBe("live");
    await pass(12_000);
    expect(stream.liveness.get().state).toBe("stale");
    expect(calls[0]?.signal.aborted).toBe(true);
  });

  test("waits longer after each failure", async () => {
    const { given, calls, pass, answerWith } = world();
    answerWith(503);
    follow(new LiveStream(given));
    await settle();
    expect(calls).toHaveLength(1);
    await pass(250);
    expect(calls).toHaveLength(2);
    await pass(250);
    expect(calls).toHaveLength(2);
    await pass(250);
    expect(calls).toHaveLength(3);
  });

  test("is one: another subscription ends the one before", async () => {
    const { given, calls } = world();
    const first: StreamEvent[] = [];
    const stream = new LiveStream(given);
    const unfollow = follow(stream, first);
    await settle();
    follow(stream);
    await settle();
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    unfollow();
    expect(calls[1]?.signal.aborted).toBe(false);
  });

  test("a hidden tab has none, and a seen one goes on", async () => {
    const { given, calls } = world();
    const stream = new LiveStream(given);
    follow(stream);
    await settle();
    calls[0]?.send("id: e-9\nevent: rows\ndata: {}\n\n");
    await settle();
    stream.pause();
    expect(calls[0]?.signal.aborted).toBe(true);
    stream.resume();
    await settle();
    expect(calls[1]?.path).toContain("position=e-9");
  });

  test("a session that is over is told once, and nothing is tried again", async () => {
    const { given, calls, overs, pass } = world();
    follow(new LiveStream(given));
    await settle();
    calls[0]?.send('event: ended\ndata: {"message":"the session is over"}\n\n');
    await settle();
    await pass(60_000);
    expect([overs(), calls.length]).toEqual([1, 1]);
  });

  test("an answer 401 is the end of the session, too", async () => {
    const { given, overs, answerWith } = world();
    answerWith(401);
    follow(new LiveStream(given));
    await settle();
    expect(overs()).toBe(1);
  });
});
