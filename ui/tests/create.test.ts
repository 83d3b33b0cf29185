import { expect, test } from "vitest";
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
