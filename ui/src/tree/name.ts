const LONGEST_END = 8;

/**
 * A name in two parts: one that may be cut, and its end, which tells it from others of its kind and stays. The end is
 * what stands after the last hyphen, at most eight characters of it.
 */
export function splitName(name: string): [head: string, end: string] {
  const hyphen = name.lastIndexOf("-");
  if (hyphen <= 0) return [name, ""];
  const isShort = name.length - hyphen - 1 <= LONGEST_END;
  const at = isShort ? hyphen : name.length - LONGEST_END;
  return [name.slice(0, at), name.slice(at)];
}
