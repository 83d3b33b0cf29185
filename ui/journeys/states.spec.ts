import { sourceRow } from "../fixture/rows";
import type { World } from "../fixture/world";
import { expect, expectAccessible, type Page, test } from "./world";

interface State {
  name: string;
  path: string;
  given?: (world: World) => void;
  /** What says that the state is there. */
  shows: (page: Page) => ReturnType<Page["getByRole"]>;
  status?: number;
}

const BAD = 'the image "registry.example.com/app:1.4.2" of container web cannot be pulled';
const heading = (name: string | RegExp) => (page: Page) => page.getByRole("heading", { name }).first();
const APP = "/applications/shop";
const NODE = encodeURIComponent("apps/Deployment/shop/web");

function shop(world: World): void {
  world.application("shop", { destinationNamespace: "shop" }, 40);
}

function broken(world: World): void {
  world.application(
    "shop",
    { destinationNamespace: "shop", health: "Degraded", trouble: BAD, healthMessage: BAD },
    40,
  );
}

function many(world: World): void {
  broken(world);
  world.application("checkout", { health: "Progressing", operation: "Running" });
  world.application("legacy", { sync: "OutOfSync" });
  world.application("unseen", { health: "Unknown", sync: "Unknown" });
  world.application("missing", { health: "Missing", isDeleting: true });
  world.application("paused", { health: "Suspended" });
}

const STATES: State[] = [
  {
    name: "list",
    path: "/applications",
    shows: (page) => page.getByRole("link", { name: "shop" }),
    given: many,
  },
  {
    name: "list-flux",
    path: "/flux",
    shows: (page) => page.getByRole("link", { name: "shop" }).first(),
    given: many,
  },
  {
    name: "list-all",
    path: "/all?health=Degraded&filters=open",
    shows: (page) => page.getByRole("link", { name: "shop" }).first(),
    given: many,
  },
  { name: "list-none", path: "/applications", shows: heading("No applications yet") },
  {
    name: "list-no-match",
    path: "/applications?q=nothing-like-this",
    shows: heading("Nothing matches"),
    given: many,
  },
  {
    name: "list-forbidden",
    path: "/applications",
    shows: heading("You may not see this"),
    status: 403,
    given: (world) =>
      world.refusals.set("GET /rows", { status: 403, message: "permission denied: applications, get, */*" }),
  },
  { name: "application", path: APP, shows: heading("shop"), given: shop },
  {
    name: "application-broken",
    path: `${APP}?view=tree`,
    shows: (page) => page.getByText("What to do").first(),
    given: broken,
  },
  {
    name: "application-list",
    path: `${APP}?view=list`,
    shows: (page) => page.getByRole("table", { name: "Objects of this application" }),
    given: broken,
  },
  {
    name: "application-history",
    path: `${APP}?view=history`,
    shows: (page) => page.getByRole("table", { name: "Deployments" }),
    given: shop,
  },
  {
    name: "application-problems",
    path: `${APP}?only=problems&view=tree`,
    shows: (page) => page.getByRole("tree"),
    given: broken,
  },
  {
    name: "application-no-problems",
    path: `${APP}?only=problems`,
    shows: heading("No problems"),
    given: shop,
  },
  {
    name: "application-missing",
    path: APP,
    shows: heading("There is no such application, or you may not see it"),
    status: 403,
  },
  {
    name: "node",
    path: `${APP}?node=${NODE}`,
    shows: (page) => page.getByRole("tab", { name: "Summary" }),
    given: broken,
  },
  {
    name: "node-conditions",
    path: `${APP}?node=${NODE}&tab=conditions`,
    shows: (page) => page.getByText("Reconciling", { exact: true }),
    given: broken,
  },
  {
    name: "node-events",
    path: `${APP}?node=${NODE}&tab=events`,
    shows: (page) => page.getByText("Scheduled", { exact: true }),
    given: broken,
  },
  {
    name: "node-yaml",
    path: `${APP}?node=${NODE}&tab=yaml`,
    shows: (page) => page.getByText("apiVersion"),
    given: broken,
  },
  { name: "sync", path: `${APP}?dialog=sync`, shows: (page) => page.getByText("What happens"), given: shop },
  {
    name: "sync-unfetched",
    path: `${APP}?dialog=sync`,
    shows: (page) => page.getByText("the revision that was fetched last"),
    given: (world) => void world.application("shop", { sync: "OutOfSync" }),
  },
  {
    name: "sync-refused",
    path: `${APP}?dialog=sync`,
    shows: (page) => page.getByText("The sync would not succeed"),
    given: (world) =>
      void world.application("shop", {
        health: "Missing",
        trouble: "the path ./deploy is not in the source",
      }),
  },
  { name: "delete", path: `${APP}?dialog=delete`, shows: (page) => page.getByText(/^Deleted:/), given: shop },
  {
    name: "object",
    path: `/flux/${encodeURIComponent("source.toolkit.fluxcd.io/GitRepository/shop/shop")}`,
    shows: (page) => page.getByRole("heading", { name: "Artifact" }),
    given: shop,
  },
  {
    name: "object-own",
    path: `/flux/${encodeURIComponent("source.toolkit.fluxcd.io/GitRepository/shop/base")}`,
    shows: (page) => page.getByRole("button", { name: "Suspend" }),
    given: (world) => {
      const own = sourceRow("shop", "base");
      world.rows.set(own.key, own);
    },
  },
  { name: "create", path: "/new", shows: heading("New application") },
  {
    name: "create-filled",
    path: "/new?url=https%3A%2F%2Fgit.example.com%2Fteam%2Fshop.git&path=deploy&more=open",
    shows: (page) => page.getByText("GitRepository shop/shop"),
  },
  {
    name: "create-problem",
    path: "/new?url=shop&name=Not+Good",
    shows: (page) => page.getByText("Give the address of a Git repository"),
  },
  { name: "unknown", path: "/nowhere", shows: heading("There is no such page") },
  {
    name: "login",
    path: "/login",
    shows: heading("Log in to Flamingo"),
    status: 401,
    given: (world) => {
      world.isLoggedIn = false;
    },
  },
];

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 375]) {
    for (const state of STATES) {
      test(`${state.name}, ${theme}, ${width} px`, async ({ page, world, expectedStatus }) => {
        if (state.status) expectedStatus.add(state.status);
        state.given?.(world);
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: width === 375 ? 780 : 900 });
        await page.goto(state.path);
        await expect(state.shows(page)).toBeVisible();
        await page.screenshot({ path: `test-results/states/${state.name}-${theme}-${width}.png` });
        await expectAccessible(page);
      });
    }
  }
}
