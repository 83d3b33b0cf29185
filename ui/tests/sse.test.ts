import { expect, test } from "vitest";
import { EventParser } from "../src/live/sse";

test("an event comes with its id, name and data, also in pieces", () => {
  const parser = new EventParser();
  expect(parser.push("id: a-1\nevent: ro")).toEqual([]);
  expect(parser.push('ws\ndata: {"a":1}\n\n')).toEqual([{ id: "a-1", event: "rows", data: '{"a":1}' }]);
});

test("comments and empty events say nothing", () => {
  expect(new EventParser().push(":\n\n: alive\n\nevent: rows\n\n")).toEqual([]);
});

test("an id without data is a position all the same", () => {
  const parser = new EventParser();
  expect(parser.push(":\nid: a-9\n\n")).toEqual([]);
  expect(parser.lastId).toBe("a-9");
});

test("data of several lines is one text, and the id stays for the events after it", () => {
  const parser = new EventParser();
  const [first, second] = parser.push("id:7\ndata:a\ndata: b\r\n\r\ndata: c\n\n");
  expect(first).toEqual({ id: "7", event: "message", data: "a\nb" });
  expect(second).toEqual({ id: "7", event: "message", data: "c" });
});
