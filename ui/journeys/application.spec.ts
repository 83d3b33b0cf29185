import { expect, expectAccessible, test } from "./world";

const BAD = 'the image "a:1" of container web cannot be pulled';
const BROKEN = { health: "Degraded", trouble: BAD, destinationNamespace: "shop" } as const;

test("what is wrong is on the first screen, with its cause, its fix and its object", async ({
  page,
  world,
}) => {
  world.application("shop", BROKEN);
  await page.goto("/applications/shop");
  const finding = page.getByRole("region", { name: "What is wrong" });
  await expect(finding.getByText('The image "a:1" of container web cannot be pulled.')).toBeInViewport();
  await expect(finding.getByText("Correct the image name or tag")).toBeInViewport();
  const steps = page.getByRole("list", { name: "From the commit to running Pods" }).getByRole("listitem");
  await expect(steps).toHaveText([
    /Commit.*done/,
    /Fetched.*done/,
    /Built.*done/,
    /Applied.*done/,
    /Healthy.*failed/,
  ]);
  await finding.getByRole("button", { name: /^Pod shop/ }).click();
  const panel = page.getByRole("complementary", { name: /Details of Pod/ });
  await expect(panel.getByRole("tab", { name: "Summary" })).toBeVisible();
  await expect(page).toHaveURL(/node=/);
  await expect(panel.getByText("kustomize-controller")).toBeVisible();
});

test("the links of the chain stand in one row, with that of a refused application, too", async ({
  page,
  world,
}) => {
  world.application("shop", { health: "Unknown", trouble: "spec.project is not there" });
  await page.goto("/applications/shop");
  const steps = page.getByRole("list", { name: "From the commit to running Pods" }).getByRole("listitem");
  await expect(steps).toHaveCount(6);
  const tops = () => steps.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  expect(new Set(await tops()).size).toBe(1);
  await page.setViewportSize({ width: 375, height: 780 });
  expect(new Set(await tops()).size).toBe(6);
});

