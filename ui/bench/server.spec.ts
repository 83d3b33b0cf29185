import { test } from "@playwright/test";
import { start, type Up } from "../live/up";
import { paintedAt, percentile, report, typing } from "./measure";

const MANY = 5_000;
const AT_ONCE = 16;
const QUESTIONS = [
  "",
  "q=app-04",
  "health=Unknown&sort=created&order=desc",
  "q=project:default&sort=synced",
  "offset=2400",
];

let up: Up;
let origin: string;
let cookie: string;

/** A Flamingo with many Applications, of which none deploys anything: what is measured is the list. */
test.beforeAll(async () => {
  test.setTimeout(600_000);
  const binary = process.env.FLAMINGO;
  if (!binary) throw new Error("FLAMINGO is the path of the binary to measure");
  up = start(binary);
  const [link] = await up.said(/http:\/\/127\.0\.0\.1:\d+\/auth\/link\?token=\S+/);
  origin = new URL(link).origin;
  const answer = await fetch(link, { redirect: "manual" });
  cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  for (let from = 0; from < MANY; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, MANY - from) }, (_, index) => create(from + index));
    await Promise.all(some);
  }
});

test.afterAll(() => up.stop());

async function create(number: number): Promise<void> {
  const name = `app-${String(number).padStart(4, "0")}`;
  const answer = await fetch(`${origin}/api/v1/applications`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Cookie: cookie },
    body: JSON.stringify({
      metadata: { name },
      spec: {
        project: "default",
        source: {
          repoURL: `https://git.example.com/team/${name}.git`,
          path: "deploy",
          targetRevision: "main",
        },
        destination: { server: "https://kubernetes.default.svc", namespace: name },
      },
    }),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
}

test("from the start to a page that can be used, and to a healthy demo", async ({ page }) => {
  const binary = process.env.FLAMINGO ?? "";
  await page.goto("about:blank");
  const begin = performance.now();
  const fresh = start(binary);
  const [link] = await fresh.said(/http:\/\/127\.0\.0\.1:\d+\/auth\/link\?token=\S+/);
  await page.goto(link);
  await page.waitForSelector(".row-link");
  report({ measure: "up to usable page", value: (performance.now() - begin) / 1000, limit: 2, unit: "s" });
  await page.waitForSelector(".list-grid.is-healthy");
  report({ measure: "up to demo Healthy", value: (performance.now() - begin) / 1000, limit: 10, unit: "s" });
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => name.endsWith(".js"))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
  );
  report({ measure: "first load: scripts as sent", value: scripts / 1000, limit: 170, unit: "kB" });
  await fresh.stop();
});

test("a window of the list, from the server", async () => {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 100; round += 1) {
    const query = QUESTIONS[round % QUESTIONS.length] ?? "";
    const begin = performance.now();
    const answer = await fetch(`${origin}/api/flamingo/v1/rows?${query}`, { headers: { Cookie: cookie } });
    bytes = Math.max(bytes, (await answer.arrayBuffer()).byteLength);
    times.push(performance.now() - begin);
    if (!answer.ok) throw new Error(`${answer.status}`);
  }
  report({ measure: "server, 5,000: a window, p95", value: percentile(times, 0.95), limit: 20, unit: "ms" });
});

test("interactive with the server's 5,000", async ({ browser }) => {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const [name = "", value = ""] = cookie.split("=", 2);
    await context.addCookies([{ name, value: cookie.slice(name.length + 1) || value, url: origin }]);
    const page = await context.newPage();
    least = Math.min(least, await paintedAt(page, ".row-link", () => page.goto(`${origin}/applications`)));
    await context.close();
  }
  report({ measure: "server, 5,000: interactive", value: least / 1000, limit: 0.8, unit: "s" });
});

test("typing filters the server's 5,000", async ({ page, context }) => {
  const [name = ""] = cookie.split("=", 1);
  await context.addCookies([{ name, value: cookie.slice(name.length + 1), url: origin }]);
  await page.goto(`${origin}/applications`);
  await page.waitForSelector(".row-link");
  const times = await typing(page, "app-4321");
  const names = await page.evaluate(() => {
    const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return entries.find(({ name }) => name.includes("/names?"))?.encodedBodySize;
  });
  if (!names) throw new Error("the names were not asked for");
  report({ measure: "server, 5,000: names as sent", value: names / 1000, limit: 60, unit: "kB" });
  report({ measure: "server, 5,000: typing, p95", value: percentile(times, 0.95), limit: 50, unit: "ms" });
});
