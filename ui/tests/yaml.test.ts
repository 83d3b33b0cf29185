import { describe, expect, test } from "vitest";
import { toYaml } from "../src/yaml/print";
import { textLines, tokens } from "../src/yaml/tokens";

describe("YAML", () => {
  test("is printed as Kubernetes people write it", () => {
    const object = {
      apiVersion: "apps/v1",
      metadata: { name: "web", labels: {}, finalizers: [] },
      spec: {
        replicas: 2,
        isOn: true,
        none: null,
        containers: [{ name: "a", args: ["--port", "80"] }, "b", [1, [2]]],
      },
    };
    expect(toYaml(object)).toBe(`apiVersion: apps/v1
metadata:
  name: web
  labels: {}
  finalizers: []
spec:
  replicas: 2
  isOn: true
  none: null
  containers:
  - name: a
    args:
    - --port
    - "80"
  - b
  - - 1
    - - 2
`);
  });

  test.each([
    ["1.10", '"1.10"'],
    ["yes", '"yes"'],
    ["null", '"null"'],
    ["", '""'],
    [" a", '" a"'],
    ["a: b", '"a: b"'],
    ["a #b", '"a #b"'],
    ["a:b#c", "a:b#c"],
    ["- a", '"- a"'],
    ["-a", "-a"],
    ["2024-01-01", '"2024-01-01"'],
    ["2024-01-01T00:00:00Z", '"2024-01-01T00:00:00Z"'],
    ["0x1F", '"0x1F"'],
    ["1e3", '"1e3"'],
    ["12:30", '"12:30"'],
    ["*all", '"*all"'],
    ["{{ .Values }}", '"{{ .Values }}"'],
    ["tab\there", '"tab\\there"'],
    ["https://example.com", "https://example.com"],
    ["1.2.3-beta", "1.2.3-beta"],
  ])("the text %j is written %s", (value, expected) => {
    expect(toYaml({ a: value })).toBe(`a: ${expected}\n`);
  });

  test("several lines are a block, with the right mark for the end", () => {
    expect(toYaml({ a: "x\ny" })).toBe("a: |-\n  x\n  y\n");
    expect(toYaml({ a: "x\n\ny\n" })).toBe("a: |\n  x\n\n  y\n");
    expect(toYaml({ a: "x\ny\n\n" })).toBe("a: |+\n  x\n  y\n\n");
    expect(toYaml({ a: " x\ny" })).toBe('a: " x\\ny"\n');
    expect(toYaml([["x\ny"]])).toBe("- - |-\n    x\n    y\n");
  });
});

describe("colours", () => {
  const kinds = (line: string) => tokens(line, false).map(({ kind, text }) => `${kind}:${text}`);

  test.each([
    ["  name: web", ["plain:  ", "key:name", "mark:: ", "text:web"]],
    ["- port: 80", ["mark:- ", "key:port", "mark:: ", "number:80"]],
    ["# why", ["comment:# why"]],
    ['"a:b": true', ['key:"a:b"', "mark:: ", "word:true"]],
    ["- https://a.b", ["mark:- ", "text:https://a.b"]],
    ["spec:", ["key:spec", "mark::"]],
  ])("%s", (line, expected) => {
    expect(kinds(line)).toEqual(expected);
  });

  test("a block of text is text to its end", () => {
    expect(textLines(["a: |", "  x: y", "", "  z", "b: 1"])).toEqual([false, true, true, true, false]);
  });
});
