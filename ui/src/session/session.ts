import { createContext, useContext } from "react";
import { ApiError, isAborted, onSessionOver } from "../api/client";
import { getSession } from "../api/routes";
import type { Session } from "../api/types";
import { Cell } from "../live/cell";

export type SessionState =
  | { state: "asking" }
  /** Nobody is logged in. `isOver` says that somebody was, in this tab. */
  | { state: "none"; isOver: boolean }
  | { state: "failed"; error: ApiError }
  | { state: "there"; session: Session };

export const session = new Cell<SessionState>({ state: "asking" });

onSessionOver(end);

function end(): void {
  const before = session.get();
  if (before.state !== "none") session.set({ state: "none", isOver: before.state === "there" });
}

let abort = new AbortController();

/** Asks who is there. */
export function askSession(): void {
  abort.abort();
  abort = new AbortController();
  getSession(abort.signal).then(
    (answer) => session.set({ state: "there", session: answer }),
    (error) => {
      if (isAborted(error)) return;
      const known = error instanceof ApiError ? error : new ApiError(0, String(error));
      if (known.status === 401) end();
      else session.set({ state: "failed", error: known });
    },
  );
}

export const SessionContext = createContext<Session | undefined>(undefined);

/** Who is there; only below the pages that need a session. */
export function useSession(): Session {
  const there = useContext(SessionContext);
  if (!there) throw new Error("used outside of a session");
  return there;
}
