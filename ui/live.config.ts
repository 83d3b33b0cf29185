import base from "./playwright.config";

/** Against `flamingo up`: FLAMINGO is the path of the binary. */
export default { ...base, testDir: "live", workers: 1, timeout: 120_000, expect: { timeout: 30_000 } };
