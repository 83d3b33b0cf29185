import { suggestName } from "../format/source";

/** What one has put in so far; it stands in the URL, so that it can be sent to somebody. */
export interface Draft {
  url: string;
  path: string;
  /** Not given where it is only suggested. */
  name: string | undefined;
  engine: "flux" | "existing";
  project: string;
  namespace: string;
  revision: string;
  isAutomated: boolean;
  isPruning: boolean;
  makesNamespace: boolean;
  /** Whether all objects go to the destination namespace, whatever they say themselves. */
  isMoving: boolean;
}

export function readDraft(query: URLSearchParams): Draft {
  return {
    url: query.get("url") ?? "",
    path: query.get("path") ?? "",
    name: query.get("name") ?? undefined,
    engine: query.get("engine") === "existing" ? "existing" : "flux",
    project: query.get("project") ?? "default",
    namespace: query.get("namespace") ?? "",
    revision: query.get("revision") ?? "",
    isAutomated: query.get("automated") !== "no",
    isPruning: query.get("prune") !== "no",
    makesNamespace: query.get("makeNamespace") !== "no",
    isMoving: query.get("intoNamespace") === "yes",
  };
}

/** The other way; only what differs from an empty draft is written. */
export function writeDraft(draft: Draft, isMoreOpen: boolean): string {
  const query = new URLSearchParams();
  const text = (name: string, value: string, usual = "") => value !== usual && query.set(name, value);
  text("url", draft.url);
  text("path", draft.path);
  if (draft.name !== undefined) query.set("name", draft.name);
  text("engine", draft.engine, "flux");
  text("project", draft.project, "default");
  text("namespace", draft.namespace);
  text("revision", draft.revision);
  if (!draft.isAutomated) query.set("automated", "no");
  if (!draft.isPruning) query.set("prune", "no");
  if (!draft.makesNamespace) query.set("makeNamespace", "no");
  if (draft.isMoving) query.set("intoNamespace", "yes");
  if (isMoreOpen) query.set("more", "open");
  const written = query.toString();
  return written === "" ? "" : `?${written}`;
}

export function nameOf(draft: Draft): string {
  return draft.name ?? suggestName(draft.url);
}

/** The namespace for a name, which may have dots and be longer. */
export function namespaceOf(name: string): string {
  return name.replaceAll(".", "-").slice(0, 63).replace(/-+$/, "");
}

/** The Application that a draft stands for. */
export function applicationOf(draft: Draft, ownNamespace: string) {
  const name = nameOf(draft);
  const makes = draft.engine === "flux";
  const syncOptions = ["FluxSubsystem=true"];
  if (makes) syncOptions.push("AutoCreateFluxResources=true");
  if (makes && draft.makesNamespace) syncOptions.push("CreateNamespace=true");
  if (makes && !draft.isPruning) syncOptions.push("Prune=false");
  const namespace = draft.namespace.trim() || namespaceOf(name);
  const source: Record<string, unknown> = { repoURL: draft.url.trim(), path: draft.path.trim() || "." };
  if (draft.revision.trim() !== "") source.targetRevision = draft.revision.trim();
  if (makes && draft.isMoving) source.kustomize = { namespace };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: ownNamespace, finalizers: ["resources-finalizer.argocd.argoproj.io"] },
    spec: {
      project: draft.project.trim() || "default",
      source,
      destination: { server: "https://kubernetes.default.svc", namespace },
      syncPolicy: { ...(draft.isAutomated ? { automated: {} } : {}), syncOptions },
    },
  };
}

const FIELDS: readonly [RegExp, keyof Draft][] = [
  [/^spec\.source\.repoURL/, "url"],
  [/^spec\.source\.path/, "path"],
  [/^metadata\.name$/, "name"],
  [/^spec\.project/, "project"],
  [/^spec\.(?:destination|source\.kustomize\.namespace)/, "namespace"],
  [/^spec\.source\.targetRevision/, "revision"],
];

/** Which input a field of the Application comes from. */
export function inputOf(field: string | undefined): keyof Draft | undefined {
  return FIELDS.find(([pattern]) => field !== undefined && pattern.test(field))?.[1];
}
