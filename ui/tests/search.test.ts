import { expect, test } from "vitest";
import { applicationRow } from "../fixture/rows";
import type { Row } from "../src/api/types";
import { guess, hasChoice, listQuery } from "../src/list/query";
import { matches, parseWords } from "../src/search/words";

const row: Row = {
  ...applicationRow("shop-api", 1),
  health: "Degraded",
  sync: "OutOfSync",
  namespace: "argocd",
  destinationNamespace: "prod",
  repo: "https://git.example.com/team/shop.git",
  images: ["registry.example.com/podinfo:6"],
};
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
])("%s finds it: %s", (text, expected) => {
  expect(finds(text)).toBe(expected);
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
  expect(guess(known, query).map(({ name }) => name)).toEqual(["c", "a", "b"]);
});
