export interface Token {
  kind: "key" | "text" | "number" | "word" | "comment" | "mark" | "plain";
  text: string;
}

/** A line of YAML in coloured pieces. Inside a block of text everything is text. */
export function tokens(line: string, isInText: boolean): Token[] {
  if (isInText) return [{ kind: "text", text: line }];
  const [, indent = "", dashes = "", rest = ""] = /^(\s*)((?:- +|-$)*)(.*)$/.exec(line) ?? [];
  const result: Token[] = [];
  if (indent !== "") result.push({ kind: "plain", text: indent });
  if (dashes !== "") result.push({ kind: "mark", text: dashes });
  const key = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'][^#]*?):(\s+|$)(.*)$/.exec(rest);
  if (key) {
    result.push({ kind: "key", text: key[1] ?? "" }, { kind: "mark", text: `:${key[2] ?? ""}` });
    pushValue(key[3] ?? "", result);
  } else {
    pushValue(rest, result);
  }
  return result;
}

function pushValue(text: string, result: Token[]): void {
  if (text !== "") result.push({ kind: kindOf(text), text });
}

function kindOf(text: string): Token["kind"] {
  if (text.startsWith("#")) return "comment";
  if (/^(?:\||>)[-+]?\d?$|^---$|^[[\]{}]+$/.test(text)) return "mark";
  if (/^(?:true|false|null|~)$/.test(text)) return "word";
  if (/^-?\d[\d.]*$/.test(text)) return "number";
  return "text";
}

/** For each line, whether it is inside a block of text. */
export function textLines(lines: readonly string[]): boolean[] {
  let below = -1;
  return lines.map((line) => {
    const indent = line.search(/\S/);
    if (below >= 0 && (indent < 0 || indent > below)) return true;
    below = /(?::|-)\s+[|>][-+]?\d?$/.test(line) ? indent : -1;
    return false;
  });
}
