import type { Row } from "../api/types";

/** A word of the search box, as `/rows` reads it. */
interface Word {
  field: string | undefined;
  text: string;
  isNot: boolean;
}

const FIELDS: Record<string, (row: Row) => (string | undefined)[]> = {
  health: (row) => [row.health],
  sync: (row) => [row.sync],
  kind: (row) => [row.kind],
  project: (row) => [row.project],
  ns: (row) => [row.namespace, row.destinationNamespace],
  repo: (row) => [row.repo],
  name: (row) => [row.name],
  image: (row) => row.images ?? [],
};

export function parseWords(text: string): Word[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "-")
    .map((word) => {
      const isNot = word.startsWith("-");
      const bare = isNot ? word.slice(1) : word;
      const colon = bare.indexOf(":");
      const field = bare.slice(0, Math.max(colon, 0));
      if (field in FIELDS) return { field, text: bare.slice(colon + 1), isNot };
      return { field: undefined, text: bare, isNot };
    });
}

function valuesOf(row: Row, field: string | undefined): (string | undefined)[] {
  const read = field === undefined ? undefined : FIELDS[field];
  if (read) return read(row);
  return [row.name, row.namespace, row.project, row.repo, row.path, row.revision, row.targetRevision];
}

/** The same decision as the server's, for what is known before it answers. */
export function matches(row: Row, words: Word[]): boolean {
  return words.every(({ field, text, isNot }) => {
    const isIn = valuesOf(row, field).some((value) => value?.toLowerCase().includes(text));
    return isIn !== isNot;
  });
}
