import { expect, expectAccessible, test } from "./world";

test("finding: search with the keyboard, filter by a facet, share the URL, clear", async ({
  page,
  world,
}) => {
  world.application("checkout", { health: "Degraded", trouble: "the Job migrate failed" });
  world.application("shop");
  world.application("shop-api", { sync: "OutOfSync" });
  await page.goto("/applications");
  await expect(page.getByRole("link", { name: "checkout" })).toBeVisible();
  await expect(page.getByText("the Job migrate failed")).toBeVisible();

  await page.keyboard.press("/");
  await page.keyboard.type("shop");
  await expect(page.getByRole("link", { name: "checkout" })).toBeHidden();
  await expect(page).toHaveURL(/q=shop/);
  await page.getByRole("checkbox", { name: /Out of sync/ }).check();
  await expect(page.getByRole("status").filter({ hasText: "1 row shown" })).toBeVisible();
  await expect(page).toHaveURL("/applications?q=shop&sync=OutOfSync");

  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue("shop");
  await expect(page.getByRole("checkbox", { name: /Out of sync/ })).toBeChecked();
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(page.getByRole("link", { name: "checkout" })).toBeVisible();
  await expect(page).toHaveURL("/applications");
});

test("a revision that is the target itself is shown once", async ({ page, world }) => {
  world.application("gone", { targetRevision: "nobranch", revision: "nobranch" });
  world.application("shop", { targetRevision: "main" });
  await page.goto("/applications");
  const source = (name: string) => page.getByRole("row", { name }).locator(".row-revision");
  await expect(source("gone")).toHaveText("nobranch");
  await expect(source("shop")).toHaveText(/^main [0-9a-f]{7}$/);
});

test("a search that can find nothing says which keys and values there are", async ({ page, world }) => {
  world.application("shop");
  await page.goto("/applications?q=namespace:x");
  await expect(page.getByText("namespace: is no key of the search.")).toHaveText(
    /The keys are health:, sync:, kind:, project:, ns: \(namespace\), repo:, name:, and image:\.$/,
  );
  await page.getByRole("searchbox").fill("health:wrong");
  await expect(page.getByText("health: is never “wrong”.")).toHaveText(
    /It is degraded, missing, progressing, unknown, suspended, or healthy\.$/,
  );
  await expectAccessible(page);
  await page.getByRole("searchbox").fill("health:degraded");
  await expect(page.getByText("is never")).toBeHidden();
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
});

test("sorting by a column, both ways", async ({ page, world }) => {
  world.application("a-app", { synced: "2026-01-03T00:00:00Z" });
  world.application("b-app", { synced: "2026-01-01T00:00:00Z" });
  await page.goto("/applications");
  const first = page.getByRole("row").nth(1);
  await expect(first).toContainText("a-app");
  await page.getByRole("button", { name: "Synced", exact: true }).click();
  await expect(page.getByRole("columnheader", { name: "Synced" })).toHaveAttribute("aria-sort", "ascending");
  await expect(first).toContainText("b-app");
  await page.getByRole("button", { name: "Synced", exact: true }).click();
  await expect(first).toContainText("a-app");
  await expect(page).toHaveURL("/applications?sort=synced&order=desc");
});

test("keyboard only: rows with j and k, Enter, Escape, and the lists with g", async ({ page, world }) => {
  world.application("a-app");
  world.application("b-app");
  world.application("c-app");
  await page.goto("/applications");
  await expect(page.getByRole("link", { name: "c-app" })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "b-app" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("k");
  await expect(page.getByRole("link", { name: "b-app" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "b-app" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL("/applications");
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page).toHaveURL("/flux");
  await expect(page.getByRole("table", { name: "Flux objects" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page).toHaveURL("/applications");
});

test("the keys of the list go on after a filter was chosen", async ({ page, world }) => {
  world.application("a-app", { sync: "OutOfSync" });
  world.application("b-app");
  world.application("c-app", { sync: "OutOfSync" });
  await page.goto("/applications");
  const filter = page.getByRole("checkbox", { name: /Out of sync/ });
  await filter.click();
  await expect(page.getByRole("link", { name: "b-app" })).toBeHidden();
  await expect(filter).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "c-app" })).toBeFocused();
  await filter.click();
  await expect(page.getByRole("link", { name: "b-app" })).toBeVisible();
  await page.keyboard.press("k");
  await expect(page.getByRole("link", { name: "b-app" })).toBeFocused();
  await filter.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "b-app" })).toBeVisible();
});

