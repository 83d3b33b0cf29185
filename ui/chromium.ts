import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The browser of this machine: none is ever downloaded. */
export function chromium(): string {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM) return CHROMIUM;
  for (const folder of PATH.split(delimiter)) {
    const found = NAMES.map((name) => join(folder, name)).find(existsSync);
    if (found) return found;
  }
  throw new Error("no chromium: install one, or set CHROMIUM to the path of a browser");
}
