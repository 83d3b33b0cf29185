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
      const longest = await watchTasks(page);
      tasks.set(page, longest);
      await use(undefined);
      expect(complaints, "the console is silent").toEqual([]);
      await expectNoLongTask(page);
    },
    { auto: true },
  ],
});

const tasks = new WeakMap<Page, () => Promise<number>>();

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args?: { name?: string };
}

/**
 * Watches the tasks of the page's main thread. They are measured in the time that they had the processor: on a
 * machine that is busy otherwise, the clock says more than the page does. What it gives says the longest one so
 * far, in milliseconds, and ends it, since what looks at a page takes its time, too.
 */
async function watchTasks(page: Page): Promise<() => Promise<number>> {
  const browser = page.context().browser();
  if (!browser) throw new Error("no browser");
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  let longest: number | undefined;
  return async () => {
    if (longest !== undefined) return longest;
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    const isMain = ({ name, args }: TraceEvent) => name === "thread_name" && args?.name === "CrRendererMain";
    const threads = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
    const durations = traceEvents
      .filter(({ pid, tid, tdur }) => tdur !== undefined && threads.has(`${pid} ${tid}`))
      .map(({ tdur = 0 }) => tdur / 1000);
    expect(durations.length, "the trace has tasks").toBeGreaterThan(0);
    longest = Math.max(...durations);
    return longest;
  };
}

async function expectNoLongTask(page: Page): Promise<void> {
  const longest = await tasks.get(page)?.();
  expect(longest, "no task is long").toBeLessThanOrEqual(LONGEST_TASK);
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
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, "nothing scrolls sideways").toBeLessThanOrEqual(0);
}
