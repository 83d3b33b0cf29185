import type { ReactNode } from "react";
import type { ApiError } from "../api/client";
import { m } from "../messages";
import { Button } from "./Button";

interface Props {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  isAlert?: boolean;
  /** Whether nothing else is on the page. */
  isPage?: boolean;
}

/** What stands where something would be: nothing there, not allowed, not reached. */
export function Notice({ title, children, actions, isAlert = false, isPage = false }: Props) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <section className="notice" role={isAlert ? "alert" : undefined}>
      <Heading>{title}</Heading>
      {children}
      {actions && <div className="notice-actions">{actions}</div>}
    </section>
  );
}

export function errorText(error: ApiError): string {
  if (error.status === 0) return m.error.unreachable;
  return error.message === "" ? m.error.status(error.status) : error.message;
}

interface ErrorProps {
  error: ApiError;
  onRetry: () => void;
  isPage?: boolean;
  /** Where a refusal means no more than that the server does not say whether there is something. */
  hidden?: string;
}

export function ErrorNotice({ error, onRetry, isPage = false, hidden }: ErrorProps) {
  const title =
    error.status === 403
      ? (hidden ?? m.error.forbidden)
      : error.status === 404
        ? m.error.missing
        : m.error.failed;
  const retry = <Button icon="refresh" label={m.error.retry} onClick={onRetry} />;
  return (
    <Notice title={title} isAlert isPage={isPage} actions={retry}>
      <p>{errorText(error)}</p>
    </Notice>
  );
}
