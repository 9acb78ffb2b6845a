/** The tour for paper and for readers without scripts: its own screens as they begin, without what only a hand can use. */

import type { Language } from "../app/store";
import { Tour } from "./tour";
import { thinned } from "./thin";
import { tourWords } from "./words";

/** Pixels of a picture on paper; of one beside another. */
const WIDE = [640, 420], HALF = [330, 300];

/** What means nothing on paper. */
const LIVE = ".handle, .act, .tools, input, select, button, canvas, nav, .turns, .header-tools, .skip, footer, .gauge, [data-only='live'], [data-screen='own'] .readout";

/** Attributes in pixels. */
const PLACES = new Set(["d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "rx", "ry", "dx", "dy", "width", "height", "transform"]);

/** The body of the page in each language. */
export function printed(): Record<Language, string> {
  sized();
  const tour = new Tour();
  document.body.append(tour.root);
  return { en: inLanguage(tour, "en"), zh: inLanguage(tour, "zh") };
}

function inLanguage(tour: Tour, language: Language): string {
  tour.store.state.language = language;
  tour.all();
  const root = tour.root.cloneNode(true) as HTMLElement;
  root.querySelectorAll(LIVE).forEach((node) => node.remove());
  root.querySelectorAll("[hidden]").forEach((node) => node.remove());
  const note = document.createElement("p");
  note.className = "facts";
  note.textContent = tourWords[language].printed;
  root.querySelector("header")!.append(note);
  root.querySelectorAll<SVGSVGElement>(".figure svg[viewBox]").forEach((svg) => (svg.style.width = `${svg.getAttribute("viewBox")!.split(" ")[2]}px`));
  root.querySelectorAll<SVGElement>(".figure path[d]").forEach((path) => {
    const [, , width, height] = (path.ownerSVGElement!.getAttribute("viewBox") ?? "").split(" ").map(Number);
    if (width && height) path.setAttribute("d", thinned(path.getAttribute("d")!, [width, height]));
  });
  // Decimals of pixels that nobody sees, and geometry that only tests read.
  root.querySelectorAll(".figure svg *").forEach((node) => {
    for (const { name, value } of [...node.attributes]) {
      const color = /^var\(--[\w-]+, (#\w+)\)$/.exec(value);
      if (name.startsWith("data-") || (name === "class" && !value.endsWith(" more"))) node.removeAttribute(name);
      // Paper is white: what a color is on dark ground is for pages that came to life.
      else if (color) node.setAttribute(name, color[1]);
      // What is so anyway, or is said once in tour.css.
      else if ((name === "stroke-width" && value === "1") || name === "stroke-linejoin") node.removeAttribute(name);
      else if (PLACES.has(name)) node.setAttribute(name, value.replace(/-?\d+\.\d+/g, (number) => String(Math.round(10 * Number(number)) / 10)));
    }
  });
  root.querySelectorAll("[data-text]").forEach((node) => node.removeAttribute("data-text"));
  // What every label says of its halo is said once in tour.css.
  root.querySelectorAll("svg text[paint-order]").forEach((node) => {
    for (const name of ["stroke", "stroke-width", "paint-order"]) node.removeAttribute(name);
    node.classList.add("halo");
  });
  return `${root.innerHTML}\n`;
}

/** Here nothing has a size by itself; and no clock makes a picture coarser on a busy machine. */
function sized(): void {
  performance.now = () => 0;
  const size = (k: 0 | 1) => ({ configurable: true, get(this: HTMLElement) { return (this.closest(".pair, .abreast") ? HALF : WIDE)[k]; } });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", size(0));
  Object.defineProperty(HTMLElement.prototype, "clientHeight", size(1));
}
