import type { Facet, Key, Row, RowName } from "../api/types";
import type { Show } from "../router/paths";
import { areAboutNames, matches, parseWords, type Word } from "../search/words";

export const FACETS: readonly Facet[] = ["health", "sync", "kind", "project", "namespace"];

export const SORTS = ["name", "kind", "project", "namespace", "health", "sync", "created", "synced"] as const;
export type Sort = (typeof SORTS)[number];
export type Order = "asc" | "desc";

/** What a list shows, and in which order. */
export interface ListQuery {
  show: Show;
  q: string;
  chosen: Record<Facet, string[]>;
  sort: Sort;
  order: Order;
}

export function listQuery(show: Show, query: URLSearchParams): ListQuery {
  const sort = SORTS.find((one) => one === query.get("sort")) ?? "name";
  const order = query.get("order") === "desc" ? "desc" : "asc";
  const chosen = Object.fromEntries(FACETS.map((facet) => [facet, query.getAll(facet)]));
  return { show, q: query.get("q") ?? "", chosen: chosen as Record<Facet, string[]>, sort, order };
}

/** The parameters that choose rows. */
export function choosing(query: ListQuery): URLSearchParams {
  const parameters = new URLSearchParams({ show: query.show });
  if (query.q.trim() !== "") parameters.set("q", query.q.trim());
  for (const facet of FACETS) for (const value of query.chosen[facet]) parameters.append(facet, value);
  return parameters;
}

export function windowOf(query: ListQuery, offset: number, limit: number): URLSearchParams {
  const parameters = choosing(query);
  parameters.set("sort", query.sort);
  parameters.set("order", query.order);
  parameters.set("offset", String(offset));
  parameters.set("limit", String(limit));
  return parameters;
}

export function hasChoice(query: ListQuery): boolean {
  return query.q.trim() !== "" || FACETS.some((facet) => query.chosen[facet].length > 0);
}

/** Whether names alone tell the order. */
export function isOrderOfNames({ sort }: ListQuery): boolean {
  return sort === "name" || sort === "kind" || sort === "project" || sort === "namespace";
}

type Known = RowName & Partial<Row>;

/** What a row is chosen and sorted by; its namespace is the one that it deploys to, where it says one. */
export function valueBy(row: Known, by: Facet | Sort): string {
  if (by === "namespace") return row.destinationNamespace ?? row.namespace;
  return row[by] ?? "";
}

/** The rows as the answer will probably have them: of what is known, and of who else there is. */
export function guess(
  known: ReadonlyMap<Key, Row>,
  names: ReadonlyMap<Key, RowName>,
  query: ListQuery,
): RowName[] {
  const words = parseWords(query.q);
  const facets = FACETS.filter((facet) => query.chosen[facet].length > 0);
  const isChosen = (row: Known) => facets.every((facet) => query.chosen[facet].includes(valueBy(row, facet)));
  const isIn = (row: Known) => isShown(row, query.show) && isChosen(row) && matches(row, words);
  const found: Known[] = [];
  for (const row of known.values()) if (isIn(row)) found.push(row);
  if (areNamesEnough(query, words)) {
    for (const [key, name] of names) if (!known.has(key) && isIn(name)) found.push(name);
  }
  return found.sort(inOrder(query));
}

function areNamesEnough({ chosen }: ListQuery, words: Word[]): boolean {
  return chosen.health.length === 0 && chosen.sync.length === 0 && areAboutNames(words);
}

/** Of whom it is not known where they belong come last. */
function inOrder(query: ListQuery): (a: Known, b: Known) => number {
  const { sort } = query;
  const sign = query.order === "desc" ? -1 : 1;
  if (isOrderOfNames(query)) {
    return (a, b) => sign * compare(valueBy(a, sort), valueBy(b, sort)) || compare(a.name, b.name);
  }
  const isUnknown = (row: Known) => (row.health === undefined ? 1 : 0);
  return (a, b) =>
    isUnknown(a) - isUnknown(b) ||
    sign * compare(valueBy(a, sort), valueBy(b, sort)) ||
    compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isShown(row: RowName, show: Show): boolean {
  return show === "all" || (row.kind === "Application") === (show === "applications");
}
