import { describe, expect, test } from "vitest";
import { applicationRows } from "../fixture/rows";
import type { Names, Row, Rows } from "../src/api/types";
import { guess, listQuery } from "../src/list/query";
import { ListStore, type World } from "../src/list/store";
import type { StreamEvent } from "../src/live/sse";

const facets = { health: {}, sync: {}, kind: {}, project: {}, namespace: {} };
const rows = applicationRows(400).sort((a, b) => (a.name < b.name ? -1 : 1));

function world(answer = (query: URLSearchParams) => windowOf(rows, query)) {
  const asked: URLSearchParams[] = [];
  const askedForNames: string[] = [];
  let clock = 0;
  const followed: { query: URLSearchParams; position: string; onEvent: (event: StreamEvent) => void }[] = [];
  const timers: (() => void)[] = [];
  let held: (() => void)[] | undefined;
  const given: World = {
    getRows: async (query, signal) => {
      asked.push(query);
      const answered = answer(query);
      if (held) {
        await new Promise<void>((resolve) => held?.push(resolve));
        if (signal.aborted) throw new DOMException("", "AbortError");
      }
      return answered;
    },
    getNames: async (query) => {
      askedForNames.push(query.toString());
      return namesOf(rows);
    },
    stream: {
      follow: (subscription) => {
        followed.push(subscription);
        return () => {};
      },
    },
    later: (run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), timers.includes(run) ? 1 : 0);
    },
    now: () => clock,
  };
  return {
    store: new ListStore(given, (flush) => flush()),
    asked,
    askedForNames,
    followed,
    wait: (milliseconds: number) => {
      clock += milliseconds;
    },
    hold: () => {
      held = [];
    },
    letGo: async () => {
      const waiting = held ?? [];
      held = undefined;
      for (const resolve of waiting) resolve();
      await settle();
    },
    fire: async () => {
      for (const run of timers.splice(0)) run();
      await settle();
    },
  };
}

function windowOf(from: readonly Row[], query: URLSearchParams): Rows {
  const word = query.get("q") ?? "";
  const matching = from.filter((row) => row.name.includes(word));
  const offset = Number(query.get("offset"));
  return {
    position: "e-1",
    total: from.length,
    matching: matching.length,
    offset,
    facets,
    rows: matching.slice(offset, offset + Number(query.get("limit"))),
  };
}

function namesOf(from: readonly Row[]): Names {
  const projects = Array.from(new Set(from.map(({ project = "" }) => project)));
  return {
    kinds: ["argoproj.io/Application"],
    namespaces: ["argocd"],
    projects,
    rows: from.map(({ name, project = "" }) => [name, 0, 0, projects.indexOf(project), 0]),
  };
}

const query = (text = "") => listQuery("applications", new URLSearchParams(text));
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const offsets = (asked: URLSearchParams[]) => asked.map((one) => Number(one.get("offset")));

