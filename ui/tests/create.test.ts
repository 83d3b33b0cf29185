import { expect, test } from "vitest";
import { check } from "../src/create/check";
import { applicationOf, inputOf, nameOf, readDraft, writeDraft } from "../src/create/draft";

const draft = (text: string) => readDraft(new URLSearchParams(text));

test("a draft in the URL is the same draft again, and an empty one writes nothing", () => {
  const text =
    "?url=https%3A%2F%2Fa.b%2Fc.git&path=deploy&name=&engine=existing&automated=no&prune=no&more=open";
  expect(writeDraft(draft(text), true)).toBe(text);
  expect(writeDraft(draft(""), false)).toBe("");
});

test("a URL is enough", () => {
  expect(applicationOf(draft("url=https%3A%2F%2Fa.b%2Fteam%2Fshop.git"), "argocd")).toEqual({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd", finalizers: ["resources-finalizer.argocd.argoproj.io"] },
    spec: {
      project: "default",
      source: { repoURL: "https://a.b/team/shop.git", path: "." },
      destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
      syncPolicy: {
        automated: {},
        syncOptions: ["FluxSubsystem=true", "AutoCreateFluxResources=true", "CreateNamespace=true"],
      },
    },
  });
});

test("Flux objects that are there get no switches of what would be made", () => {
  const { spec } = applicationOf(draft("url=https%3A%2F%2Fa.b%2Fc&engine=existing&prune=no"), "argocd");
  expect(spec.syncPolicy.syncOptions).toEqual(["FluxSubsystem=true"]);
});

test("all objects can go to the destination namespace", () => {
  const { spec } = applicationOf(
    draft("url=https%3A%2F%2Fa.b%2Fshop&namespace=team&intoNamespace=yes"),
    "argocd",
  );
  expect(spec.source.kustomize).toEqual({ namespace: "team" });
});

test("a name that was cleared stays cleared", () => {
  expect(nameOf(draft("url=https%3A%2F%2Fa.b%2Fshop&name="))).toBe("");
  expect(nameOf(draft("url=https%3A%2F%2Fa.b%2Fshop"))).toBe("shop");
});

test("problems find the input that they are about", () => {
  expect(inputOf("spec.source.repoURL")).toBe("url");
  expect(inputOf("spec.destination.namespace")).toBe("namespace");
  expect(inputOf("spec.syncPolicy")).toBeUndefined();
  expect(inputOf(undefined)).toBeUndefined();
});

const found = (url: string, name = "app", namespace = "") =>
  check(draft(new URLSearchParams({ url, name, namespace }).toString())).map(
    ({ input, message, isUnfinished }) => (isUnfinished ? `${input} unfinished` : `${input}: ${message}`),
  );

test.each([
  "https://git.example.com/team/app.git",
  "http://127.0.0.1:4000/app",
  "https://git.example.com",
  "",
])("Flux fetches from %s", (url) => {
  expect(found(url)).toEqual([]);
});

test.each([
  ["/tmp/x/repo", /^url: .*flamingo up --from/],
  ["./repo", /^url: .*flamingo up --from/],
  ["~/repo", /^url: .*flamingo up --from/],
  ["file:///tmp/x", /^url: .*flamingo up --from/],
  [
    "git@git.example.com:team/app.git",
    /^url: .*not by SSH. Try https:\/\/git\.example\.com\/team\/app\.git$/,
  ],
  ["ssh://git@git.example.com:22/team/app", /^url: .*Try https:\/\/git\.example\.com\/team\/app$/],
  ["git://git.example.com/app", /^url: .*not by git:\/\//],
  ["git.example.com/app", /^url: Give the address/],
  ["https:///app", /^url: Give the address/],
  ["https:/", /^url unfinished$/],
])("of %s is said why Flux does not fetch from it", (url, expected) => {
  expect(found(url)).toEqual([expect.stringMatching(expected)]);
});

test.each([
  ["Repo X", /^name: .*For instance: repo-x$/],
  ["a..b", /For instance: a\.b$/],
  ["über", /For instance: ber$/],
  ["__", /a letter or digit\.$/],
  ["a".repeat(254), /at most 253 characters; this one has 254/],
  ["shop-", /^name unfinished$/],
  ["", /^name: Give it a name/],
])("the name %s is refused with a suggestion", (name, expected) => {
  expect(found("https://a.b/c", name)).toEqual([expect.stringMatching(expected)]);
});

test("a name may have dots, its namespace has none", () => {
  expect(found("https://a.b/c", "shop.example.com")).toEqual([]);
  const { spec } = applicationOf(draft("url=https%3A%2F%2Fa.b%2Fc&name=shop.example.com"), "argocd");
  expect(spec.destination.namespace).toBe("shop-example-com");
  expect(found("https://a.b/c", "shop", "My.Space")).toEqual([
    expect.stringMatching(/^namespace: .*For instance: my-space$/),
  ]);
});
