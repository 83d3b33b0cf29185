import type { Row } from "../api/types";

/** A word of the search box, as `/rows` reads it. */
export interface Word {
  field: string | undefined;
  text: string;
  isNot: boolean;
}

/** What of a row words are held against: of some rows no more is known than their names. */
type Searched = Partial<Row>;

const FIELDS: Record<string, (row: Searched) => (string | undefined)[]> = {
  health: (row) => [row.health],
  sync: (row) => [row.sync],
  kind: (row) => [row.kind],
  project: (row) => [row.project],
  ns: (row) => [row.namespace, row.destinationNamespace],
  repo: (row) => [row.repo],
  name: (row) => [row.name],
  image: (row) => row.images ?? [],
};

/** The keys that hold a word to one thing. */
export const KEYS: readonly string[] = Object.keys(FIELDS);

/** What keys of few values may be asked for, from bad to good. */
export const VALUES = {
  health: ["Degraded", "Missing", "Progressing", "Unknown", "Suspended", "Healthy"],
  sync: ["OutOfSync", "Unknown", "Synced"],
} as const satisfies Record<string, readonly string[]>;

type ValueKey = keyof typeof VALUES;

/** At spaces that stand in no quotes; a quote that is not closed reaches to the end. */
function split(text: string): string[] {
  const words = text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ""));
}

export function parseWords(text: string): Word[] {
  return split(text)
    .map((word) => {
      const isNot = word.startsWith("-");
      const bare = isNot ? word.slice(1) : word;
      const [name = "", ...rest] = bare.split(":");
      const isField = rest.length > 0 && Object.hasOwn(FIELDS, name);
      const field = isField ? name : undefined;
      return { field, text: (isField ? rest.join(":") : bare).toLowerCase(), isNot };
    })
    .filter((word) => word.text !== "");
}

export interface Misread {
  /** What was written as a key, and is none. */
  keys: string[];
  /** What a key of few values never has. */
  values: { key: ValueKey; text: string }[];
}

/** What of a search can find nothing, whatever there is. */
export function misread(text: string): Misread {
  const keys = new Set<string>();
  const values: Misread["values"] = [];
  for (const { field, text: word, isNot } of parseWords(text)) {
    if (field === undefined) {
      const key = /^([a-z][\w.-]*):(?!\/\/)/.exec(word)?.[1];
      if (key !== undefined) keys.add(key);
    } else if (!isNot && (field === "health" || field === "sync")) {
      const isKnown = VALUES[field].some((value) => value.toLowerCase().includes(word));
      if (!isKnown) values.push({ key: field, text: word });
    }
  }
  return { keys: Array.from(keys), values };
}

/** Whether names alone tell which rows have these words. */
export function areAboutNames(words: Word[]): boolean {
  return words.every(({ field }) => field === undefined || ["kind", "project", "ns", "name"].includes(field));
}

function valuesOf(row: Searched, field: string | undefined): (string | undefined)[] {
  const read = field === undefined ? undefined : FIELDS[field];
  if (read) return read(row);
  return [row.name, row.namespace, row.project, row.repo, row.path, row.revision, row.targetRevision];
}

/** The same decision as the server's, for what is known before it answers. */
export function matches(row: Searched, words: Word[]): boolean {
  return words.every(({ field, text, isNot }) => {
    const isIn = valuesOf(row, field).some((value) => value?.toLowerCase().includes(text));
    return isIn !== isNot;
  });
}
