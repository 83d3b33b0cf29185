import { Cell } from "../live/cell";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = "flamingo.theme";

function stored(): Theme {
  const text = localStorage.getItem(PLACE);
  return THEMES.find((theme) => theme === text) ?? "auto";
}

export const theme = new Cell<Theme>(stored());

/** `theme.js` reads the same place before the first paint. */
export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? "auto";
  if (next === "auto") {
    localStorage.removeItem(PLACE);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(PLACE, next);
    document.documentElement.dataset.theme = next;
  }
  theme.set(next);
}
