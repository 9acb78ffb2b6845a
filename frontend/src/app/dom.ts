/** Elements without a framework. */

import { color } from "../scene/style";

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | null>;

/** An HTML element; attributes that are null or false are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** An SVG element. */
export function drawn<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(node, attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function setAttributes(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : String(value));
}

/** The color of a role (palette.json). */
export function colorOf(role: string): string {
  return color(role);
}

/** Text in which {role:words} stands in the color of the role. */
export function rich(text: string): Node[] {
  return text.split(/(\{[a-z-]+:[^}]*\})/).map((part) => {
    const marked = /^\{([a-z-]+):([^}]*)\}$/.exec(part);
    if (!marked) return document.createTextNode(part);
    return element("b", { style: `color: ${colorOf(marked[1])}`, "data-role": marked[1] }, marked[2]);
  });
}

/** A table in a region that can be moved sideways, by keys too. */
export function tableIn(label: string, columns: string[], body: HTMLElement, caption: HTMLElement | null = null): HTMLElement {
  const head = element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name))));
  return element("div", { class: "table", role: "region", tabindex: 0, "aria-label": label }, element("table", {}, caption, head, body));
}

const ICONS = {
  first: "M5 4v12M15 4l-8 6 8 6z",
  previous: "M12.5 4l-6 6 6 6",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h3v12h-3zM11 4h3v12h-3z",
  next: "M7.5 4l6 6-6 6",
  last: "M15 4v12M5 4l8 6-8 6z",
  yes: "M4 10.5l4 4 8-9",
  no: "M10 4v8M10 15v1.5",
} as const;

export type Icon = keyof typeof ICONS;

/** A small picture beside or instead of a word; it has no name of its own. */
export function icon(name: Icon): SVGSVGElement {
  return drawn("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true", focusable: "false" }, drawn("path", { d: ICONS[name] }));
}

/** A button that shows an icon and says its name to those who cannot see it. */
export function iconButton(name: Icon, label: string, press: () => void): HTMLButtonElement {
  const button = element("button", { type: "button", class: "icon-button", title: label, "aria-label": label }, icon(name));
  button.addEventListener("click", press);
  return button;
}

/** Changes what an icon button shows and is called. */
export function setIcon(button: HTMLButtonElement, name: Icon, label: string): void {
  if (button.title === label) return;
  button.title = label;
  button.setAttribute("aria-label", label);
  button.replaceChildren(icon(name));
}