test("changes are shown as they happen: a row, a new one, one that goes", async ({ page, world }) => {
  const shop = world.application("shop");
  world.application("cart");
  await page.goto("/applications");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  world.change(shop.key, { health: "Degraded", trouble: "the container web restarts all the time" });
  await expect(page.getByText("the container web restarts all the time")).toBeVisible();
  await expect(page.getByRole("checkbox", { name: /Degraded/ })).toBeVisible();
  const added = world.application("added");
  world.happen({ rows: [added], moved: true });
  await expect(page.getByRole("link", { name: "added" })).toBeVisible();
  world.remove(shop.key);
  await expect(page.getByRole("link", { name: "shop" })).toBeHidden();
});

test("the focus stays with its row when others come before it", async ({ page, world }) => {
  world.application("m-app");
  world.application("z-app");
  await page.goto("/applications");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "m-app" })).toBeFocused();
  const added = world.application("a-app");
  world.happen({ rows: [added], moved: true });
  await expect(page.getByRole("row").nth(1)).toContainText("a-app");
  await expect(page.getByRole("link", { name: "m-app" })).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "z-app" })).toBeFocused();
});

test("a cut stream says since when it is stale, comes back, and brings what was missed", async ({
  page,
  world,
  server,
  expectedStatus,
}) => {
  expectedStatus.add(503);
  const shop = world.application("shop");
  await page.goto("/applications");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  world.refusals.set("GET /stream", { status: 503, message: "starting" });
  server.cut();
  await expect(page.getByText("Not live: last heard from the server")).toBeVisible();
  await expectAccessible(page);
  world.change(shop.key, { health: "Degraded", trouble: "missed in the meantime" });
  await expect(page.getByText("missed in the meantime")).toBeHidden();
  world.refusals.clear();
  await expect(page.getByText("missed in the meantime")).toBeVisible({ timeout: 10_000 });
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
});

test.describe("with 5,000 applications", () => {
  test("few are drawn, all are reached, and the way back is where one was", async ({ page, world }) => {
    for (let number = 0; number < 5_000; number += 1)
      world.application(`app-${String(number).padStart(4, "0")}`, {}, 2);
    await page.goto("/applications");
    await expect(page.getByRole("link", { name: "app-0000" })).toBeVisible();
    await expect(page.getByRole("table", { name: "Applications" })).toHaveAttribute("aria-rowcount", "5001");
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    await page.getByRole("table").evaluate((table) => table.scrollTo(0, table.scrollHeight));
    await expect(page.getByRole("link", { name: "app-4999" })).toBeVisible();
    await page.getByRole("link", { name: "app-4990" }).click();
    await expect(page.getByRole("heading", { name: "app-4990" })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("link", { name: "app-4990" })).toBeVisible();
    await page.keyboard.press("/");
    await page.keyboard.type("app-0123");
    await expect(page.getByRole("link", { name: "app-0123" })).toBeVisible();
    await expect(page.getByRole("row")).toHaveCount(2);
  });

  test("a key finds also what was never loaded, before the server answers, whose answer replaces it", async ({
    page,
    world,
  }) => {
    for (let number = 0; number < 5_000; number += 1)
      world.application(`app-${String(number).padStart(4, "0")}`, {}, 2);
    const named = page.waitForResponse(/\/names\?/);
    await page.goto("/applications");
    await named;
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route(/\/rows\?.*q=/, async (route) => {
      await isAnswered;
      await route.continue();
    });
    await page.keyboard.press("/");
    await page.keyboard.type("app-4321");
    await expect(page.getByRole("link", { name: "app-4321" })).toBeVisible();
    await expect(page.getByRole("row")).toHaveCount(2);
    const row = page.getByRole("row").nth(1);
    await expect(row).not.toContainText("Healthy");
    await expectAccessible(page);
    answer();
    await expect(row).toContainText("Healthy");
    await expect(page.getByRole("status").filter({ hasText: "1 row shown" })).toBeVisible();
  });
});

test("on a phone: filters open and close, and a row leads on", async ({ page, world }) => {
  await page.setViewportSize({ width: 375, height: 780 });
  world.application("shop", { health: "Degraded", trouble: "no such image" });
  world.application("cart");
  await page.goto("/applications");
  await expect(page.getByRole("checkbox", { name: /Degraded/ })).toBeHidden();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("checkbox", { name: /Degraded/ }).check();
  await expect(page.getByRole("link", { name: "cart" })).toBeHidden();
  await page.getByRole("link", { name: "shop" }).click();
  await expect(page.getByRole("heading", { name: "shop" })).toBeVisible();
  await expect(page.getByText("No such image.")).toBeVisible();
  await page.getByRole("button", { name: "Deployment web", exact: true }).click();
  await expect(page.getByRole("complementary", { name: /Details of Deployment/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: /Details of Deployment/ })).toBeHidden();
});
