import type { ReactNode } from "react";
import type { Key, ObjectAnswer } from "../api/types";
import { FindingCard } from "../application/Findings";
import { m } from "../messages";
import { Age } from "../parts/Age";
import { type Tab, Tabs } from "../parts/Tabs";
import { Yaml } from "../parts/Yaml";
import { changeQuery, useLocation } from "../router/location";
import { toYaml } from "../yaml/print";

const NAMES = ["summary", "conditions", "events", "yaml"] as const;
type Name = (typeof NAMES)[number];

interface Props {
  objectKey: Key;
  answer: ObjectAnswer;
  summary: ReactNode;
}

/** All that is known of one object; which part is shown stands in the URL. */
export function Details({ objectKey, answer, summary }: Props) {
  const { query } = useLocation();
  const shown = NAMES.find((name) => name === query.get("tab")) ?? "summary";
  const counts = { conditions: answer.conditions.length, events: answer.events.length };
  const tabs: Tab<Name>[] = NAMES.map((name) => {
    const count = name === "conditions" || name === "events" ? { count: counts[name] } : {};
    return { name, label: m.object.tabs[name], ...count };
  });
  return (
    <Tabs
      label={m.object.tabsLabel}
      tabs={tabs}
      shown={shown}
      onShow={(name) => changeQuery({ tab: name === "summary" ? undefined : name }, { replace: true })}
    >
      {shown === "summary" && (
        <Summary objectKey={objectKey} answer={answer}>
          {summary}
        </Summary>
      )}
      {shown === "conditions" && <Conditions answer={answer} />}
      {shown === "events" && <Events answer={answer} />}
      {shown === "yaml" &&
        (answer.object ? (
          <Yaml text={toYaml(answer.object)} />
        ) : (
          <p className="faint">{m.object.noObject}</p>
        ))}
    </Tabs>
  );
}

export function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="pair">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface SummaryProps {
  objectKey: Key;
  answer: ObjectAnswer;
  children: ReactNode;
}

function Summary({ objectKey, answer, children }: SummaryProps) {
  const { source, applied, findings, healthMessage } = answer;
  return (
    <>
      {findings.map((finding) => (
        <FindingCard key={`${finding.code} ${finding.object?.key}`} finding={finding} subject={objectKey} />
      ))}
      <dl className="pairs">
        {children}
        {healthMessage && <Pair name={m.object.message}>{healthMessage}</Pair>}
      </dl>
      {source && (
        <>
          <h3>{m.object.source.title}</h3>
          <dl className="pairs">
            {source.url && <Pair name={m.object.source.url}>{source.url}</Pair>}
            {source.revision && (
              <Pair name={m.object.source.revision}>
                <code>{source.revision}</code>
              </Pair>
            )}
            {source.digest && (
              <Pair name={m.object.source.digest}>
                <code>{source.digest}</code>
              </Pair>
            )}
            {source.fetched && (
              <Pair name={m.object.source.fetched}>
                <Age time={source.fetched} />
              </Pair>
            )}
          </dl>
        </>
      )}
      {applied.length > 0 && (
        <>
          <h3>{m.object.applied}</h3>
          <ul className="applied">
            {applied.map(({ manager, operation, time, part }) => (
              <li key={`${manager} ${operation} ${time} ${part}`}>
                <code>{manager}</code> <span className="faint">{m.object.operation(operation, part)}</span>{" "}
                {time && <Age time={time} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Conditions({ answer: { conditions } }: { answer: ObjectAnswer }) {
  if (conditions.length === 0) return <p className="faint">{m.object.noConditions}</p>;
  return (
    <ul className="conditions">
      {conditions.map((condition) => (
        <li key={condition.type} className={`condition is-${condition.status.toLowerCase()}`}>
          <p>
            <strong>{condition.type}</strong>{" "}
            <span className="badge">{m.object.status[condition.status] ?? condition.status}</span>{" "}
            {condition.reason && <span>{condition.reason}</span>}{" "}
            {condition.lastTransitionTime && (
              <span className="faint">
                <Age time={condition.lastTransitionTime} />
              </span>
            )}
          </p>
          {condition.message && <p className="wrap">{condition.message}</p>}
        </li>
      ))}
    </ul>
  );
}

function Events({ answer: { events } }: { answer: ObjectAnswer }) {
  if (events.length === 0) return <p className="faint">{m.object.noEvents}</p>;
  return (
    <ul className="conditions">
      {events.map((event, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: events have no name here.
        <li key={index} className={`condition ${event.type === "Warning" ? "is-false" : ""}`}>
          <p>
            <span className={`badge ${event.type === "Warning" ? "is-warning" : ""}`}>{event.type}</span>{" "}
            <strong>{event.reason}</strong>{" "}
            <span className="faint">
              {event.last && <Age time={event.last} />}{" "}
              {(event.count ?? 1) > 1 && m.object.times(event.count ?? 1)}
            </span>
          </p>
          <p className="wrap">{event.message}</p>
        </li>
      ))}
    </ul>
  );
}