test("boxes keep the end of a name, cut with an ellipsis, and have no tag that all Pods share", async ({
  page,
  world,
}) => {
  const shop = world.application("shop", { destinationNamespace: "shop" }, 3);
  const node = (kind: string, name: string, info: { name: string; value: string }[]) => ({
    key: `/${kind}/shop/${name}`,
    uid: name,
    group: "",
    version: "v1",
    kind,
    namespace: "shop",
    name,
    created: "2026-01-01T00:00:00Z",
    health: "Healthy" as const,
    info,
  });
  const on = [
    { name: "Containers", value: "1/1" },
    { name: "Node", value: "sandbox" },
  ];
  world
    .tree(shop)
    .push(
      node("Pod", "checkout-frontend-79f494f6b5-lx2vq", on),
      node("Pod", "db-0", [{ name: "Status Reason", value: "CrashLoopBackOff" }, ...on]),
      node("HorizontalPodAutoscaler", "web", [{ name: "Replicas", value: "2 of 2 to 10" }]),
    );
  await page.goto("/applications/shop?view=tree");
  const pod = page.getByRole("treeitem", { name: /^Pod checkout/ });
  const end = pod.getByText("-lx2vq");
  await expect(end).toBeVisible();
  const cut = (selector: string) =>
    page.locator(selector).evaluate((one) => ({
      isCut: one.scrollWidth > one.clientWidth,
      look: getComputedStyle(one).textOverflow,
    }));
  expect(await end.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
  expect(await cut(".node-head:has(+ .node-end:text('-lx2vq'))")).toEqual({ isCut: true, look: "ellipsis" });
  expect(await cut(".node-kind > :text('HorizontalPod')")).toEqual({ isCut: true, look: "ellipsis" });
  await expect(page.locator(".tag", { hasText: "2 of 2" })).toHaveCSS("display", "block");
  const ready = page.getByRole("treeitem", { name: /^Pod db-0/ }).getByText("1/1");
  expect(await ready.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
  await expect(pod).toContainText("1/1");
  await expect(pod).not.toContainText("sandbox");
});

test("keyboard only: through the tree, into the details, their tabs, and out again", async ({
  page,
  world,
}) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop?view=tree");
  const tree = page.getByRole("tree", { name: "Objects of this application" });
  await tree.focus();
  const current = async () => {
    const id = await tree.getAttribute("aria-activedescendant");
    return page.locator(`[id="${id}"]`).getAttribute("aria-label");
  };
  expect(await current()).toContain("Application shop");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect(await current()).toContain("Kustomization shop");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("treeitem", { name: /Kustomization shop/ })).toHaveAttribute(
    "aria-expanded",
    "false",
  );
  await expect(page).toHaveURL(/fold=/);
  await expect(page.getByRole("treeitem", { name: /Deployment web/ })).toBeHidden();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: /Details of Kustomization/ });
  await expect(panel).toBeVisible();
  await panel.getByRole("tab", { name: "Summary" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(panel.getByRole("tab", { name: /Conditions/ })).toBeFocused();
  await expect(panel.getByText("Applied revision: main@sha1:8c4d6f1")).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(page).toHaveURL(/tab=yaml/);
  await expect(panel.getByText("kustomize.toolkit.fluxcd.io/v1")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
});

test("the tree lives: a node falls ill, another one comes, without a new page", async ({ page, world }) => {
  const shop = world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop?view=tree");
  const web = page.getByRole("treeitem", { name: /^Deployment web,/ });
  await expect(web).toHaveAccessibleName("Deployment web, Healthy");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await web.evaluate((element) => Object.assign(element, { isTheSame: true }));
  world.changeNode(shop.key, "apps/Deployment/shop/web", { health: "Degraded" });
  await expect(web).toHaveAccessibleName("Deployment web, Degraded");
  expect(await web.evaluate((element) => "isTheSame" in element)).toBe(true);
  world.addNode(shop.key, {
    key: "/ConfigMap/shop/aaa",
    uid: "1",
    group: "",
    version: "v1",
    kind: "ConfigMap",
    namespace: "shop",
    name: "aaa",
    parents: ["kustomize.toolkit.fluxcd.io/Kustomization/shop/shop"],
  });
  await expect(page.getByRole("treeitem", { name: "ConfigMap aaa" })).toBeVisible();
  await page.getByRole("checkbox", { name: /Only problems/ }).check();
  await expect(page.getByRole("treeitem", { name: "ConfigMap aaa" })).toBeHidden();
  await expect(web).toBeVisible();
  await expect(page).toHaveURL(/only=problems/);
});

test("the mouse: dragging, the wheel, zooming, fitting, folding", async ({ page, world }) => {
  world.application("shop", { destinationNamespace: "shop" }, 60);
  await page.goto("/applications/shop?view=tree");
  const root = page.getByRole("treeitem", { name: /^Application shop/ });
  const place = async () => (await root.boundingBox()) ?? { x: 0, y: 0, width: 0 };
  const before = await place();
  await page.mouse.move(before.x + 400, before.y + 200);
  await page.mouse.down();
  await page.mouse.move(before.x + 460, before.y + 250, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await place()).x - before.x).toBeCloseTo(60, 0);
  await page.mouse.wheel(0, -40);
  await expect.poll(async () => (await place()).y - before.y).toBeCloseTo(90, 0);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect.poll(async () => (await place()).width).toBeLessThan(before.width);
  await page.getByRole("button", { name: "Fit into view" }).click();
  await page.getByRole("button", { name: "Fold all" }).click();
  await expect(page.getByRole("treeitem", { name: /Deployment web-1/ })).toBeHidden();
  await page.getByRole("button", { name: "Unfold all" }).click();
  await page.getByRole("button", { name: "Fit into view" }).click();
  await expect(page.getByRole("complementary")).toBeHidden();
});

test("syncing: a preview by key, the sync, and ending it", async ({ page, world }) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop");
  await expect(page.getByRole("button", { name: "Sync" })).toBeVisible();
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: "Sync shop" });
  await expect(dialog.getByText("asks GitRepository shop/shop to fetch")).toBeVisible();
  await expect(dialog.getByText(/\d+ created, \d+ changed, \d+ deleted, \d+ unchanged/)).toBeVisible();
  await expect(dialog.getByText("Pruning is on")).toBeVisible();
  await dialog.getByRole("button", { name: "Sync" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "Terminate" }).click();
  await expect(page.getByRole("button", { name: "Terminate" })).toBeDisabled();
  expect(world.asked).toEqual([
    "POST /api/v1/applications/shop/sync",
    "DELETE /api/v1/applications/shop/operation",
  ]);
});

