import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { apply } from "./cluster";
import { type Failure, failures } from "./failures";
import { type GitServer, Repository, serveGit } from "./git";
import { expect, test } from "./up";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 375, height: 812 },
];

let git: GitServer;
let repository: Repository;
let origin: string;
let cookie: string;

test.beforeAll(async ({ up }) => {
  git = await serveGit(up.folder);
  repository = new Repository(up.folder, "failures");
  const manifests = failures.flatMap(({ name, all }) =>
    all === undefined ? [] : [[`${name}/all.yaml`, all]],
  );
  repository.commit("first", Object.fromEntries(manifests));
  const [link] = await up.said(/http:\/\/127\.0\.0\.1:\d+\/auth\/link\?token=\S+/);
  origin = new URL(link).origin;
  const [, password] = await up.said(/The first password of admin: (\S+)/);
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: "admin", password }),
  });
  cookie = ((await answer.json()) as { token: string }).token;
  const kubeconfig = join(up.folder, "state/kubeconfig");
  for (const failure of failures) {
    if (failure.project) await apply(kubeconfig, failure.project);
    await apply(kubeconfig, failure.application(git.url(repository)));
  }
});

test.afterAll(() => git.close());

test.beforeEach(({ context }) => context.addCookies([{ name: "argocd.token", value: cookie, url: origin }]));

test("there are ten ways to fail", () => {
  expect(failures.length).toBeGreaterThanOrEqual(10);
});

for (const failure of failures) {
  test(`${failure.name}: cause and fix are on the first screen`, async ({ page }) => {
    await page.goto(`${origin}/applications/${failure.name}`);
    if (failure.later) await break_(page, failure, failure.later);
    const finding = page.getByRole("region", { name: "What is wrong" }).getByRole("article").first();
    const cause = said(finding, failure.cause);
    const fix = said(finding, failure.fix);
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await expect(cause).toBeInViewport({ ratio: 1 });
      await expect(fix).toBeInViewport({ ratio: 1 });
      await page.screenshot({ path: `test-results/failures/${failure.name}-${size.width}.png` });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
    }
  });
}

/** Some fail only when they change what is healthy. */
async function break_(page: Page, { name }: Failure, text: string): Promise<void> {
  await expect(page.locator(".head-states")).toHaveText("HealthySynced");
  repository.commit("then", { [`${name}/all.yaml`]: text });
  await page.getByRole("button", { name: "Refresh" }).click();
}

/** The paragraph that says it; findings begin as sentences do. */
function said(finding: Locator, text: string): Locator {
  return finding.getByRole("paragraph").filter({ hasText: text }).first();
}
