import { describe, expect, test } from "vitest";
import { applicationRow } from "../fixture/rows";
import type { Row } from "../src/api/types";
import { rowsOf } from "../src/list/names";
import { guess, hasChoice, listQuery } from "../src/list/query";
import { matches, misread, parseWords } from "../src/search/words";

const row: Row = {
  ...applicationRow("shop-api", 1),
  health: "Degraded",
  sync: "OutOfSync",
  namespace: "argocd",
  destinationNamespace: "prod",
  repo: "https://git.example.com/team/shop.git",
  images: ["registry.example.com/podinfo:6"],
};
const byKey = (rows: Row[]) => new Map(rows.map((one) => [one.key, one]));
const finds = (text: string) => matches(row, parseWords(text));

test.each([
  ["", true],
  ["shop", true],
  ["SHOP api", true],
  ["shop nothing", false],
  ["health:degraded sync:outofsync", true],
  ["health:healthy", false],
  ["ns:prod", true],
  ["ns:argocd", true],
  ["image:podinfo", true],
  ["-image:podinfo", false],
  ["-nothing", true],
  ["-shop", false],
  ["repo:team/shop", true],
  ["https://git.example.com", true],
  ["-", true],
  ["image: -name:", true],
  ['"hop api"', false],
  ['"shop-a"', true],
  ['ns:"prod" -"sh op', true],
])("%s finds it: %s", (text, expected) => {
  expect(finds(text)).toBe(expected);
});

test.each([
  ["foo:bar -namespace:x foo:y", { keys: ["foo", "namespace"], values: [] }],
  [
    "health:wrong sync:never",
    {
      keys: [],
      values: [
        { key: "health", text: "wrong" },
        { key: "sync", text: "never" },
      ],
    },
  ],
  ["health:DEGR -health:wrong ns:any https://a.b shop", { keys: [], values: [] }],
])("%s can find nothing for what is misread in it", (text, expected) => {
  expect(misread(text)).toEqual(expected);
});

test("the URL says what is chosen, and wrong values are the usual ones", () => {
  const query = listQuery(
    "all",
    new URLSearchParams("sort=no&order=desc&kind=Kustomization&kind=GitRepository"),
  );
  expect([query.sort, query.order]).toEqual(["name", "desc"]);
  expect(query.chosen.kind).toEqual(["Kustomization", "GitRepository"]);
  expect(hasChoice(query)).toBe(true);
  expect(hasChoice(listQuery("all", new URLSearchParams("q=%20")))).toBe(false);
});

test("a guess has the rows of the list in its order, equal ones by name", () => {
  const make = (name: string, change: Partial<Row>): Row => ({ ...row, key: name, name, ...change });
  const known = [
    make("b", {}),
    make("a", {}),
    make("c", { health: "Healthy" }),
    make("d", { kind: "Kustomization" }),
  ];
  const query = listQuery("applications", new URLSearchParams("sort=health&order=desc"));
  expect(guess(byKey(known), new Map(), query).map(({ name }) => name)).toEqual(["c", "a", "b"]);
});

describe("with the names of all", () => {
  const known = byKey([{ ...row, key: "argoproj.io/Application/argocd/shop-api" }]);
  const names = rowsOf({
    kinds: ["argoproj.io/Application"],
    namespaces: ["argocd", "prod"],
    projects: ["web", ""],
    rows: [
      ["cart", 0, 0, 0, 1],
      ["shop-api", 0, 0, 1, 0],
      ["shop-web", 0, 0, 1, 0],
    ],
  });
  const guessed = (text: string) =>
    guess(known, names, listQuery("applications", new URLSearchParams(text))).map(({ name }) => name);

  test.each([
    ["", ["cart", "shop-api", "shop-web"]],
    ["q=shop", ["shop-api", "shop-web"]],
    ["q=project:web", ["cart"]],
    ["q=ns:prod", ["cart", "shop-api"]],
    ["q=ns:argocd", ["cart", "shop-api", "shop-web"]],
    ["project=web", ["cart"]],
    ["q=shop&order=desc", ["shop-web", "shop-api"]],
    ["sort=health", ["shop-api", "cart", "shop-web"]],
  ])("%s finds also those of whom nothing else is known", (text, expected) => {
    expect(guessed(text)).toEqual(expected);
  });

  test.each(["q=health:degraded", "q=-image:nginx", "health=Degraded"])(
    "%s is about more than names, so that only what is known is found",
    (text) => {
      expect(guessed(text)).toEqual(["shop-api"]);
    },
  );

  test("names tell who a row is", () => {
    expect(names.get("argoproj.io/Application/argocd/cart")).toEqual({
      key: "argoproj.io/Application/argocd/cart",
      group: "argoproj.io",
      kind: "Application",
      namespace: "argocd",
      name: "cart",
      project: "web",
      destinationNamespace: "prod",
    });
  });
});
