import { objectTitle } from "../api/key";
import type { Finding, Key } from "../api/types";
import { m } from "../messages";
import { changeQuery } from "../router/location";

interface Props {
  findings: readonly Finding[];
  hasTree: (key: Key) => boolean;
}

/** What is wrong and what to do: the cause at once, the rest folded. */
export function Findings({ findings, hasTree }: Props) {
  const [first, ...rest] = findings;
  if (!first) return null;
  return (
    <section className="findings" aria-label={m.application.finding}>
      <FindingCard finding={first} hasTree={hasTree} />
      {rest.length > 0 && (
        <details className="findings-more">
          <summary>{m.application.moreFindings(rest.length)}</summary>
          {rest.map((finding) => (
            <FindingCard key={`${finding.code} ${finding.object?.key}`} finding={finding} hasTree={hasTree} />
          ))}
        </details>
      )}
    </section>
  );
}

interface CardProps {
  finding: Finding;
  hasTree?: (key: Key) => boolean;
  /** What the page around it is about, and need not be named again. */
  subject?: Key | undefined;
}

export function FindingCard({ finding, hasTree, subject }: CardProps) {
  const { object } = finding;
  const isIn = object !== undefined && hasTree?.(object.key);
  return (
    <article className="finding">
      <p className="finding-what">
        <strong>{sentence(finding.sentence)}</strong>
        {isIn ? (
          <button type="button" className="link" onClick={() => changeQuery({ node: object.key })}>
            {objectTitle(object.key)}
          </button>
        ) : (
          object && object.key !== subject && <span className="faint">{objectTitle(object.key)}</span>
        )}
      </p>
      {finding.fix && (
        <p className="finding-fix">
          <span className="label">{m.application.fix}</span> {sentence(finding.fix)}
        </p>
      )}
      {finding.evidence && (
        <p className="finding-evidence">
          <span className="label">{m.application.evidence}</span> <code>{finding.evidence}</code>
        </p>
      )}
    </article>
  );
}

/** Findings are parts of sentences, so that a command line can put them into its own. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
