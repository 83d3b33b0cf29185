import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { type Running, serve } from "../fixture/server";
import { World } from "../fixture/world";

export { expect, type Page };

const BUILT = join(dirname(fileURLToPath(import.meta.url)), "../dist/page");
const LONGEST_TASK = 200;

interface Given {
  world: World;
  server: Running;
  /** Answers that are no success are told to the console by the browser itself. */
  expectedStatus: Set<number>;
  watched: undefined;
}

/** Each test has a world and a server of its own, and a browser that must not complain. */
export const test = base.extend<Given>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner wants a pattern.
  world: async ({}, use) => use(new World()),
  server: async ({ world }, use) => {
    const running = await serve(world, BUILT);
    await use(running);
    await running.close();
  },
  baseURL: async ({ server }, use) => use(server.url),
  // biome-ignore lint/correctness/noEmptyPattern: the runner wants a pattern.
  expectedStatus: async ({}, use) => use(new Set()),
  watched: [
    async ({ page, expectedStatus }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        const isStatus = Array.from(expectedStatus, String).some((status) => message.text().includes(status));
        const isCut = message.text().includes("ERR_INCOMPLETE_CHUNKED_ENCODING");
        if (["error", "warning"].includes(message.type()) && !isStatus && !isCut)
          complaints.push(message.text());
      });
      await page.addInitScript(() => {
        const tasks: number[] = [];
        Object.assign(window, { longTasks: tasks });
        new PerformanceObserver((entries) => {
          for (const entry of entries.getEntries()) tasks.push(entry.duration);
        }).observe({ type: "longtask", buffered: true });
      });
      await use(undefined);
      expect(complaints, "the console is silent").toEqual([]);
      await expectNoLongTask(page);
    },
    { auto: true },
  ],
});

/** Looks at the tasks so far, and forgets them: what looks at the page takes its time, too. */
async function expectNoLongTask(page: Page): Promise<void> {
  const tasks = await page.evaluate(
    () => (window as unknown as { longTasks?: number[] }).longTasks?.splice(0) ?? [],
  );
  expect(Math.max(0, ...tasks), "no task is long").toBeLessThanOrEqual(LONGEST_TASK);
}

/** No violation of WCAG 2.2 A and AA, and nothing that scrolls sideways. */
export async function expectAccessible(page: Page): Promise<void> {
  await expectNoLongTask(page);
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const shown = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
  );
  expect(shown).toEqual([]);
  await page.evaluate(() => (window as unknown as { longTasks?: number[] }).longTasks?.splice(0));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, "nothing scrolls sideways").toBeLessThanOrEqual(0);
}
