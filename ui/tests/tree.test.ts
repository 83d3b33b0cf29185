import { describe, expect, test } from "vitest";
import { applicationRow } from "../fixture/rows";
import { treeOf } from "../fixture/tree";
import type { TreeNode } from "../src/api/types";
import { readFolding } from "../src/tree/folding";
import { step } from "../src/tree/keys";
import { fitInto, inSight, type Layout, layout, NODE, reveal, zoom } from "../src/tree/layout";
import { splitName } from "../src/tree/name";
import { grow, plant, problemsOnly } from "../src/tree/nodes";

const ROOT = "argoproj.io/Application/argocd/shop";

function node(name: string, parents: string[] = [], change: Partial<TreeNode> = {}): TreeNode {
  const key = `/Pod/shop/${name}`;
  const above = parents.length > 0 ? { parents: parents.map((one) => `/Pod/shop/${one}`) } : {};
  return {
    key,
    uid: name,
    group: "",
    version: "v1",
    kind: "Pod",
    namespace: "shop",
    name,
    ...above,
    ...change,
  };
}

function lay(nodes: TreeNode[], folded: string[] = []): Layout {
  return layout(plant(nodes).structure, {
    root: ROOT,
    folding: readFolding(folded),
  });
}

const names = (laid: Layout) => laid.places.map(({ key }) => key.split("/").pop());

