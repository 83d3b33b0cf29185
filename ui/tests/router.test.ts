import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Location } from "../src/router/location";
import { loginPath, objectPath, returnPath, route } from "../src/router/paths";

const at = (text: string): Location => {
  const url = new URL(text, "http://localhost");
  return { path: url.pathname, query: url.searchParams };
};

describe("routes", () => {
  test.each([
    ["/", { view: "start" }],
    ["/flux", { view: "list", show: "flux" }],
    ["/all/", { view: "list", show: "all" }],
    ["/applications/a%2Fb", { view: "application", at: { name: "a/b" } }],
    [
      "/applications/shop?appNamespace=team&project=p",
      { view: "application", at: { name: "shop", appNamespace: "team", project: "p" } },
    ],
    ["/applications/shop/more", { view: "unknown" }],
    ["/applications/%E0%A4%A", { view: "unknown" }],
    ["/nowhere", { view: "unknown" }],
    ["/new", { view: "create" }],
    ["/login?return=%2Fnew", { view: "login" }],
  ])("%s", (text, expected) => {
    const [path = "", query = ""] = text.split("?");
    expect(route({ path, query: new URLSearchParams(query) })).toEqual(expected);
  });

  test("an object has a page, an Application its own, and the way back is the same", () => {
    expect(objectPath("argoproj.io/Application/argocd/shop", "argocd")).toBe("/applications/shop");
    expect(objectPath("argoproj.io/Application/team/shop", "argocd")).toBe(
      "/applications/shop?appNamespace=team",
    );
    const key = "kustomize.toolkit.fluxcd.io/Kustomization/a/b";
    expect(route(at(objectPath(key, "argocd")))).toEqual({ view: "object", key });
  });

  test("a login leads back, and nowhere else", () => {
    expect(returnPath(at(loginPath("/applications?q=a&sort=health")).query)).toBe(
      "/applications?q=a&sort=health",
    );
    expect(loginPath("/login?return=x")).toBe("/login");
    for (const to of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "",
    ]) {
      expect(returnPath(new URLSearchParams({ return: to }))).toBe("/applications");
    }
  });
});

describe("the query", () => {
  let withQuery: typeof import("../src/router/location").withQuery;
  beforeAll(async () => {
    vi.stubGlobal("window", { location: { pathname: "/", search: "" }, addEventListener: () => {} });
    ({ withQuery } = await import("../src/router/location"));
  });

  test("changes by name; empty values go, lists stay lists, the rest is kept", () => {
    const from = at("/all?q=a&kind=X&kind=Y&keep=1");
    expect(withQuery(from, { q: "", kind: ["Z", "W"] })).toBe("/all?keep=1&kind=Z&kind=W");
    expect(withQuery(from, { q: undefined, kind: [], keep: undefined })).toBe("/all");
  });
});
