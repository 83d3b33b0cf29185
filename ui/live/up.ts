import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect } from "@playwright/test";

export { expect };

/** `flamingo up`, as a person starts it. */
export class Up {
  #text = "";

  constructor(
    private readonly process: ChildProcess,
    readonly folder: string,
  ) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on("data", (piece: Buffer) => {
        this.#text += piece.toString();
      });
    }
  }

  /** What it printed, once that matches. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    await expect
      .poll(() => pattern.test(this.#text), { timeout: 60_000, message: `waiting for ${pattern}` })
      .toBe(true);
    const found = pattern.exec(this.#text);
    if (!found) throw new Error(`${pattern} is not in\n${this.#text}`);
    return found;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      this.process.kill("SIGINT");
      await once(this.process, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts it with a state of its own, on free ports. */
export function start(binary: string): Up {
  const folder = mkdtempSync(join(tmpdir(), "flamingo-page-"));
  const words = ["up", "--port", "0", "--api-port", "0", "--data-dir", join(folder, "state")];
  return new Up(spawn(binary, words, { cwd: folder }), folder);
}

/** A running Flamingo with its demo, for all tests of a file. */
export const test = base.extend<object, { up: Up }>({
  up: [
    // biome-ignore lint/correctness/noEmptyPattern: the runner wants a pattern.
    async ({}, use) => {
      const binary = process.env.FLAMINGO;
      if (!binary) throw new Error("FLAMINGO is the path of the binary to test");
      const up = start(binary);
      await use(up);
      await up.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});