describe("the layout", () => {
  test("reads from top to bottom, parents before children", () => {
    expect(names(lay([node("b"), node("a"), node("a1", ["a"]), node("b1", ["b"])]))).toEqual([
      "shop",
      "a",
      "a1",
      "b",
      "b1",
    ]);
  });

  test("no two nodes lie on each other, however the tree looks", () => {
    for (const size of [3, 50, 700]) {
      const laid = lay(treeOf(applicationRow("shop", 1), size));
      for (const column of laid.columns) {
        column.reduce((above, below) => {
          expect(below.y - above.y).toBeGreaterThanOrEqual(NODE.height);
          return below;
        });
      }
      expect(laid.places).toHaveLength(size + 1);
    }
  });

  test("a parent stands beside its children, and in sight of the first of many", () => {
    const few = lay([node("a"), node("a1", ["a"]), node("a2", ["a"]), node("a3", ["a"])]);
    expect(few.at.get("/Pod/shop/a")?.y).toBe(few.at.get("/Pod/shop/a2")?.y);
    const many = lay([node("a"), ...Array.from({ length: 50 }, (_, index) => node(`a${10 + index}`, ["a"]))]);
    expect(many.at.get("/Pod/shop/a")?.y).toBe(0);
  });

  test("what is folded takes one place, and says what it hides", () => {
    const laid = lay([node("a"), node("a1", ["a"]), node("a2", ["a"])], ["/Pod/shop/a"]);
    expect(names(laid)).toEqual(["shop", "a"]);
    expect(laid.at.get("/Pod/shop/a")).toMatchObject({ isFolded: true, children: 2 });
  });

  test("all can be folded, and single branches opened then; the Application stays open", () => {
    const nodes = [node("a"), node("a1", ["a"]), node("a2", ["a1"]), node("b"), node("b1", ["b"])];
    expect(names(lay(nodes, ["*"]))).toEqual(["shop", "a", "b"]);
    expect(names(lay(nodes, ["*", "/Pod/shop/a"]))).toEqual(["shop", "a", "a1", "b"]);
  });

  test("places among siblings are told for screen readers", () => {
    const laid = lay([node("a"), node("b"), node("c")]);
    expect(laid.at.get("/Pod/shop/b")).toMatchObject({ depth: 1, position: 2, siblings: 3 });
  });

  test("14,000 nodes take less than 50 ms of the processor", () => {
    const { structure } = plant(treeOf(applicationRow("shop", 1), 14_000));
    const times = Array.from({ length: 8 }, () => {
      const begin = process.cpuUsage();
      layout(structure, { root: ROOT, folding: readFolding([]) });
      return process.cpuUsage(begin).user / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test("what is in sight is exactly what overlaps the box", () => {
    const laid = lay(treeOf(applicationRow("shop", 1), 700));
    const box = { left: 300, top: 1000, right: 900, bottom: 1600 };
    const expected = laid.places.filter(
      ({ x, y }) =>
        x <= box.right && x + NODE.width >= box.left && y <= box.bottom && y + NODE.height >= box.top,
    );
    expect(new Set(inSight(laid, box))).toEqual(new Set(expected));
    expect(expected.length).toBeGreaterThan(5);
  });
});

describe("a tree", () => {
  test("keeps its structure where only nodes change", () => {
    const before = plant([node("a"), node("a1", ["a"])]);
    const after = grow(before, { changed: [node("a1", ["a"], { health: "Degraded" })], gone: [] });
    expect(after.structure).toBe(before.structure);
    expect(after.nodes.get("/Pod/shop/a1")?.health).toBe("Degraded");
    expect(after.nodes.get("/Pod/shop/a")).toBe(before.nodes.get("/Pod/shop/a"));
  });

  test("what is ill comes first, and nothing jumps when it falls ill later", () => {
    const before = plant([node("a"), node("b"), node("b1", ["b"], { health: "Degraded" })]);
    expect(before.structure.roots).toEqual(["/Pod/shop/b", "/Pod/shop/a"]);
    const after = grow(before, { changed: [node("a", [], { health: "Degraded" })], gone: [] });
    expect(after.structure.roots).toEqual(["/Pod/shop/b", "/Pod/shop/a"]);
  });

  test("gains and loses nodes", () => {
    const before = plant([node("a"), node("b")]);
    const after = grow(before, { changed: [node("a1", ["a"])], gone: ["/Pod/shop/b", "/Pod/shop/never"] });
    expect(after.structure.roots).toEqual(["/Pod/shop/a"]);
    expect(after.structure.children.get("/Pod/shop/a")).toEqual(["/Pod/shop/a1"]);
  });

  test("a node without its parent stands below the Application, and goes to it when it comes", () => {
    const before = plant([node("a1", ["a"])]);
    expect(before.structure.roots).toEqual(["/Pod/shop/a1"]);
    expect(grow(before, { changed: [node("a")], gone: [] }).structure.roots).toEqual(["/Pod/shop/a"]);
  });

  test("a ring of owners is shown all the same, each node once", () => {
    const laid = lay([node("a", ["c"]), node("b", ["a"]), node("c", ["b"]), node("own", ["own"])]);
    expect(names(laid).sort()).toEqual(["a", "b", "c", "own", "shop"]);
  });

  test("a further parent is a line, not a second place", () => {
    const { structure } = plant([node("a"), node("b"), node("c", ["a", "b"])]);
    expect(structure.others).toEqual([{ from: "/Pod/shop/b", to: "/Pod/shop/c" }]);
    expect(structure.children.get("/Pod/shop/b")).toBeUndefined();
  });

  test("only problems, and what leads to them", () => {
    const tree = plant([
      node("a"),
      node("a1", ["a"], { health: "Degraded" }),
      node("a2", ["a"], { health: "Healthy" }),
      node("b", [], { sync: "OutOfSync" }),
      node("c", [], { health: "Suspended" }),
    ]);
    expect(Array.from(problemsOnly(tree), (key) => key.split("/").pop()).sort()).toEqual(["a", "a1", "b"]);
  });
});

describe("the view", () => {
  const laid = lay(treeOf(applicationRow("shop", 1), 60));

  test("zooming keeps the point under the pointer, within limits", () => {
    const view = zoom({ x: 10, y: 20, scale: 1 }, 1.5, 110, 220);
    expect(view).toEqual({ scale: 1.5, x: -40, y: -80 });
    expect(zoom(view, 1000, 0, 0).scale).toBe(2);
    expect(zoom(view, 0.0001, 0, 0).scale).toBe(0.08);
  });

  test("fitting shows all", () => {
    const { scale, x, y } = fitInto(laid, 1000, 600);
    expect(laid.width * scale + x).toBeLessThanOrEqual(1000);
    expect(laid.height * scale + y).toBeLessThanOrEqual(600);
  });

  test("revealing moves as little as needed, and not at all for what is seen", () => {
    const [, second] = laid.places;
    const last = laid.places.at(-1);
    if (!second || !last) throw new Error("no places");
    const view = { x: 24, y: 24, scale: 1 };
    expect(reveal(view, second, 1400, 900)).toBe(view);
    const moved = reveal(view, last, 1400, 900);
    expect(last.y + moved.y + NODE.height).toBeLessThanOrEqual(900);
  });
});

describe("keys in the tree", () => {
  const laid = lay([node("a"), node("a1", ["a"]), node("b")], []);
  const at = (name: string) => {
    const place = laid.places.find(({ key }) => key.endsWith(`/${name}`));
    if (!place) throw new Error(name);
    return place;
  };

  test.each([
    ["ArrowDown", "a1", { do: "go", key: "/Pod/shop/b" }],
    ["ArrowUp", "a", { do: "go", key: ROOT }],
    ["ArrowRight", "a", { do: "go", key: "/Pod/shop/a1" }],
    ["ArrowRight", "b", undefined],
    ["ArrowLeft", "a", { do: "fold" }],
    ["ArrowLeft", "a1", { do: "go", key: "/Pod/shop/a" }],
    ["Home", "b", { do: "go", key: ROOT }],
    ["End", "a", { do: "go", key: "/Pod/shop/b" }],
    ["Enter", "a", { do: "open" }],
    ["ArrowDown", "b", undefined],
  ])("%s at %s", (key, name, expected) => {
    expect(step(key, at(name), laid)).toEqual(expected);
  });
});

test.each([
  ["web-79f494f6b5-lx2vq", ["web-79f494f6b5", "-lx2vq"]],
  ["kustomize-controller", ["kustomize-co", "ntroller"]],
  ["web", ["web", ""]],
  ["-web", ["-web", ""]],
])("the name %s is cut before its end: %j", (name, expected) => {
  expect(splitName(name)).toEqual(expected);
});
