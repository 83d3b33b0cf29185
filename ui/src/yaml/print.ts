/** Prints JSON as YAML: block style, two spaces, strings quoted where YAML would read something else. */
export function toYaml(value: unknown): string {
  const lines: string[] = [];
  if (isBlock(value)) block(value, "", lines);
  else lines.push(scalar(value, ""));
  return `${lines.join("\n")}\n`;
}

type Block = unknown[] | Record<string, unknown>;

function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function block(value: Block, indent: string, lines: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) entry(`${indent}-`, item, `${indent}  `, lines);
    return;
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    // A list stands at the level of its name, as Kubernetes prints it.
    entry(`${indent}${scalar(name, "")}:`, item, Array.isArray(item) ? indent : `${indent}  `, lines);
  }
}

function entry(head: string, item: unknown, indent: string, lines: string[]): void {
  if (!isBlock(item)) {
    lines.push(`${head} ${scalar(item, indent)}`);
    return;
  }
  const inner: string[] = [];
  block(item, indent, inner);
  // What is in a list begins on the line of its dash.
  const [first, ...rest] = inner;
  if (head.endsWith("-") && first !== undefined) lines.push(`${head} ${first.trimStart()}`, ...rest);
  else lines.push(head, ...inner);
}

function scalar(value: unknown, indent: string): string {
  if (Array.isArray(value)) return "[]";
  if (typeof value === "object" && value !== null) return "{}";
  if (typeof value !== "string") return String(value);
  if (isText(value)) return text(value, indent);
  return isPlain(value) ? value : JSON.stringify(value);
}

/** Several lines, without what a block of text cannot hold. */
function isText(value: string): boolean {
  const isIndented = value.startsWith(" ") || value.startsWith("\n");
  return /[^\n]\n/.test(value) && !isIndented && !/[^\P{C}\n]|[ ]\n/u.test(value);
}

function text(value: string, indent: string): string {
  const body = value.replace(/\n+$/, "");
  const ends = value.length - body.length;
  const mark = ends === 0 ? "|-" : ends === 1 ? "|" : "|+";
  const lines = (ends > 1 ? value.slice(0, -1) : body).split("\n");
  const pad = indent === "" ? "  " : indent;
  return [mark, ...lines.map((line) => (line === "" ? "" : pad + line))].join("\n");
}

const OTHER = /^(?:~|null|true|false|yes|no|on|off|y|n|\.inf|\.nan)$/i;
const NUMBER = /^[-+]?(?:\.?\d[\d_.,:]*(?:e[-+]?\d+)?|0x[\da-f]+|0o?[0-7]+|\.inf)$/i;
const TIME = /^\d{4}-\d\d?-\d\d?(?:$|[Tt ])/;

function isPlain(value: string): boolean {
  if (value === "" || value !== value.trim()) return false;
  if (OTHER.test(value) || NUMBER.test(value) || TIME.test(value)) return false;
  if (/[^\P{C}]/u.test(value)) return false;
  if (/^(?:[-?:](?:\s|$)|[,[\]{}#&*!|>'"%@`]|---|\.\.\.|=$|<<$)/.test(value)) return false;
  return !/:(?:\s|$)|\s#/.test(value);
}
