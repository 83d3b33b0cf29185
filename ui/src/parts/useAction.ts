import { useState } from "react";
import { ApiError } from "../api/client";
import { m } from "../messages";
import { errorText } from "./Notice";

export interface Action {
  isBusy: boolean;
  /** Why the last try failed, for people. */
  error: string | undefined;
  run: (act: () => Promise<unknown>, done?: () => void) => void;
}

/** Something that one does: whether it is under way, and what the server said against it. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = (act: () => Promise<unknown>, done?: () => void) => {
    setBusy(true);
    setError(undefined);
    act().then(
      () => {
        setBusy(false);
        done?.();
      },
      (failure) => {
        setBusy(false);
        setError(failure instanceof ApiError ? errorText(failure) : m.error.failed);
      },
    );
  };
  return { isBusy, error, run };
}
