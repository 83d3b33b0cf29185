import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Key } from "../api/types";
import { useShortcut } from "../keys/registry";
import { SHORTCUTS } from "../keys/table";
import { useCell } from "../live/cell";
import { m } from "../messages";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { ErrorNotice, Notice } from "../parts/Notice";
import { type RowsHandle, VirtualRows } from "../parts/VirtualRows";
import { Link } from "../router/Link";
import { changeQuery, navigate, useLocation } from "../router/location";
import { createPath, listPath, objectPath, type Show } from "../router/paths";
import { KEYS, misread, VALUES } from "../search/words";
import { useSession } from "../session/session";
import { Facets } from "./Facets";
import { ListHead, SortChoice } from "./ListHead";
import { ListRow, rowLinkId } from "./ListRow";
import { FACETS, hasChoice, type ListQuery, listQuery, windowOf } from "./query";
import { type ListState, list } from "./store";
import { useRowHeight } from "./useRowHeight";

const noChoice = { q: undefined, ...Object.fromEntries(FACETS.map((facet) => [facet, undefined])) };

export function ListPage({ show }: { show: Show }) {
  const { query: parameters } = useLocation();
  const query = listQuery(show, parameters);
  const name = windowOf(query, 0, 1).toString();
  const state = useCell(list.state);
  const isCurrent = state.query !== undefined && windowOf(state.query, 0, 1).toString() === name;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `name` says all of the query.
  useEffect(() => list.open(query), [name]);
  useEffect(() => () => list.close(), []);
  useEffect(() => {
    document.title = `${m.list.title[show]} · ${m.product}`;
  }, [show]);

  const areFiltersOpen = parameters.get("filters") === "open";
  return (
    <div className="list-page">
      <h1 className="unseen">{m.list.title[show]}</h1>
      <div className="list-tools">
        <Search value={query.q} />
        <FilterButton query={query} isOpen={areFiltersOpen} />
        <SortChoice sort={query.sort} order={query.order} />
        <Count state={state} />
      </div>
      <aside className={`facets ${areFiltersOpen ? "is-open" : ""}`} aria-label={m.list.filters}>
        <Facets facets={state.facets} chosen={query.chosen} show={show} />
        {hasChoice(query) && (
          <Button icon="close" label={m.list.clear} onClick={() => changeQuery(noChoice)} />
        )}
      </aside>
      <section className="list-main" aria-label={m.list.title[show]}>
        {state.error && state.length === 0 ? (
          <ErrorNotice error={state.error} onRetry={() => list.retry()} />
        ) : isCurrent && state.matching === 0 ? (
          <Empty query={query} total={state.total ?? 0} />
        ) : (
          <Rows state={state} query={query} name={name} />
        )}
      </section>
    </div>
  );
}

function Search({ value }: { value: string }) {
  const input = useRef<HTMLInputElement>(null);
  useShortcut("search", () => input.current?.select());
  return (
    <search className="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={m.list.search}
        placeholder={m.list.searchHint}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => changeQuery({ q: event.target.value }, { replace: true })}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
          if (event.key === "Enter" || event.key === "ArrowDown") focusRow(list.state.get().order[0]);
        }}
      />
      <kbd>{SHORTCUTS.search.keys[0]}</kbd>
    </search>
  );
}

function FilterButton({ query, isOpen }: { query: ListQuery; isOpen: boolean }) {
  const chosen = FACETS.reduce((sum, facet) => sum + query.chosen[facet].length, 0);
  return (
    <Button
      className="list-filter"
      icon="filter"
      label={chosen === 0 ? m.list.filters : m.list.filtersSet(chosen)}
      aria-expanded={isOpen}
      onClick={() => changeQuery({ filters: isOpen ? undefined : "open" }, { replace: true })}
    />
  );
}

function Count({ state }: { state: ListState }) {
  if (state.matching === undefined || state.total === undefined) return <p className="list-count" />;
  return (
    <p className="list-count" role="status">
      <span aria-hidden="true">{m.list.count(state.matching, state.total)}</span>
      <span className="unseen">{m.list.results(state.matching)}</span>
    </p>
  );
}

function Empty({ query, total }: { query: ListQuery; total: number }) {
  const { may } = useSession();
  if (total > 0 && hasChoice(query)) {
    const clear = <Button icon="close" label={m.list.clear} onClick={() => changeQuery(noChoice)} />;
    return (
      <Notice title={m.list.noMatchTitle} actions={clear}>
        <p>{m.list.noMatchText}</p>
        <Hints text={query.q} />
      </Notice>
    );
  }
  const create = may.create && query.show !== "flux" && (
    <Link className="button is-primary" to={createPath}>
      <Icon name="plus" />
      <span>{m.nav.create}</span>
    </Link>
  );
  return (
    <Notice title={m.list.noneTitle[query.show]} actions={create}>
      <p>{query.show === "flux" ? m.list.noneTextFlux : m.list.noneText}</p>
    </Notice>
  );
}

/** Which words find nothing, whatever there is, and what would. */
function Hints({ text }: { text: string }) {
  const { keys, values } = misread(text);
  return (
    <>
      {keys.length > 0 && <p>{m.list.noKeys(keys, KEYS)}</p>}
      {values.map(({ key, text: word }) => (
        <p key={`${key}:${word}`}>{m.list.noValue(key, word, VALUES[key])}</p>
      ))}
    </>
  );
}

function focusRow(key: Key | undefined): void {
  if (key !== undefined) document.getElementById(rowLinkId(key))?.focus({ preventScroll: true });
}

/** Where each list was scrolled to, for the way back. */
const scrolled = new Map<string, number>();

function Rows({ state, query, name }: { state: ListState; query: ListQuery; name: string }) {
  const { namespace } = useSession();
  const [cursor, setCursor] = useState<Key>();
  const handle = useRef<RowsHandle>(null);
  const height = useRowHeight();
  const onRange = useCallback((first: number, last: number) => list.want(first, last), []);
  const rowAt = (index: number) => {
    const key = state.order[index];
    return key === undefined ? undefined : (state.rows.get(key) ?? state.names.get(key));
  };

  const place = cursor === undefined ? -1 : state.order.indexOf(cursor);
  const at = place < 0 ? undefined : place;
  const move = (step: number) => {
    const next = Math.min(Math.max((at ?? -1) + step, 0), state.length - 1);
    const key = state.order[next];
    if (key === undefined) return;
    setCursor(key);
    handle.current?.reveal(next);
    requestAnimationFrame(() => focusRow(key));
  };
  useShortcut("next", () => move(1));
  useShortcut("previous", () => move(-1));
  useShortcut("open", () => {
    if (at !== undefined && cursor !== undefined) navigate(objectPath(cursor, namespace));
  });

  const head = useMemo(() => <ListHead sort={query.sort} order={query.order} />, [query.sort, query.order]);
  return (
    <VirtualRows
      key={listPath(query.show)}
      className="list-rows"
      role="table"
      label={m.list.title[query.show]}
      count={state.length}
      height={height}
      onRange={onRange}
      handle={handle}
      kept={at}
      keyOf={(index) => state.order[index] ?? index}
      startAt={scrolled.get(name) ?? 0}
      onScrolled={(top) => scrolled.set(name, top)}
      head={head}
    >
      {(index) => <ListRow row={rowAt(index)} ownNamespace={namespace} onFocus={setCursor} />}
    </VirtualRows>
  );
}
