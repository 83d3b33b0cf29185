import { memo, useMemo } from "react";
import { m } from "../messages";
import { textLines, tokens } from "../yaml/tokens";
import { VirtualRows } from "./VirtualRows";

const LINE = 20;

/** YAML in colours; of a long one only what is in sight is drawn. */
export const Yaml = memo(function Yaml({ text, isWhole = false }: { text: string; isWhole?: boolean }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const inText = useMemo(() => textLines(lines), [lines]);
  const line = (index: number) => (
    <code className="yaml-line">
      {tokens(lines[index] ?? "", inText[index] ?? false).map((token, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no other name.
        <span key={at} className={`yaml-${token.kind}`}>
          {token.text}
        </span>
      ))}
    </code>
  );
  if (isWhole) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard.
      <pre className="yaml" role="group" tabIndex={0} aria-label={m.yaml}>
        {lines.map((content, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is named by its number.
          <div key={index}>{content === "" ? "\u00a0" : line(index)}</div>
        ))}
      </pre>
    );
  }
  return (
    <VirtualRows isReachable className="yaml" count={lines.length} height={LINE}>
      {line}
    </VirtualRows>
  );
});
