import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { type GitServer, Repository, serveGit } from "./git";
import { expect, test } from "./up";

const deployment = (image: string, replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}"}]}
`;
const settings = (text: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {text: "${text}"}
`;

const SIZES = [
  { width: 1440, height: 900 },
  { width: 375, height: 780 },
];

/** A picture in each size and theme, and nothing that axe finds in any. */
async function picture(page: Page, name: string): Promise<void> {
  for (const size of SIZES) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.waitForTimeout(100);
      await page.screenshot({ path: `test-results/seed/${name}-${size.width}-${colorScheme}.png` });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

let git: GitServer;
test.beforeAll(async ({ up }) => {
  git = await serveGit(up.folder);
});
test.afterAll(() => git.close());

test("the seed story: log in by link, create, see it run, change it, break it, mend it, delete it", async ({
  page,
  up,
}) => {
  test.setTimeout(300_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The first question of who is there is answered 401 before the link is opened.
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const repository = new Repository(up.folder, "shop");
  repository.commit("first", { "deploy/web.yaml": deployment("nginx:1", 1) });
  const [link] = await up.said(/http:\/\/127\.0\.0\.1:\d+\/auth\/link\?token=\S+/);

  await page.goto(link);
  await expect(page.getByRole("link", { name: "demo", exact: true })).toBeVisible();
  await expect(page.getByText("Simulated cluster.")).toBeVisible();
  await picture(page, "1-list");

  await page.getByRole("link", { name: "New application" }).first().click();
  await page.getByRole("textbox", { name: "Git repository" }).fill(git.url(repository));
  await page.getByRole("textbox", { name: "Path" }).fill("deploy");
  await page.getByRole("textbox", { name: "Name" }).fill("shop");
  await expect(page.getByText("GitRepository shop/shop")).toBeVisible();
  await picture(page, "2-create");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page).toHaveURL(/\/applications\/shop$/);

  const states = page.locator(".head-states");
  await expect(states).toHaveText("HealthySynced");
  for (const kind of [
    "GitRepository shop",
    "Kustomization shop",
    "Deployment web",
    "ReplicaSet web",
    "Pod web",
  ]) {
    await expect(page.getByRole("treeitem", { name: new RegExp(`^${kind}`) })).toBeVisible();
  }
  await picture(page, "3-healthy");

  const second = repository.commit("second", {
    "deploy/web.yaml": deployment("nginx:1", 2),
    "deploy/settings.yaml": settings("a"),
  });
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: "Sync shop" });
  await expect(dialog.getByTitle(second)).toBeVisible();
  await expect(dialog.getByRole("listitem").filter({ hasText: "GitRepository" })).toBeVisible();
  await expect(dialog.getByText(`The sync fetches ${second.slice(0, 7)} first`)).toBeVisible();
  await picture(page, "4-sync");
  await dialog.getByRole("button", { name: "Sync" }).click();
  await expect(page.getByRole("treeitem", { name: /^ConfigMap settings/ })).toBeVisible();
  await expect(page.getByRole("treeitem", { name: /^Pod web/ })).toHaveCount(2);
  await expect(page.locator(".facts code").first()).toHaveText(second.slice(0, 7));
  await expect(states).toHaveText("HealthySynced");

  repository.commit("third", { "deploy/web.yaml": deployment("nginx:does-not-exist", 2) });
  await page.keyboard.press("s");
  await page.getByRole("dialog").getByRole("button", { name: "Sync" }).click();
  const finding = page.getByRole("region", { name: "What is wrong" });
  await expect(finding).toContainText("nginx:does-not-exist");
  await expect(finding.getByText("What to do").first()).toBeInViewport();
  await finding
    .getByRole("button", { name: /^Pod shop/ })
    .first()
    .click();
  await expect(
    page.getByRole("complementary", { name: /Details of Pod/ }).getByRole("tab", { name: "Summary" }),
  ).toBeVisible();
  await picture(page, "5-broken");
  await page.keyboard.press("Escape");

  repository.commit("fourth", { "deploy/web.yaml": deployment("nginx:2", 1) });
  await page.keyboard.press("r");
  await expect(states).toHaveText("HealthySynced", { timeout: 60_000 });
  await expect(finding).toBeHidden();

  await page.getByRole("button", { name: "Delete" }).click();
  const removal = page.getByRole("dialog", { name: "Delete shop" });
  await expect(removal.getByText("Deployment shop/web")).toBeVisible();
  await picture(page, "6-delete");
  await removal.getByRole("textbox", { name: "Type shop to confirm" }).fill("shop");
  await removal.getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL(/\/applications$/);
  await expect(page.getByRole("link", { name: "shop", exact: true })).toBeHidden({ timeout: 60_000 });
  await page.goto(new URL("/all?q=shop", link).href);
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("the password that is printed logs in, and a wrong one does not", async ({ page, up }) => {
  const [, password = ""] = await up.said(/The first password of admin: (\S+)/);
  const [, address = ""] = await up.said(/API is at (http:\/\/\S+?)\.? /);
  await page.goto(address);
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("Invalid username or password");
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "demo", exact: true })).toBeVisible();
  await page.getByLabel("Account").click();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { name: "Log in to Flamingo" })).toBeVisible();
});
