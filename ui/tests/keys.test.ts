import { expect, test } from "vitest";
import { meaning } from "../src/keys/registry";
import { SHORTCUTS, type Shortcut } from "../src/keys/table";

const all = () => true;

test("a sequence counts more than its last key", () => {
  expect(meaning("a", "g", all)).toBe("applications");
  expect(meaning("f", "g", all)).toBe("flux");
  expect(meaning("g", undefined, all)).toBeUndefined();
});

test("a key means what is bound just now", () => {
  expect(meaning("r", undefined, (name) => name === "reconcile")).toBe("reconcile");
  expect(meaning("r", undefined, (name) => name === "refresh")).toBe("refresh");
  expect(meaning("r", undefined, () => false)).toBeUndefined();
  expect(meaning("ArrowDown", undefined, all)).toBe("next");
});

test("within one place no two shortcuts share a key", () => {
  const shortcuts: Shortcut[] = Object.values(SHORTCUTS);
  for (const scope of ["list", "application", "object"]) {
    const keys = shortcuts
      .filter((one) => one.scope === scope || one.scope === "everywhere")
      .flatMap(({ keys: own, or = [] }) => [own.join(" "), ...or]);
    expect(new Set(keys).size, scope).toBe(keys.length);
  }
});
