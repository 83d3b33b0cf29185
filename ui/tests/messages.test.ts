import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { m } from "../src/messages";

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .map((name) => join(folder, name));
}

/** Attributes that people see or hear. The linter looks at what stands between the tags. */
const SPOKEN =
  /\b(?:aria-label|title|placeholder|alt|label|hint|aria-description)=(?:"([^"]*)"|\{"([^"]*)"\}|\{`([^`]*)`\})/g;

test("no component has a text of its own", () => {
  const found = sources("src").flatMap((file) =>
    Array.from(readFileSync(file, "utf8").matchAll(SPOKEN))
      .filter(
        ([, plain, braced, template = ""]) =>
          plain ?? braced ?? /[a-z]/i.test(template.replace(/\$\{[^}]*\}/g, "")),
      )
      .map(([attribute]) => `${file}: ${attribute}`),
  );
  expect(found).toEqual([]);
});

function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => texts(inner, `${path}.${name}`));
}

test("every text of the catalogue says something, and is used", () => {
  const all = sources("src").map((file) => readFileSync(file, "utf8"));
  all.push(readFileSync("src/keys/table.ts", "utf8"), readFileSync("src/parts/useAction.ts", "utf8"));
  const code = all.join("\n");
  for (const [path, text] of texts(m, "m")) expect(text.trim(), path).not.toBe("");
  const groups = Object.keys(m).filter((name) => !code.includes(`m.${name}`));
  expect(groups).toEqual([]);
});