describe("the list", () => {
  test("asks for the first window only, and for others when they come near", async () => {
    const { store, asked } = world();
    store.open(query());
    await settle();
    store.want(0, 30);
    expect(offsets(asked)).toEqual([0]);
    store.want(40, 70);
    await settle();
    expect(offsets(asked)).toEqual([0, 100]);
    store.want(260, 290);
    await settle();
    expect(offsets(asked)).toEqual([0, 100, 200, 300]);
    expect(store.state.get().length).toBe(400);
  });

  test("shows at once what is known of another query, and drops answers that come too late", async () => {
    const { store, hold, letGo } = world();
    store.open(query());
    await settle();
    hold();
    store.open(query("q=cart"));
    const guessed = store.state.get();
    expect(guessed.matching).toBeUndefined();
    expect(guessed.order.length).toBeGreaterThan(0);
    expect(guessed.order.every((key) => key?.includes("cart"))).toBe(true);
    store.open(query("q=mail"));
    await letGo();
    const { order, matching } = store.state.get();
    expect(matching).toBe(40);
    expect(order.every((key) => key?.includes("mail"))).toBe(true);
  });

  test("knows who is in the list: places that nothing else is known of have a name, a key filters at once", async () => {
    const { store, hold, askedForNames } = world();
    store.open(query());
    await settle();
    expect(askedForNames).toEqual(["show=applications"]);
    const { order, names } = store.state.get();
    expect(names.get(order[399] ?? "")?.name).toBe(rows[399]?.name);
    expect(new Set(order).size).toBe(400);
    hold();
    store.open(query(`q=${rows[399]?.name}`));
    expect(store.state.get().order).toEqual([rows[399]?.key]);
    expect(store.state.get().matching).toBeUndefined();
  });

  test("asks for the names again when others are there, not too often", async () => {
    let from = rows.slice(1);
    const { store, followed, fire, askedForNames, wait } = world((one) => windowOf(from, one));
    const moved = { id: "e-2", event: "rows", data: '{"changed":[],"gone":[],"moved":true}' };
    store.open(query());
    await settle();
    await fire();
    followed[0]?.onEvent(moved);
    await fire();
    expect(askedForNames).toHaveLength(1);
    wait(6_000);
    followed[0]?.onEvent(moved);
    await fire();
    expect(askedForNames).toHaveLength(2);
    from = [...rows];
    wait(6_000);
    followed[0]?.onEvent(moved);
    await fire();
    expect(askedForNames).toHaveLength(2);
  });

  test("a row that did not change stays the same object", async () => {
    const { store, followed, fire } = world();
    store.open(query());
    await settle();
    await fire();
    const [first, second] = rows as [Row, Row];
    const before = store.state.get().rows.get(first.key);
    const other = { ...second, health: "Degraded" };
    followed[0]?.onEvent({
      id: "e-2",
      event: "rows",
      data: JSON.stringify({ changed: [first, other], gone: [], moved: false }),
    });
    expect(store.state.get().rows.get(first.key)).toBe(before);
    expect(store.state.get().rows.get(second.key)?.health).toBe("Degraded");
  });

  test("a row that moved from one window to another is in one place", async () => {
    let from = rows;
    const { store, followed, fire } = world((one) => windowOf(from, one));
    store.open(query());
    await settle();
    store.want(80, 120);
    await settle();
    await fire();
    const [first, ...others] = rows as [Row, ...Row[]];
    from = [...others.slice(0, 150), first, ...others.slice(150)];
    followed[0]?.onEvent({ id: "e-2", event: "rows", data: '{"changed":[],"gone":[],"moved":true}' });
    await fire();
    const places = store.state.get().order.filter((key) => key === first.key);
    expect(places).toHaveLength(1);
    expect(store.state.get().order[150]).toBe(first.key);
  });

  test("asks anew for what is looked at when something moved, once for many events", async () => {
    const { store, followed, fire, asked } = world();
    store.open(query());
    await settle();
    await fire();
    for (let round = 0; round < 50; round += 1) {
      followed[0]?.onEvent({ id: "e-2", event: "rows", data: '{"changed":[],"gone":["a"],"moved":true}' });
    }
    await fire();
    expect(offsets(asked)).toEqual([0, 0]);
  });

  test("follows from the position of the answer, without the window", async () => {
    const { store, followed, fire } = world();
    store.open(query("q=cart&health=Healthy&sort=health"));
    await settle();
    await fire();
    expect(followed[0]?.query.toString()).toBe("show=applications&q=cart&health=Healthy");
    expect(followed[0]?.position).toBe("e-1");
  });

  test("begins anew when the server does not know any more what happened", async () => {
    const { store, followed, fire, asked } = world();
    store.open(query());
    await settle();
    await fire();
    followed[0]?.onEvent({ id: undefined, event: "reset", data: "{}" });
    await settle();
    expect(asked).toHaveLength(2);
  });

  test("keeps what it shows when an answer fails, and says so", async () => {
    let fails = false;
    const { store, fire, followed } = world((one) => {
      if (fails) throw new Error("no");
      return windowOf(rows, one);
    });
    store.open(query());
    await settle();
    await fire();
    fails = true;
    followed[0]?.onEvent({ id: "e-2", event: "rows", data: '{"changed":[],"gone":[],"moved":true}' });
    await fire();
    expect(store.state.get().error?.message).toContain("no");
    expect(store.state.get().length).toBe(400);
  });
});

test("a namespace that is chosen is the one that is shown", () => {
  const query = (text: string) => listQuery("applications", new URLSearchParams(text));
  const [first] = rows;
  if (!first) throw new Error("no row");
  const known = new Map([[first.key, { ...first, destinationNamespace: "shop" }]]);
  expect(guess(known, new Map(), query("namespace=shop"))).toHaveLength(1);
  expect(guess(known, new Map(), query("namespace=argocd"))).toHaveLength(0);
});
