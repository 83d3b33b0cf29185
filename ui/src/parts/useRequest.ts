import { useCallback, useEffect, useState } from "react";
import { ApiError, isAborted } from "../api/client";

export interface Requested<T> {
  data: T | undefined;
  error: ApiError | undefined;
  reload: () => void;
}

/**
 * Asks for something, again whenever `key` changes, and forgets answers that came too late. What was there
 * stays while the same thing is asked for again.
 */
export function useRequest<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Requested<T> {
  const [answer, setAnswer] = useState<{ key: string; data?: T; error?: ApiError }>({ key });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for all that `ask` depends on.
  useEffect(() => {
    const abort = new AbortController();
    ask(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setAnswer({ key, data });
      },
      (error) => {
        if (abort.signal.aborted || isAborted(error)) return;
        setAnswer({ key, error: error instanceof ApiError ? error : new ApiError(0, String(error)) });
      },
    );
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const isCurrent = answer.key === key;
  return { data: isCurrent ? answer.data : undefined, error: isCurrent ? answer.error : undefined, reload };
}
