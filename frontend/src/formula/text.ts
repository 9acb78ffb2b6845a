/** Characters and strings as Python sees them: code points, its classes of them, its quotes. */

const SPACE = /^[\s\x1c-\x1f\x85]$/u;
const START = /^[\p{L}\p{Nl}\p{No}_]$/u;
const WORD = /^[\p{L}\p{N}_]$/u;
const FIRST = /^[\p{XID_Start}_]$/u;
const NEXT = /^\p{XID_Continue}$/u;
const UNPRINTABLE = /^[\p{C}\p{Z}]$/u;

/** `\s` of Python's re; the byte order mark is none there. */
export const isSpace = (c: string | undefined): boolean => c !== undefined && c !== "\ufeff" && SPACE.test(c);
/** `[^\W\d]` and `\w`. */
export const isStart = (c: string | undefined): boolean => c !== undefined && START.test(c);
export const isWord = (c: string | undefined): boolean => c !== undefined && WORD.test(c);
export const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9" && c.length === 1;

/** The first character of a name that names do not have; -1 where it is one. */
export function oddIn(name: string): number {
  return [...name].findIndex((c, i) => !(i === 0 ? FIRST : NEXT).test(c));
}

export const isPrintable = (c: string): boolean => c === " " || !UNPRINTABLE.test(c);

/** Python's repr of a string. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const known: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [quote]: `\\${quote}` };
  const hex = (code: number): string => {
    const [mark, length] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return `\\${mark}${code.toString(16).padStart(length as number, "0")}`;
  };
  const body = [...text].map((c) => (Object.hasOwn(known, c) ? known[c] : isPrintable(c) ? c : hex(c.codePointAt(0)!)));
  return quote + body.join("") + quote;
}

/** The text, cut to the places around a column, and a caret under it. */
export function pointed(text: string, column: number, width: number): string {
  const line = [...text].map((c) => (isPrintable(c) ? c : " "));
  const first = Math.max(0, Math.min(column - Math.floor(width / 2), line.length - width));
  const [head, tail] = [first > 0 ? "..." : "", first + width < line.length ? "..." : ""];
  return `${head}${line.slice(first, first + width).join("")}${tail}\n${" ".repeat(head.length + column - first)}^`;
}
