import { call } from "./client";
import type {
  ApplicationAnswer,
  CreationPreview,
  Key,
  Names,
  ObjectAnswer,
  Removal,
  Rows,
  Session,
  SyncPreview,
} from "./types";

const OWN = "/api/flamingo/v1";
const ARGO = "/api/v1";

/** Which Application: its name, and what Argo CD's API asks for beside it. */
export interface ApplicationName {
  name: string;
  appNamespace?: string | undefined;
  project?: string | undefined;
}

function where({ appNamespace, project }: ApplicationName, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  if (appNamespace) query.set("appNamespace", appNamespace);
  if (project) query.set("project", project);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

const own = (at: ApplicationName) => `${OWN}/applications/${encodeURIComponent(at.name)}`;
const argo = (at: ApplicationName) => `${ARGO}/applications/${encodeURIComponent(at.name)}`;

export const getSession = (signal: AbortSignal) => call<Session>(`${OWN}/session`, { signal });

export const login = (username: string, password: string) =>
  call<{ token: string }>(`${ARGO}/session`, { method: "POST", body: { username, password }, isLogin: true });

export const getRows = (query: URLSearchParams, signal: AbortSignal) =>
  call<Rows>(`${OWN}/rows?${query}`, { signal });

export const getNames = (query: URLSearchParams, signal: AbortSignal) =>
  call<Names>(`${OWN}/names?${query}`, { signal });

export const getApplication = (at: ApplicationName, signal: AbortSignal) =>
  call<ApplicationAnswer>(own(at) + where(at), { signal });

export function getObject(
  key: Key,
  application: Key | undefined,
  signal: AbortSignal,
): Promise<ObjectAnswer> {
  const query = new URLSearchParams({ key });
  if (application) query.set("application", application);
  return call(`${OWN}/object?${query}`, { signal });
}

export const previewCreation = (body: unknown, signal: AbortSignal) =>
  call<CreationPreview>(`${OWN}/preview/application`, { method: "POST", body, signal });

export const previewSync = (at: ApplicationName, signal: AbortSignal) =>
  call<SyncPreview>(`${own(at)}/preview${where(at)}`, { signal });

export const getRemoval = (at: ApplicationName, cascade: boolean, signal: AbortSignal) =>
  call<Removal>(`${own(at)}/removal${where(at, { cascade: String(cascade) })}`, { signal });

export const create = (body: unknown) => call<unknown>(`${ARGO}/applications`, { method: "POST", body });

export const sync = (at: ApplicationName) =>
  call<unknown>(`${argo(at)}/sync`, { method: "POST", body: { ...at } });

export const terminate = (at: ApplicationName) =>
  call<unknown>(`${argo(at)}/operation${where(at)}`, { method: "DELETE" });

export const remove = (at: ApplicationName, cascade: boolean) =>
  call<unknown>(argo(at) + where(at, { cascade: String(cascade) }), { method: "DELETE" });

export const refresh = (at: ApplicationName) => call<unknown>(argo(at) + where(at, { refresh: "normal" }));

export type FluxAction = "reconcile" | "suspend" | "resume";

export const act = (key: Key, action: FluxAction) =>
  call<unknown>(`${OWN}/object/actions`, { method: "POST", body: { key, action } });

export const streamPath = `${OWN}/stream`;
