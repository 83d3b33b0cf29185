import base from "./playwright.config";

/** One after the other: what is measured has the machine for itself. */
export default {
  ...base,
  testDir: "bench",
  globalSetup: "./bench/measure.ts",
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  reporter: [["line"]],
};
