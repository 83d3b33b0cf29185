import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

/** A Git repository of a test, and a server for it: git's own. */
export class Repository {
  constructor(
    readonly root: string,
    readonly name: string,
  ) {
    mkdirSync(this.#folder, { recursive: true });
    this.#git("init", "--quiet", "--initial-branch=main");
  }

  get #folder(): string {
    return join(this.root, this.name);
  }

  /** Commits files, and gives the commit. */
  commit(message: string, files: Record<string, string>): string {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.#folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    this.#git("add", "--all");
    this.#git("commit", "--quiet", "--message", message);
    return this.#git("rev-parse", "HEAD").trim();
  }

  #git(...words: string[]): string {
    const identity = [
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.com",
      "-c",
      "commit.gpgsign=false",
    ];
    return execFileSync("git", [...identity, ...words], {
      cwd: this.#folder,
      encoding: "utf8",
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    });
  }
}

export interface GitServer {
  url: (repository: Repository) => string;
  close: () => void;
}

export async function serveGit(root: string): Promise<GitServer> {
  const server = createServer((request, response) => backend(root, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: ({ name }) => `http://127.0.0.1:${port}/${name}/.git`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One request through the CGI program that comes with git. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const program = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(program.stdin);
  const pieces: Buffer[] = [];
  program.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  program.on("close", () => {
    const whole = Buffer.concat(pieces);
    const end = whole.indexOf("\r\n\r\n");
    const headers = Object.fromEntries(
      whole
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => line.split(/:\s*/, 2) as [string, string]),
    );
    const { Status = "200", ...rest } = headers;
    response.writeHead(Number.parseInt(Status, 10), rest);
    response.end(whole.subarray(end + 4));
  });
}
