import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { type Running, serve } from "../fixture/server";
import { World } from "../fixture/world";
import { paintedAt, percentile, rendererSeconds, report, typing } from "./measure";

const BUILT = join(dirname(fileURLToPath(import.meta.url)), "../dist/page");
const ROW = ".row-link";
const ROUNDS = 5;

let world: World;
let server: Running;

test.beforeAll(async () => {
  world = new World({ applications: 5_000 });
  world.application("huge", { destinationNamespace: "huge" }, 2_000);
  server = await serve(world, BUILT);
});

test.afterAll(() => server.close());

/** The best of some rounds is what the page costs; the others are what else the machine did. */
async function best(round: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let number = 0; number < ROUNDS; number += 1) least = Math.min(least, await round());
  return least;
}

test("5,000 applications: from the navigation to the first rows", async ({ browser }) => {
  const value = await best(async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const painted = await paintedAt(page, ROW, () => page.goto(`${server.url}/applications`));
    await page.close();
    return painted / 1000;
  });
  report({ measure: "5,000 applications: interactive", value, limit: 0.8, unit: "s" });
});

test("typing filters", async ({ page }) => {
  await page.goto(`${server.url}/applications`);
  await page.waitForSelector(ROW);
  const times = await typing(page, "billing-web");
  expect(times).toHaveLength("billing-web".length);
  report({
    measure: "typing: key to filtered rows, p95",
    value: percentile(times, 0.95),
    limit: 50,
    unit: "ms",
  });
});

test("scrolling 5,000 rows", async ({ page }) => {
  await page.goto(`${server.url}/applications`);
  await page.waitForSelector(ROW);
  const frames = await page.getByRole("table").evaluate(
    (table) =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        const step = (now: number) => {
          times.push(now);
          table.scrollTop += 60;
          if (times.length < 300) requestAnimationFrame(step);
          else resolve(times.slice(1).map((time, index) => time - (times[index] ?? time)));
        };
        requestAnimationFrame(step);
      }),
  );
  const seconds = frames.reduce((sum, frame) => sum + frame, 0) / 1000;
  report({
    measure: "scrolling 5,000 rows",
    value: frames.length / seconds,
    limit: 58,
    unit: "frames/s",
    isFloor: true,
  });
  report({ measure: "scrolling: slowest frame", value: Math.max(...frames), limit: 70, unit: "ms" });
});

test("a tree of 2,000 nodes", async ({ browser }) => {
  const value = await best(async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const node = ".node.is-healthy";
    const painted = await paintedAt(page, node, () => page.goto(`${server.url}/applications/huge?view=tree`));
    await page.close();
    return painted / 1000;
  });
  report({ measure: "tree of 2,000: first painted", value, limit: 0.8, unit: "s" });
});

test("from a change to the pixel", async ({ page }) => {
  await page.goto(`${server.url}/applications`);
  await page.getByText("Live", { exact: true }).waitFor();
  const row = world.window(
    {
      show: "applications",
      q: "",
      chosen: { health: [], sync: [], kind: [], project: [], namespace: [] },
      sort: "name",
      order: "asc",
    },
    2,
    1,
  ).rows[0];
  if (!row) throw new Error("no row");
  const times: number[] = [];
  for (let number = 0; number < 40; number += 1) {
    const text = `change ${number} of this row`;
    const seen = page.evaluate(
      (sought) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (!document.body.textContent?.includes(sought)) return requestAnimationFrame(look);
            return requestAnimationFrame(() => resolve(Date.now()));
          };
          requestAnimationFrame(look);
        }),
      text,
    );
    const begin = Date.now();
    world.change(row.key, { trouble: text });
    times.push((await seen) - begin);
    await page.waitForTimeout(37);
  }
  report({ measure: "change to pixel, p95", value: percentile(times, 0.95) / 1000, limit: 1, unit: "s" });
});

test("50 changes a second for 10 seconds", async ({ page }) => {
  await page.goto(`${server.url}/applications`);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.waitForTimeout(1_000);
  const keys = Array.from(world.rows.values())
    .filter((row) => row.kind === "Application")
    .map((row) => row.key);
  const begin = await rendererSeconds(page);
  for (let number = 0; number < 500; number += 1) {
    const key = keys[(number * 7) % 40];
    if (key) world.change(key, { health: number % 2 === 0 ? "Progressing" : "Healthy" });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await page.waitForTimeout(500);
  report({
    measure: "50 changes/s for 10 s: CPU of the page",
    value: (await rendererSeconds(page)) - begin,
    limit: 0.5,
    unit: "s",
  });
});
