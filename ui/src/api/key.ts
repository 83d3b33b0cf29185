import type { Key } from "./types";

export interface ObjectName {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

/** The parts of a key; the name may hold colons, but no slash. */
export function parseKey(key: Key): ObjectName {
  const [group = "", kind = "", namespace = "", ...name] = key.split("/");
  return { group, kind, namespace, name: name.join("/") };
}

export function isApplication(key: Key): boolean {
  const { group, kind } = parseKey(key);
  return group === "argoproj.io" && kind === "Application";
}

export function objectTitle(key: Key): string {
  const { kind, namespace, name } = parseKey(key);
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
