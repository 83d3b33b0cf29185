import { memo, useState } from "react";
import type { Facets as Counts, Facet, Health, Sync } from "../api/types";
import { m } from "../messages";
import { HealthSign, SyncSign } from "../parts/States";
import { changeQuery } from "../router/location";
import type { Show } from "../router/paths";
import { VALUES } from "../search/words";
import { FACETS } from "./query";

const SHOWN = 8;

interface Props {
  facets: Counts | undefined;
  chosen: Record<Facet, string[]>;
  show: Show;
}

export const Facets = memo(
  function Facets({ facets, chosen, show }: Props) {
    return FACETS.filter((facet) => facet !== "kind" || show !== "applications").map((facet) => (
      <FacetGroup key={facet} facet={facet} counts={facets?.[facet] ?? {}} chosen={chosen[facet]} />
    ));
  },
  (a, b) =>
    a.facets === b.facets && a.show === b.show && JSON.stringify(a.chosen) === JSON.stringify(b.chosen),
);

interface GroupProps {
  facet: Facet;
  counts: Record<string, number>;
  chosen: string[];
}

function FacetGroup({ facet, counts, chosen }: GroupProps) {
  const [isWhole, setWhole] = useState(false);
  const values = inOrder(facet, counts, chosen);
  if (values.length === 0) return null;
  const shown = isWhole ? values : values.filter((value, at) => at < SHOWN || chosen.includes(value));
  const toggle = (value: string) =>
    changeQuery({
      [facet]: chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value],
    });
  return (
    <fieldset className="facet">
      <legend>{m.list.facets[facet]}</legend>
      {shown.map((value) => (
        <label key={value} className="facet-value">
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <FacetSign facet={facet} value={value} />
          <span className="facet-name" title={value}>
            {nameOf(facet, value)}
          </span>
          <span className="count">{counts[value] ?? 0}</span>
        </label>
      ))}
      {values.length > SHOWN && (
        <button
          type="button"
          className="facet-more"
          onClick={() => setWhole(!isWhole)}
          aria-expanded={isWhole}
        >
          {isWhole ? m.list.fewer : m.list.more(values.length - SHOWN)}
        </button>
      )}
    </fieldset>
  );
}

function FacetSign({ facet, value }: { facet: Facet; value: string }) {
  if (facet === "health" && value in m.health) return <HealthSign health={value as Health} />;
  if (facet === "sync" && value in m.sync) return <SyncSign sync={value as Sync} />;
  return null;
}

function nameOf(facet: Facet, value: string): string {
  if (facet === "health") return m.health[value as Health] ?? value;
  if (facet === "sync") return m.sync[value as Sync] ?? value;
  return value === "" ? m.list.without : value;
}

/** States from bad to good, the rest by how many there are; what is chosen stays, also with none. */
function inOrder(facet: Facet, counts: Record<string, number>, chosen: string[]): string[] {
  const values = Array.from(new Set([...Object.keys(counts), ...chosen]));
  const fixed: readonly string[] | undefined =
    facet === "health" || facet === "sync" ? VALUES[facet] : undefined;
  if (fixed) return values.sort((a, b) => fixed.indexOf(a) - fixed.indexOf(b));
  return values.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || (a < b ? -1 : 1));
}
