/** An answer that is not a success, or none at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Listener = () => void;
const whenOver = new Set<Listener>();

/** Calls back when the server says that there is no session (any more). */
export function onSessionOver(listener: Listener): () => void {
  whenOver.add(listener);
  return () => whenOver.delete(listener);
}

export function sessionIsOver(): void {
  for (const listener of whenOver) listener();
}

interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  /** A login answers 401 for a wrong password, which does not end a session. */
  isLogin?: boolean;
}

export async function call<T>(path: string, options: Options = {}): Promise<T> {
  const answer = await send(path, options);
  if (answer.status === 401 && !options.isLogin) sessionIsOver();
  const text = await answer.text();
  if (!answer.ok) throw new ApiError(answer.status, errorMessage(text) ?? answer.statusText);
  return (text === "" ? {} : JSON.parse(text)) as T;
}

async function send(path: string, { method = "GET", body, signal }: Options): Promise<Response> {
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (signal) init.signal = signal;
  if (method !== "GET") {
    init.headers = { "Content-Type": "application/json" };
    if (body !== undefined) init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  }
}

function errorMessage(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: string; error?: string };
    return body.message ?? body.error;
  } catch {
    return text === "" ? undefined : text.slice(0, 500);
  }
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
