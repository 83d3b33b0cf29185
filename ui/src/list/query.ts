import type { Facet, Row } from "../api/types";
import type { Show } from "../router/paths";
import { matches, parseWords } from "../search/words";

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

/** Rows that are known already, as the answer will probably have them. */
export function guess(known: Iterable<Row>, query: ListQuery): Row[] {
  const words = parseWords(query.q);
  const rows = Array.from(known).filter(
    (row) => isShown(row, query.show) && isChosen(row, query) && matches(row, words),
  );
  const sign = query.order === "desc" ? -1 : 1;
  const value = (row: Row) => row[query.sort] ?? "";
  return rows.sort((a, b) => sign * compare(value(a), value(b)) || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isShown(row: Row, show: Show): boolean {
  return show === "all" || (row.kind === "Application") === (show === "applications");
}

function isChosen(row: Row, query: ListQuery): boolean {
  return FACETS.every((facet) => {
    const chosen = query.chosen[facet];
    return chosen.length === 0 || chosen.includes(row[facet] ?? "");
  });
}
