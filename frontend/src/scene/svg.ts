/** SVG elements, and how much room words take in them. */

const NAMESPACE = "http://www.w3.org/2000/svg";

export type Attributes = Record<string, string | number | undefined>;

/** An element to be: what a frame shows is said first, then only what differs from the last frame is changed. */
export interface Sketch {
  name: string;
  attributes: Record<string, string>;
  children: (Sketch | string)[];
}

export function element(name: string, attributes: Attributes = {}, ...children: (Sketch | string)[]): Sketch {
  const said: Record<string, string> = {};
  for (const key in attributes) if (attributes[key] !== undefined) said[key] = String(attributes[key]);
  return { name, attributes: said, children };
}

const sketches = new WeakMap<Node, Sketch | string>();

/** The node `old` made into what `next` says, or a new one. While x is dragged, most of a picture stays as it is. */
export function updated(old: Node | null, next: Sketch | string): Node {
  const before = old === null ? undefined : sketches.get(old);
  if (typeof next === "string") return typeof before === "string" && old ? rewritten(old as Text, before, next) : fresh(next);
  if (old === null || before === undefined || typeof before === "string" || before.name !== next.name) return fresh(next);
  const node = old as Element;
  for (const key in next.attributes) if (before.attributes[key] !== next.attributes[key]) node.setAttribute(key, next.attributes[key]);
  for (const key in before.attributes) if (!(key in next.attributes)) node.removeAttribute(key);
  let child = node.firstChild;
  for (const sketch of next.children) {
    const made = updated(child, sketch), after = child?.nextSibling ?? null;
    if (child === null) node.append(made);
    else if (made !== child) child.replaceWith(made);
    child = after;
  }
  while (child) {
    const after: ChildNode | null = child.nextSibling;
    child.remove();
    child = after;
  }
  sketches.set(node, next);
  return node;
}

function fresh(sketch: Sketch | string): Node {
  const node = typeof sketch === "string" ? document.createTextNode(sketch) : document.createElementNS(NAMESPACE, sketch.name);
  if (node instanceof Element && typeof sketch !== "string") {
    for (const key in sketch.attributes) node.setAttribute(key, sketch.attributes[key]);
    node.append(...sketch.children.map(fresh));
  }
  sketches.set(node, sketch);
  return node;
}

function rewritten(node: Text, before: string, next: string): Text {
  if (before !== next) node.data = next;
  sketches.set(node, next);
  return node;
}

/** A coordinate in pixels: five decimals, so that right angles stay right in levels of a few pixels, too. */
export const pixels = (a: number): string => String(Math.round(a * 1e5) / 1e5);

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
