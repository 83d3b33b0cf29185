import { m } from "../messages";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { changeQuery } from "../router/location";
import { type Order, SORTS, type Sort } from "./query";

const COLUMNS: readonly { name: keyof typeof m.list.columns; sort?: Sort }[] = [
  { name: "health", sort: "health" },
  { name: "name", sort: "name" },
  { name: "sync", sort: "sync" },
  { name: "source" },
  { name: "namespace", sort: "namespace" },
  { name: "project", sort: "project" },
  { name: "synced", sort: "synced" },
];

function sortBy(sort: Sort, order: Order): void {
  changeQuery({
    sort: sort === "name" ? undefined : sort,
    order: order === "asc" ? undefined : order,
  });
}

export function ListHead({ sort, order }: { sort: Sort; order: Order }) {
  return (
    <div className="rows-head" role="rowgroup">
      <div className="list-grid" role="row" aria-rowindex={1}>
        {COLUMNS.map((column) => {
          const isSorted = column.sort === sort;
          const next = isSorted && order === "asc" ? "desc" : "asc";
          return (
            <span
              key={column.name}
              className={`cell-${column.name}`}
              role="columnheader"
              aria-sort={isSorted ? (order === "asc" ? "ascending" : "descending") : undefined}
            >
              {column.sort ? (
                <button
                  type="button"
                  title={m.list.sortBy(m.list.columns[column.name])}
                  onClick={() => column.sort && sortBy(column.sort, next)}
                >
                  {m.list.columns[column.name]}
                  {isSorted && <Icon name={order === "asc" ? "up" : "down"} size={12} />}
                </button>
              ) : (
                m.list.columns[column.name]
              )}
            </span>
          );
        })}
      </div>
    </div>
  );
}

/** Sorting where there is no room for columns, and by what has no column. */
export function SortChoice({ sort, order }: { sort: Sort; order: Order }) {
  return (
    <div className="sort">
      <label>
        <span className="unseen">{m.list.sortLabel}</span>
        <select value={sort} onChange={(event) => sortBy(event.target.value as Sort, order)}>
          {SORTS.map((one) => (
            <option key={one} value={one}>
              {m.list.columns[one]}
            </option>
          ))}
        </select>
      </label>
      <Button
        icon={order === "asc" ? "up" : "down"}
        isBare
        label={order === "asc" ? m.list.ascending : m.list.descending}
        onClick={() => sortBy(sort, order === "asc" ? "desc" : "asc")}
      />
    </div>
  );
}
