import { expect, test } from "vitest";
import { shortRepo, shortRevision, suggestName, targetBeside } from "../src/format/source";
import { span, untilChange } from "../src/format/time";

test.each([
  [0, "0s"],
  [-5_000, "0s"],
  [59_999, "59s"],
  [60_000, "1min"],
  [3_600_000, "1h"],
  [86_400_000 * 3, "3d"],
  [86_400_000 * 65, "2mo"],
  [86_400_000 * 800, "2y"],
])("%i ms are %s", (milliseconds, expected) => {
  expect(span(milliseconds)).toBe(expected);
});

test("what changes each second is looked at each second", () => {
  expect([untilChange(5_000), untilChange(90_000), untilChange(86_400_000)]).toEqual([
    1_000, 20_000, 300_000,
  ]);
});

const SHA = "8c4d6f1e2b3a4c5d6e7f8091a2b3c4d5e6f70819";

test.each([
  [SHA, "8c4d6f1"],
  [`main@sha1:${SHA}`, "main@8c4d6f1"],
  [`refs/heads/x@sha1:${SHA}`, "refs/heads/x@8c4d6f1"],
  [`sha1:${SHA}`, "8c4d6f1"],
  ["main@sha1:8c4d6f1", "main@8c4d6f1"],
  ["8c4d6f1", "8c4d6f1"],
  ["v1.2.0", "v1.2.0"],
  ["main", "main"],
])("the revision %s in short is %s", (revision, expected) => {
  expect(shortRevision(revision)).toBe(expected);
});

test.each([
  ["https://git.example.com/team/shop.git", "team/shop"],
  ["ssh://git@git.example.com/team/shop", "team/shop"],
  ["git@git.example.com:team/shop.git", "team/shop"],
  ["https://git.example.com/", "https://git.example.com/"],
  ["http://127.0.0.1:4000/869709d0b1b797518c8bd7f8a1853cc9/app", "app"],
  ["https://git.example.com/869709d0b1b797518c8bd7f8a1853cc9.git", "869709d0b1b797518c8bd7f8a1853cc9"],
])("the repository %s in short is %s", (repo, expected) => {
  expect(shortRepo(repo)).toBe(expected);
});

test.each([
  ["https://git.example.com/team/My_Shop.git", "my-shop"],
  ["", ""],
  ["https://git.example.com/team/---", ""],
])("the name for %s is %s", (url, expected) => {
  expect(suggestName(url)).toBe(expected);
});

test.each([
  ["HEAD", "HEAD", undefined],
  ["main", `main@sha1:${SHA}`, undefined],
  ["main", SHA, "main"],
  ["main", undefined, "main"],
  [undefined, SHA, undefined],
])("beside the target %s the revision %s leaves %s to be said", (target, revision, expected) => {
  expect(targetBeside(target, revision)).toBe(expected);
});
