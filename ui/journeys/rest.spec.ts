import { sourceRow } from "../fixture/rows";
import { expect, expectAccessible, test } from "./world";

test("creating from a pasted URL: three inputs, the YAML beside them, and the application is there", async ({
  page,
  world,
}) => {
  await page.goto("/applications");
  await page.getByRole("link", { name: "New application" }).first().click();
  await expect(page.getByRole("textbox", { name: "Git repository" })).toBeFocused();
  await page.keyboard.type("https://git.example.com/team/my-shop.git");
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("my-shop");
  await page.getByRole("textbox", { name: "Path" }).fill("deploy");
  const generated = page.getByRole("region", { name: "What is generated" });
  await expect(generated.getByText("GitRepository my-shop/my-shop")).toBeVisible();
  await expect(generated.getByText("./deploy").or(generated.getByText("deploy")).first()).toBeVisible();
  await expectAccessible(page);
  const draft = page.url();
  await page.reload();
  expect(page.url()).toBe(draft);
  await expect(page.getByRole("textbox", { name: "Path" })).toHaveValue("deploy");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page).toHaveURL("/applications/my-shop");
  await expect(page.getByRole("heading", { name: "my-shop" })).toBeVisible();
  expect(world.find("my-shop")?.path).toBe("deploy");
});

test("who applies it is a question: what is there, and what is not built", async ({ page }) => {
  await page.goto("/new?url=https%3A%2F%2Fgit.example.com%2Fteam%2Fshop.git");
  const question = page.getByRole("group", { name: "Who applies it?" });
  await expect(question.getByRole("radio", { name: /Argo CD's own engine/ })).toBeDisabled();
  await expect(page.getByText("AutoCreateFluxResources=true")).toBeVisible();
  await question.getByRole("radio", { name: /Flux objects that are there/ }).check();
  await expect(page.getByText("AutoCreateFluxResources=true")).toBeHidden();
  await expect(page.getByText("FluxSubsystem=true")).toBeVisible();
  await expect(page.getByText("Nothing is generated")).toBeVisible();
});

test("problems stand beside the field that they name, and the server has the last word", async ({
  page,
  world,
  expectedStatus,
}) => {
  expectedStatus.add(400);
  world.application("shop");
  await page.goto("/new");
  await page.getByRole("button", { name: "Create" }).click();
  const url = page.getByRole("textbox", { name: "Git repository" });
  await expect(url).toHaveAccessibleDescription("Paste the URL of a Git repository.");
  await url.fill("https://git.example.com/team/shop.git");
  await expect(url).toHaveAccessibleDescription("");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("alert")).toHaveText(
    "There is an Application shop already, with another spec: choose another name, or open it. Open shop",
  );
  await expectAccessible(page);
  await page.getByRole("textbox", { name: "Name" }).fill("shop-2");
  await expect(page.getByRole("alert")).toBeHidden();
  await page.getByRole("textbox", { name: "Name" }).fill("shop");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Open shop" }).click();
  await expect(page).toHaveURL("/applications/shop");
});

test("what Flux cannot fetch, and what is no name, is said at the field, and nothing is previewed", async ({
  page,
  world,
}) => {
  await page.goto("/new");
  const url = page.getByRole("textbox", { name: "Git repository" });
  const name = page.getByRole("textbox", { name: "Name" });
  const preview = page.getByRole("region", { name: "What is generated" });
  await url.fill("http");
  await expect(preview).toContainText("as soon as what is marked");
  await expect(url).toHaveAttribute("aria-invalid", "false");
  await name.focus();
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await url.fill("/tmp/x/repo");
  await expect(url).toHaveAccessibleDescription(/flamingo up --from/);
  await expectAccessible(page);
  await expect(preview.getByRole("figure")).toHaveCount(0);
  await url.fill("git@git.example.com:team/shop.git");
  await expect(url).toHaveAccessibleDescription(
    /not by SSH. Try https:\/\/git\.example\.com\/team\/shop\.git/,
  );
  await url.fill("https://git.example.com/team/shop.git");
  await expect(url).toHaveAttribute("aria-invalid", "false");
  await name.fill("Repo X");
  await expect(name).toHaveAccessibleDescription(/For instance: repo-x/);
  await expect(preview.getByRole("figure")).toHaveCount(0);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(name).toBeFocused();
  expect(world.asked.filter((line) => line.endsWith("/api/v1/applications"))).toEqual([]);
  await name.fill("repo-x");
  await expect(preview.getByText("GitRepository repo-x/repo-x")).toBeVisible();
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("textbox", { name: "Destination namespace" }).fill("a.b");
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("textbox", { name: "Destination namespace" })).toBeFocused();
});

test("a session that ends leads to the login, and from there back", async ({
  page,
  world,
  server,
  expectedStatus,
}) => {
  expectedStatus.add(401);
  world.application("shop");
  await page.goto("/applications?q=shop&sort=health");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  world.isLoggedIn = false;
  server.cut();
  await expect(page.getByRole("heading", { name: "Log in to Flamingo" })).toBeVisible();
  await expect(page.getByText("Your session is over")).toBeVisible();
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("Invalid username or password");
  await expectAccessible(page);
  await page.getByLabel("Password").fill("right");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/applications?q=shop&sort=health");
  await expect(page.getByRole("link", { name: "shop" })).toBeVisible();
});

test("who comes for the first time is not told of a session that ended", async ({
  page,
  world,
  expectedStatus,
}) => {
  expectedStatus.add(401);
  world.isLoggedIn = false;
  await page.goto("/applications?q=shop");
  await expect(page.getByText("Log in to see the page that you asked for")).toBeVisible();
  await expect(page.getByText("Your session is over")).toBeHidden();
});

test("logging out", async ({ page, expectedStatus }) => {
  expectedStatus.add(401);
  await page.goto("/applications");
  await page.getByLabel("Account").click();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { name: "Log in to Flamingo" })).toBeVisible();
});

