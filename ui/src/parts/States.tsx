import type { ReactNode } from "react";
import type { Health, Sync } from "../api/types";
import { m } from "../messages";

/** Each state has a shape of its own, so that it is told apart without its colour. */
const HEALTH: Record<Health, ReactNode> = {
  Healthy: <path d="M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM5.2 8.2l2 2 3.7-4.2" />,
  Progressing: <path d="M8 1.8A6.2 6.2 0 1 1 1.8 8M1.8 5.2l0 2.8M8 4.5V8l2.3 1.4" />,
  Degraded: <path d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM5.7 5.7l4.6 4.6m0-4.6-4.6 4.6" />,
  Suspended: <path d="M2.5 2.5h11v11h-11zM6.3 5.6v4.8M9.7 5.6v4.8" />,
  Missing: <path strokeDasharray="2.6 2.270" d="M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4Z" />,
  Unknown: <path d="M8 1.5 14.5 8 8 14.5 1.5 8zM6.6 6.5a1.5 1.5 0 1 1 2 1.4c-.4.2-.6.5-.6.9M8 10.8v.1" />,
};

const SYNC: Record<Sync, ReactNode> = {
  Synced: <path d="m2.5 8.5 3.6 3.7 7.4-8.4" />,
  OutOfSync: <path d="M8 13.5v-11M3.5 7 8 2.5 12.5 7" />,
  Unknown: <path d="M5.5 5.6A2.5 2.5 0 1 1 9 8c-.7.3-1 .8-1 1.6M8 12.8v.2" />,
};

function Sign({ className, children }: { className: string; children: ReactNode }) {
  return (
    <svg
      className={`sign ${className}`}
      width={15}
      height={15}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export function HealthSign({ health }: { health: Health }) {
  return <Sign className={`is-${health.toLowerCase()}`}>{HEALTH[health]}</Sign>;
}

export function SyncSign({ sync }: { sync: Sync }) {
  return <Sign className={`is-${sync.toLowerCase()}`}>{SYNC[sync]}</Sign>;
}

export function HealthState({ health, title }: { health: Health; title?: string | undefined }) {
  return (
    <span className={`state is-${health.toLowerCase()}`} title={title}>
      <HealthSign health={health} />
      {m.health[health]}
    </span>
  );
}

export function SyncState({ sync }: { sync: Sync }) {
  return (
    <span className={`state is-${sync.toLowerCase()}`}>
      <SyncSign sync={sync} />
      {m.sync[sync]}
    </span>
  );
}
