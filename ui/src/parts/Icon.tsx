import type { ReactNode } from "react";

const PATHS = {
  search: <path d="M7 12.2A5.2 5.2 0 1 0 7 1.8a5.2 5.2 0 0 0 0 10.4ZM11 11l3.4 3.4" />,
  plus: <path d="M8 2.5v11M2.5 8h11" />,
  sync: <path d="M13.5 6.5A5.7 5.7 0 0 0 3.2 5M2.5 9.5A5.7 5.7 0 0 0 12.8 11M3 1.8V5h3.2M13 14.2V11H9.8" />,
  refresh: <path d="M13.7 8A5.7 5.7 0 1 1 11.8 3.8L13.7 5.5M13.7 2v3.5h-3.5" />,
  trash: <path d="M2.5 4h11M6 4V2.2h4V4M4 4l.7 9.8h6.6L12 4M6.7 6.8v4.4M9.3 6.8v4.4" />,
  stop: <path d="M4 4h8v8H4z" />,
  pause: <path d="M5.5 3v10M10.5 3v10" />,
  play: <path d="M4.5 2.8v10.4L13 8z" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  chevron: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  up: <path d="M8 13V3M3.8 7.2 8 3l4.2 4.2" />,
  down: <path d="M8 3v10M3.8 8.8 8 13l4.2-4.2" />,
  back: <path d="M13 8H3M7.2 3.8 3 8l4.2 4.2" />,
  sun: (
    <path d="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 .8v1.7M8 13.5v1.7M.8 8h1.7M13.5 8h1.7M2.9 2.9l1.2 1.2M11.9 11.9l1.2 1.2M13.1 2.9l-1.2 1.2M4.1 11.9l-1.2 1.2" />
  ),
  moon: <path d="M13.8 9.6A6.2 6.2 0 0 1 6.4 2.2a6.2 6.2 0 1 0 7.4 7.4Z" />,
  screen: <path d="M1.8 2.8h12.4v8.4H1.8zM5.5 13.8h5M8 11.2v2.6" />,
  help: (
    <path d="M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM6 6.2a2 2 0 1 1 2.8 1.9c-.5.2-.8.6-.8 1.1M8 11.5v.2" />
  ),
  user: <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c.6-2.6 2.8-4 5.5-4s4.9 1.4 5.5 4" />,
  filter: <path d="M2 3.5h12M4.5 8h7M6.8 12.5h2.4" />,
  tree: <path d="M1.5 6h4v4h-4zM10.5 1.8h4v4h-4zM10.5 10.2h4v4h-4zM5.5 8H8M10.5 3.8H8v8.4h2.5" />,
  rows: <path d="M2 3.5h12M2 8h12M2 12.5h12" />,
  fit: <path d="M2 5.5V2h3.5M10.5 2H14v3.5M14 10.5V14h-3.5M5.5 14H2v-3.5" />,
  minus: <path d="M2.5 8h11" />,
  clock: <path d="M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM8 4.2V8l2.6 1.6" />,
  flask: (
    <path d="M6 1.8h4M6.8 1.8v4.4L2.8 13a.9.9 0 0 0 .8 1.3h8.8a.9.9 0 0 0 .8-1.3L9.2 6.2V1.8M4.6 10h6.8" />
  ),
  warning: <path d="M8 1.8 15 14H1zM8 6.5v3.5M8 12v.2" />,
  copy: <path d="M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

/** A sign beside a word; alone it says nothing to a screen reader, so its button has a name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {PATHS[name]}
    </svg>
  );
}
