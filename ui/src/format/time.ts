const STEPS: readonly [number, string][] = [
  [365 * 86_400, "y"],
  [30 * 86_400, "mo"],
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A span of time in its largest unit: `45s`, `3min`, `2h`, `5d`, `4mo`, `2y`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [length, unit] of STEPS) {
    if (seconds >= length) return `${Math.floor(seconds / length)}${unit}`;
  }
  return "0s";
}

/** When the span that is shown becomes another one. */
export function untilChange(milliseconds: number): number {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return 1_000;
  return seconds < 3_600 ? 20_000 : 300_000;
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function moment(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : full.format(date);
}
