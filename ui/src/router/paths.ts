import { isApplication, parseKey } from "../api/key";
import type { ApplicationName } from "../api/routes";
import type { Key } from "../api/types";
import type { Location } from "./location";

export type Show = "applications" | "flux" | "all";

export type Route =
  | { view: "list"; show: Show }
  | { view: "application"; at: ApplicationName }
  | { view: "object"; key: Key }
  | { view: "create" }
  | { view: "login" }
  | { view: "start" }
  | { view: "unknown" };

export const applicationsPath = "/applications";
export const createPath = "/new";

export function listPath(show: Show): string {
  return `/${show}`;
}

/** The page of an object: Applications have their own. */
export function objectPath(key: Key, ownNamespace: string): string {
  const { namespace, name } = parseKey(key);
  if (!isApplication(key)) return `/flux/${encodeURIComponent(key)}`;
  const path = `/applications/${encodeURIComponent(name)}`;
  return namespace === ownNamespace ? path : `${path}?appNamespace=${encodeURIComponent(namespace)}`;
}

/** To the login, and afterwards back to where one was. */
export function loginPath(from: string): string {
  return from === "/" || from.startsWith("/login") ? "/login" : `/login?return=${encodeURIComponent(from)}`;
}

/** Where a login leads: only to this page, whatever a link says. */
export function returnPath(query: URLSearchParams): string {
  const to = query.get("return") ?? "";
  return to.startsWith("/") && !/^\/[/\\]/.test(to) ? to : applicationsPath;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

export function route({ path, query }: Location): Route {
  const [first = "", second, ...more] = path.replace(/^\/|\/$/g, "").split("/");
  if (more.length > 0) return { view: "unknown" };
  if (second !== undefined) {
    const name = decode(second);
    if (!name) return { view: "unknown" };
    if (first === "flux") return { view: "object", key: name };
    if (first !== "applications") return { view: "unknown" };
    return {
      view: "application",
      at: {
        name,
        appNamespace: query.get("appNamespace") ?? undefined,
        project: query.get("project") ?? undefined,
      },
    };
  }
  if (first === "") return { view: "start" };
  if (first === "applications" || first === "flux" || first === "all") return { view: "list", show: first };
  if (first === "new") return { view: "create" };
  if (first === "login") return { view: "login" };
  return { view: "unknown" };
}