test("s and Enter sync, Escape gives the focus back to the tree, and deleting begins with the name", async ({
  page,
  world,
}) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop?view=tree");
  const tree = page.getByRole("tree");
  await expect(tree).toBeVisible();
  await page.keyboard.press("s");
  await page.keyboard.press("Escape");
  await expect(tree).toBeFocused();
  await page.getByRole("treeitem", { name: /^Kustomization shop/ }).click();
  await expect(tree).toBeFocused();
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: "Sync shop" });
  await expect(dialog.getByRole("button", { name: "Sync" })).toBeFocused();
  await expect(dialog.getByText("Pruning is on")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(tree).toBeFocused();
  await page.getByRole("button", { name: "Delete" }).press("Enter");
  await expect(page.getByRole("textbox", { name: "Type shop to confirm" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Delete" })).toBeFocused();
  await tree.focus();
  await page.keyboard.press("s");
  await expect(dialog.getByRole("button", { name: "Sync" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(tree).toBeFocused();
  expect(world.asked).toEqual(["POST /api/v1/applications/shop/sync"]);
});

test("the preview of a revision that was not fetched yet says of which one its objects are", async ({
  page,
  world,
}) => {
  const { revision = "" } = world.application("shop", { sync: "OutOfSync" });
  await page.goto("/applications/shop?dialog=sync");
  const dialog = page.getByRole("dialog", { name: "Sync shop" });
  await expect(dialog.getByRole("status")).toHaveText(
    `This preview has the objects of ${revision.slice(0, 7)}, the revision that was fetched last. The sync fetches 2f1f370 first, and deploys what is in that one.`,
  );
  await page.goto("/applications");
  world.application("cart");
  await page.goto("/applications/cart?dialog=sync");
  await expect(page.getByText("What happens")).toBeVisible();
  await expect(page.getByText("was fetched last")).toBeHidden();
});

test("a sync that the server refuses says why, in the dialog", async ({ page, world, expectedStatus }) => {
  expectedStatus.add(400);
  world.application("shop");
  await page.goto("/applications/shop?dialog=sync");
  world.refusals.set("POST /api/v1/applications/shop/sync", {
    status: 400,
    message: "another operation is already in progress",
  });
  await page.getByRole("dialog").getByRole("button", { name: "Sync" }).click();
  await expect(page.getByRole("alert")).toHaveText("another operation is already in progress");
});

test("deleting: what goes and stays, the name to confirm, and nothing by accident", async ({
  page,
  world,
}) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop");
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete shop" });
  await expect(dialog.getByText("Kustomization shop/shop")).toBeVisible();
  await expect(dialog.getByText("namespaces are kept")).toBeVisible();
  const confirm = dialog.getByRole("button", { name: "Delete" });
  await expect(confirm).toBeDisabled();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Delete" })).toBeFocused();
  await page.keyboard.press("Enter");
  await dialog.getByRole("textbox", { name: "Type shop to confirm" }).fill("shop");
  await confirm.click();
  await expect(page).toHaveURL("/applications");
  await expect(page.getByRole("heading", { name: "No applications yet" })).toBeVisible();
  expect(world.asked).toEqual(["DELETE /api/v1/applications/shop?cascade=true"]);
});

test("deleting only the application needs no name", async ({ page, world }) => {
  world.application("shop");
  await page.goto("/applications/shop?dialog=delete");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: /Delete the application only/ }).check();
  await expect(dialog.getByRole("textbox")).toBeHidden();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL("/applications");
  expect(world.asked).toEqual(["DELETE /api/v1/applications/shop?cascade=false"]);
});

test("an application that goes while one looks at it says so", async ({ page, world }) => {
  const shop = world.application("shop");
  await page.goto("/applications/shop");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  world.remove(shop.key);
  await expect(page.getByRole("heading", { name: "This application is gone" })).toBeVisible();
  await expectAccessible(page);
});

test("the same objects as a list, by key, and the deployments", async ({ page, world }) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/applications/shop");
  await expect(page.getByRole("tree")).toBeVisible();
  await page.keyboard.press("i");
  const table = page.getByRole("table", { name: "Objects of this application" });
  await expect(table.getByRole("row", { name: /Deployment web Deployment/ })).toBeVisible();
  await table.getByRole("button", { name: "Fold web", exact: true }).click();
  await expect(table.getByRole("row", { name: /ReplicaSet web-5d8f/ })).toBeHidden();
  await page.keyboard.press("t");
  await expect(page.getByRole("tree")).toBeVisible();
  await page.getByRole("link", { name: "History" }).click();
  await expect(page.getByRole("row", { name: /Current/ })).toContainText("12s");
});

test("the deployments fit on a phone, with who made them and from where", async ({ page, world }) => {
  await page.setViewportSize({ width: 375, height: 780 });
  world.application("shop", { repo: "https://git.example.com/platform-team/shop-deployment.git" });
  await page.goto("/applications/shop?view=history");
  const history = page.getByRole("region", { name: "Deployments" });
  await expect(history.getByRole("columnheader", { name: "Source" })).toBeInViewport({ ratio: 1 });
  expect(await history.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
  const lines = (text: string) =>
    history
      .getByText(text, { exact: true })
      .first()
      .evaluate((one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return new Set(Array.from(range.getClientRects(), ({ top }) => top)).size;
      });
  expect([await lines("Automatic"), await lines("Deployed"), await lines("Took")]).toEqual([1, 1, 1]);
  await expectAccessible(page);
});
