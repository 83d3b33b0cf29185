import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";

const FOLDER = "test-results";
const FILE = `${FOLDER}/bench.json`;

export interface Figure {
  measure: string;
  value: number;
  limit: number;
  unit: string;
  /** Whether more is better. */
  isFloor?: boolean;
}

export default function begin(): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILE, "[]");
}

/** Adds a figure to what `cargo xtask bench ui` prints. */
export function report(figure: Figure): void {
  const before = JSON.parse(readFileSync(FILE, "utf8")) as Figure[];
  writeFileSync(FILE, JSON.stringify([...before, figure], undefined, 2));
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** When something was first painted, in milliseconds since the navigation began. */
export async function paintedAt(page: Page, selector: string, go: () => Promise<unknown>): Promise<number> {
  await page.addInitScript((sought) => {
    const look = () => {
      if (!document.querySelector(sought)) return requestAnimationFrame(look);
      // The frame after the one that drew it has been through the painting of that one.
      return requestAnimationFrame(() => Object.assign(window, { paintedAt: performance.now() }));
    };
    requestAnimationFrame(look);
  }, selector);
  await go();
  await page.waitForFunction(() => "paintedAt" in window);
  return page.evaluate(() => (window as unknown as { paintedAt: number }).paintedAt);
}

/** Processor time of the page's process, in seconds. */
export async function rendererSeconds(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (!browser) throw new Error("no browser");
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Types a part of a name into the search box: for each key, the milliseconds until only rows with it are painted. */
export async function typing(page: Page, text: string): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    const onKey = () => {
      const begin = performance.now();
      const look = () => {
        const sought =
          document.querySelector<HTMLInputElement>("input[type=search]")?.value.slice("name:".length) ?? "";
        const names = Array.from(document.querySelectorAll(".row-link"), (link) => link.textContent ?? "");
        const isFiltered = sought !== "" && names.length > 0 && names.every((name) => name.includes(sought));
        if (!isFiltered) return requestAnimationFrame(look);
        return requestAnimationFrame(() => times.push(performance.now() - begin));
      };
      requestAnimationFrame(look);
    };
    document.addEventListener("keydown", onKey, { capture: true });
  });
  await page.getByRole("searchbox").fill("name:");
  await page.waitForTimeout(300);
  for (const [index, key] of Array.from(text).entries()) {
    await page.keyboard.press(key);
    await page.waitForFunction(
      (count) => (window as unknown as { times: number[] }).times.length > count,
      index,
    );
    await page.waitForTimeout(100);
  }
  return page.evaluate(() => (window as unknown as { times: number[] }).times);
}
