/** SVG elements, and how much room words take in them. */

const NAMESPACE = "http://www.w3.org/2000/svg";

export type Attributes = Record<string, string | number | undefined>;

export function element(name: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  const node = document.createElementNS(NAMESPACE, name);
  for (const key in attributes) if (attributes[key] !== undefined) node.setAttribute(key, String(attributes[key]));
  node.append(...children);
  return node;
}

/** A coordinate in pixels: three decimals, so that right angles stay right. */
export const pixels = (a: number): string => String(Math.round(a * 1000) / 1000);

export const FONT_SIZE = 12;
const NARROW = "iljftrI.,:;'|!()[]1 ", WIDE = "mwMW@%—";

/** The width of a line of words, estimated: measuring it would make the browser lay out the page in every frame. */
export function widthOf(text: string, size = FONT_SIZE): number {
  let ems = 0;
  for (const letter of text) {
    if (letter.codePointAt(0)! > 0x2e80) ems += 1;
    else ems += NARROW.includes(letter) ? 0.32 : WIDE.includes(letter) ? 0.88 : letter >= "A" && letter <= "Z" ? 0.66 : 0.56;
  }
  return ems * size;
}

/** Words broken into lines of at most `width` pixels, between words or between Chinese characters. */
export function wrapped(text: string, width: number): string[] {
  const words = text.match(/[⺀-￿]|[^\s⺀-￿]+\s*|\s+/gu) ?? [], out: string[] = [];
  let line = "";
  for (const word of words) {
    // Chinese stops do not begin a line.
    if (line && widthOf(line + word.trimEnd()) > width && !"。，；：、）".includes(word)) {
      out.push(line.trimEnd());
      line = "";
    }
    line += word;
  }
  return line ? [...out, line.trimEnd()] : out;
}
