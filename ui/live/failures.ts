import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../tests/failures");

/** A way to fail, as `tests/failures` has it. */
export interface Failure {
  name: string;
  /** Parts of what is said of it. */
  cause: string;
  fix: string;
  /** What the path has, and what is committed instead once that is healthy. */
  all: string | undefined;
  later: string | undefined;
  project: unknown;
  application: (url: string) => unknown;
}

export const failures: readonly Failure[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => failure(name));

function failure(name: string): Failure {
  const read = (file: string) =>
    existsSync(join(ROOT, name, file)) ? readFileSync(join(ROOT, name, file), "utf8") : undefined;
  const told = JSON.parse(read("failure.json") ?? "") as {
    cause: string;
    fix: string;
    application?: Record<string, string>;
  };
  const project = read("project.json");
  return {
    name,
    cause: told.cause,
    fix: told.fix,
    all: read("all.yaml"),
    later: read("then.yaml"),
    project: project === undefined ? undefined : JSON.parse(project),
    application: (url) => application(name, url, told.application ?? {}),
  };
}

function application(name: string, url: string, fields: Record<string, string>): unknown {
  const usual = readFileSync(join(ROOT, "application.json"), "utf8");
  const made = JSON.parse(usual.replaceAll("$NAME", name).replaceAll("$URL", url));
  for (const [path, value] of Object.entries(fields)) set(made, path.split("."), value);
  return made;
}

type Tree = { [field: string]: Tree | string };

function set(tree: Tree, [first = "", ...rest]: string[], value: string): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const next = typeof below === "object" ? below : {};
  tree[first] = next;
  set(next, rest, value);
}
