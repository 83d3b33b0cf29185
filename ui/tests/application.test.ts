import { describe, expect, test } from "vitest";
import { applicationState } from "../fixture/application";
import { applicationRow } from "../fixture/rows";
import { treeOf } from "../fixture/tree";
import { ApiError } from "../src/api/client";
import { ApplicationStore, type Shown, type World } from "../src/application/store";
import type { StreamEvent } from "../src/live/sse";

const row = { ...applicationRow("shop", 1), destinationNamespace: "shop" };
const nodes = treeOf(row, 12);
const state = applicationState(row, nodes);

function world(answers: (Error | undefined)[] = [undefined]) {
  const followed: { query: URLSearchParams; position: string; onEvent: (event: StreamEvent) => void }[] = [];
  let asked = 0;
  const given: World = {
    get: async () => {
      const failure = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      if (failure) throw failure;
      return { position: `e-${asked}`, ...state, tree: { nodes } };
    },
    stream: {
      follow: (subscription) => {
        followed.push(subscription);
        return () => {};
      },
    },
  };
  const store = new ApplicationStore({ name: "shop" }, given, (flush) => flush());
  const tell = (event: string, data: unknown) =>
    followed.at(-1)?.onEvent({ id: "e-9", event, data: JSON.stringify(data) });
  return { store, followed, tell, asked: () => asked };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function ready(store: ApplicationStore): Extract<Shown, { state: "ready" }> {
  const shown = store.shown.get();
  if (shown.state !== "ready") throw new Error(shown.state);
  return shown;
}

describe("an Application that is looked at", () => {
  test("is followed from the position of its answer", async () => {
    const { store, followed } = world();
    store.open();
    await settle();
    expect(ready(store).tree.nodes.size).toBe(nodes.length);
    expect(followed[0]?.position).toBe("e-1");
    expect(followed[0]?.query.get("application")).toBe(row.key);
  });

  test("changes, and its tree does not change with it", async () => {
    const { store, tell } = world();
    store.open();
    await settle();
    const before = ready(store);
    tell("application", { ...state, row: { ...row, health: "Degraded" } });
    expect(ready(store).data.row.health).toBe("Degraded");
    expect(ready(store).tree).toBe(before.tree);
  });

  test("its tree changes node by node", async () => {
    const { store, tell } = world();
    store.open();
    await settle();
    const before = ready(store);
    const [first] = nodes;
    if (!first) throw new Error("no nodes");
    tell("tree", { changed: [{ ...first, health: "Degraded" }], gone: [] });
    expect(ready(store).tree.nodes.get(first.key)?.health).toBe("Degraded");
    expect(ready(store).tree.structure).toBe(before.tree.structure);
    expect(ready(store).data).toBe(before.data);
  });

  test("is asked for again when the server does not know any more what happened", async () => {
    const { store, tell, asked, followed } = world();
    store.open();
    await settle();
    tell("reset", {});
    await settle();
    expect([asked(), followed.at(-1)?.position]).toEqual([2, "e-2"]);
  });

  test("is gone when it is, and not when another one is", async () => {
    const { store, tell } = world();
    store.open();
    await settle();
    tell("gone", { key: "argoproj.io/Application/argocd/other" });
    expect(store.shown.get().state).toBe("ready");
    tell("gone", { key: row.key });
    expect(store.shown.get().state).toBe("gone");
  });

  test("says why it cannot be shown, and can be tried again", async () => {
    const { store } = world([new ApiError(403, "permission denied"), undefined]);
    store.open();
    await settle();
    expect(store.shown.get()).toMatchObject({ state: "failed", error: { status: 403 } });
    store.reload();
    await settle();
    expect(store.shown.get().state).toBe("ready");
  });

  test("an answer after it was left is forgotten", async () => {
    const { store, followed } = world();
    store.open()();
    await settle();
    expect([store.shown.get().state, followed.length]).toEqual(["loading", 0]);
  });
});
