import type { ReactNode } from "react";

/** A list with a height of its own, which a keyboard can scroll. */
export function ScrollList({ children }: { children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard.
    <ul className="changes" tabIndex={0}>
      {children}
    </ul>
  );
}
