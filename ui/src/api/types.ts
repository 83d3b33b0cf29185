/** What the server answers, as `docs/page-api.md` describes it. */

export type Health = "Healthy" | "Progressing" | "Degraded" | "Suspended" | "Missing" | "Unknown";
export type Sync = "Synced" | "OutOfSync" | "Unknown";

/** `group/Kind/namespace/name`. */
export type Key = string;

export interface Session {
  user: string;
  version: string;
  cluster: { version: string; isSimulated: boolean };
  namespace: string;
  may: { create: boolean };
}

export interface Row {
  key: Key;
  kind: string;
  group: string;
  namespace: string;
  name: string;
  uid?: string;
  project?: string;
  engine: "flux" | "argo";
  health: Health;
  healthMessage?: string;
  sync: Sync;
  revision?: string;
  targetRevision?: string;
  repo?: string;
  /** `Kind/name` of the source of a Flux object that has no address of its own. */
  source?: string;
  path?: string;
  destination?: string;
  destinationNamespace?: string;
  operation?: string;
  isSuspended?: boolean;
  isAutomated?: boolean;
  isDeleting?: boolean;
  created?: string;
  synced?: string;
  images?: string[];
  trouble?: string;
  application?: Key;
}

export type Facet = "health" | "sync" | "kind" | "project" | "namespace";
export type Facets = Record<Facet, Record<string, number>>;

export interface Rows {
  position: string;
  total: number;
  matching: number;
  offset: number;
  facets: Facets;
  rows: Row[];
}

/** Who a row is, when nothing else is known of it. */
export type RowName = Pick<
  Row,
  "key" | "kind" | "group" | "namespace" | "name" | "project" | "destinationNamespace"
>;

export interface Names {
  kinds: string[];
  namespaces: string[];
  projects: string[];
  /** A name, and the places of kind, namespace, project, and the namespace that is deployed to. */
  rows: [string, number, number, number, number][];
}

export type StepName = "application" | "commit" | "fetched" | "built" | "applied" | "healthy";

export interface Step {
  name: StepName;
  state: "done" | "active" | "failed" | "waiting";
  text?: string;
  since?: string;
}

export interface Finding {
  code: string;
  object?: { key: Key; kind: string; namespace?: string; name: string };
  sentence: string;
  evidence?: string;
  fix?: string;
}

export interface TreeNode {
  key: Key;
  uid?: string;
  group: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  parents?: Key[];
  health?: Health;
  healthMessage?: string;
  sync?: Sync;
  created?: string;
  info?: { name: string; value: string }[];
  images?: string[];
}

/** The part of an Argo CD Application that the page reads. */
export interface Application {
  metadata: { name: string; namespace?: string; deletionTimestamp?: string };
  spec: {
    project?: string;
    source?: { repoURL?: string; path?: string; targetRevision?: string };
    destination?: { server?: string; name?: string; namespace?: string };
    syncPolicy?: { automated?: { prune?: boolean; selfHeal?: boolean }; syncOptions?: string[] };
  };
  status?: {
    operationState?: {
      phase?: string;
      message?: string;
      startedAt?: string;
      finishedAt?: string;
      operation?: { initiatedBy?: { username?: string; automated?: boolean } };
      syncResult?: { revision?: string };
    };
    history?: Deployment[];
    sync?: { revision?: string };
    reconciledAt?: string;
  };
}

export interface Deployment {
  id: number;
  revision?: string;
  deployedAt?: string;
  deployStartedAt?: string;
  initiatedBy?: { username?: string; automated?: boolean };
  source?: { repoURL?: string; path?: string; targetRevision?: string };
}

export interface ApplicationState {
  row: Row;
  application: Application;
  chain: Step[];
  findings: Finding[];
  may: { sync: boolean; update: boolean; delete: boolean };
}

export interface ApplicationAnswer extends ApplicationState {
  position: string;
  tree: { nodes: TreeNode[] };
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface EventEntry {
  type: string;
  reason: string;
  message: string;
  count?: number;
  last?: string;
}

export interface ObjectAnswer {
  /** Missing where the object should exist and does not. */
  object?: Record<string, unknown>;
  health?: Health;
  healthMessage?: string;
  conditions: Condition[];
  events: EventEntry[];
  applied: { manager: string; operation: string; time?: string; part?: string }[];
  findings: Finding[];
  source?: { url?: string; revision?: string; digest?: string; fetched?: string };
}

export interface CreationPreview {
  problems: { message: string; field?: string }[];
  generated: { key: Key; yaml: string }[];
}

export type Change = "create" | "update" | "delete" | "none" | "refused";

export interface SyncPreview {
  from?: string;
  to?: string;
  /** The revision that the objects are of. */
  fetched?: string;
  steps: string[];
  objects: { key: Key; change: Change }[];
  isComplete: boolean;
  problem?: { sentence: string; evidence?: string; fix?: string };
}

export interface Removal {
  goes: { key: Key }[];
  stays: { key: Key; why: string }[];
}