test("a Flux object: reconcile, suspend and resume, by key and by button", async ({ page, world }) => {
  const own = sourceRow("shop", "base");
  world.rows.set(own.key, own);
  await page.goto("/flux");
  await page.getByRole("link", { name: "base" }).click();
  await expect(page.getByRole("button", { name: "Suspend" })).toBeVisible();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.keyboard.press("r");
  await expect(page.getByText("Reconciliation asked for")).toBeVisible();
  await page.keyboard.press("u");
  await expect(page.getByRole("button", { name: "Resume" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Reconcile" })).toBeDisabled();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Suspend" })).toBeVisible();
  expect(world.asked).toHaveLength(3);
});

test("what was generated for an application is suspended there, and its page leads there", async ({
  page,
  world,
}) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.goto("/flux");
  await page
    .getByRole("row")
    .filter({ has: page.getByText("GitRepository", { exact: true }) })
    .getByRole("link", { name: "shop" })
    .click();
  await expect(
    page.getByText("Generated for Application argocd/shop, whose syncs suspend and resume it."),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "Suspend" })).toBeHidden();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.keyboard.press("u");
  await page.keyboard.press("r");
  await expect(page.getByText("Reconciliation asked for")).toBeVisible();
  expect(world.asked).toHaveLength(1);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Application argocd/shop" }).click();
  await expect(page).toHaveURL("/applications/shop");
});

test("a long line of YAML is scrolled to its end", async ({ page, world }) => {
  world.application("shop", { destinationNamespace: "shop" });
  await page.route(/\/object\?/, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.object.spec.long = "x".repeat(600);
    await route.fulfill({ response, json: answer });
  });
  const key = encodeURIComponent("source.toolkit.fluxcd.io/GitRepository/shop/shop");
  await page.goto(`/flux/${key}?tab=yaml`);
  const line = page.locator(".yaml-line", { hasText: "xxx" });
  await expect(line).toBeVisible();
  const right = () => line.evaluate((one) => one.lastElementChild?.getBoundingClientRect().right ?? 0);
  expect(await right()).toBeGreaterThan(1440);
  await page.locator(".rows.yaml").evaluate((rows) => rows.scrollTo(rows.scrollWidth, 0));
  expect(await right()).toBeLessThanOrEqual(1440);
});

test("the sheet of keys opens with one, says all, and closes", async ({ page }) => {
  await page.goto("/applications");
  await expect(page.getByRole("heading", { name: "No applications yet" })).toBeVisible();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet.getByText("Sync, with a preview")).toBeVisible();
  await expect(sheet.getByText("Flamingo 0.1.0, on Kubernetes v1.36.3")).toBeVisible();
  const licenses = await page.request.get("/licenses.md");
  expect(await licenses.text()).toContain("react-dom");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(sheet).toBeVisible();
});

test("a chosen theme stays, and is there before the first paint", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/applications");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  await expect(page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
  expect(await background()).not.toBe(light);
  await page.route("**/assets/*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  await page.reload().catch(() => {});
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
});

test("what one may not do is not offered, or says so", async ({ page, world }) => {
  world.options.mayCreate = false;
  await page.goto("/applications");
  await expect(page.getByRole("heading", { name: "No applications yet" })).toBeVisible();
  await expect(page.getByRole("link", { name: "New application" })).toBeHidden();
  await page.goto("/new");
  await expect(page.getByText("Your role does not allow creating applications.")).toBeVisible();
  await expectAccessible(page);
});

test("no banner where the cluster is real", async ({ page, world }) => {
  world.options.isSimulated = false;
  await page.goto("/applications");
  await expect(page.getByRole("heading", { name: "No applications yet" })).toBeVisible();
  await expect(page.getByText("Simulated cluster.")).toBeHidden();
});

test("a server that does not answer is said, and tried again", async ({ page, world, expectedStatus }) => {
  expectedStatus.add(500);
  world.application("shop");
  world.refusals.set("GET /rows", { status: 500, message: "the cluster does not answer" });
  await page.goto("/applications");
  await expect(page.getByRole("alert")).toContainText("the cluster does not answer");
  await expectAccessible(page);
  world.refusals.clear();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("link", { name: "shop" })).toBeVisible();
});
