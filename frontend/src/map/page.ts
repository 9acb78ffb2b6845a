/** The page of a map: what was found, the map with its steps, the worst edges, the costs. Built anew when the language changes. */

import { element, icon, iconButton, setIcon, tableIn } from "../app/dom";
import { languageButtons } from "../app/languages";
import { radios } from "../app/radios";
import type { Language } from "../app/store";
import { short } from "../scene/number";
import { MapCanvas } from "./canvas";
import { reaching } from "./ellipse";
import { Hand, NOTHING } from "./hand";
import type { GraphMap, MapWords } from "./record";
import { type View, EYE, whole } from "./view";
import { type MapControls, controlsOf, tellEdge, tellPose } from "./words";

/** Lines of sight from which on they hide the points, and are drawn when they are asked for. */
const MANY = 2000;
/** Milliseconds between the steps of a played run. */
const PACE = 700;

export interface MapState {
  language: Language;
  moment: number;
  view: View;
  classes: boolean[];
  start: boolean;
  spared: boolean;
  ellipses: boolean;
  /** What is told about: by the pointer, else what was pressed last. */
  over: { pose: number; edge: number };
  kept: { pose: number; edge: number };
  /** Whether a drag turns a map in space. */
  turning: boolean;
  playing: boolean;
}


export class MapPage {
  state: MapState;
  readonly canvas: MapCanvas;
  private root: HTMLElement | null = null;
  private parts!: Parts;
  private waiting = false;
  private rest = 0;
  private dark = matchMedia("(prefers-color-scheme: dark)");
  private printed = false;
  /** For tests: when the last pictures were drawn. */
  readonly frames: number[] = [];

  constructor(readonly map: GraphMap) {
    const asked = new URLSearchParams(location.hash.slice(1)), last = map.moments.length - 1, step = Number(asked.get("step") ?? NaN);
    const language = asked.get("lang") ?? (document.documentElement.lang.startsWith("zh") ? "zh" : "en"), found = map.moments.findIndex((moment) => moment.step === step);
    this.canvas = new MapCanvas(map);
    this.state = {
      language: language === "zh" ? "zh" : "en", moment: found < 0 ? last : found, view: { middle: [0, 0], scale: 1, ...EYE }, classes: [true, true, !map.record.cameras || map.record.edges <= MANY, true], start: true, spared: true, ellipses: map.ellipses?.all ?? false,
      over: NOTHING, kept: NOTHING, turning: map.record.dimension === 3, playing: false,
    };
    this.build();
    this.whole();
    new Hand(this);
    new ResizeObserver(() => this.resize()).observe(this.parts.frame);
    this.dark.addEventListener("change", () => this.touch());
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  get words(): MapControls {
    return controlsOf(this.map, this.state.language);
  }

  get said(): MapWords {
    return this.map.record.words[this.state.language];
  }

  /** Changes the state; the picture follows in the next frame. */
  set(change: Partial<MapState>): void {
    const { language } = this.state;
    this.state = { ...this.state, ...change };
    if (this.state.language !== language) this.build();
    this.touch();
  }

  touch(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.paint(true));
  }

  /** All of the map as it is at this step. */
  whole(): void {
    const { canvas, canvas: { width, height }, state: { moment, view, ellipses } } = this, flat = canvas.flat(moment, view), axes = ellipses ? canvas.axes(moment, view) : null;
    this.set({ view: whole(axes ? reaching(flat, axes) : flat, width, height, view) });
  }

  /** Keeps an edge in view and tells about it. */
  show(edge: number): void {
    const flat = this.canvas.flat(this.state.moment, this.state.view), [i, j] = [this.map.ends[2 * edge], this.map.ends[2 * edge + 1]], at = (k: number) => [flat[2 * k], flat[2 * k + 1]];
    const [[x, y], [u, v]] = [at(i), at(j)], full = whole(this.canvas.flat(this.map.moments.length - 1, this.state.view), this.canvas.width, this.canvas.height).scale;
    // Close enough to be told from its neighbours, and as far as its ends need.
    const scale = Math.min((0.4 * Math.min(this.canvas.width, this.canvas.height)) / Math.max(Math.hypot(u - x, v - y), 1e-30), 8 * full);
    this.set({ view: { ...this.state.view, middle: [(x + u) / 2, (y + v) / 2], scale }, kept: { pose: -1, edge }, over: NOTHING });
  }

  /** The next of the worst edges. */
  next(): void {
    const { worst } = this.map.record, k = worst.indexOf(this.state.kept.edge);
    if (worst.length) this.show(worst[(k + 1) % worst.length]);
  }

  step(by: number): void {
    this.set({ moment: Math.min(this.map.moments.length - 1, Math.max(0, this.state.moment + by)), playing: false });
  }

  /** Goes through the steps, from the first where the last is shown. */
  play(): void {
    if (this.state.playing) return this.set({ playing: false });
    const last = this.map.moments.length - 1;
    this.set({ playing: true, moment: this.state.moment === last ? 0 : this.state.moment });
    const go = () => {
      if (!this.state.playing) return;
      this.set({ moment: Math.min(last, this.state.moment + 1), playing: this.state.moment + 1 < last });
      if (this.state.playing) setTimeout(go, PACE);
    };
    setTimeout(go, PACE);
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.parts.frame, before = [this.canvas.width, this.canvas.height], full = this.frames.length === 0;
    if (!clientWidth || !this.canvas.fit(clientWidth, clientHeight)) return;
    if (full || before.every((a) => a === 0)) this.whole();
    else this.set({ view: { ...this.state.view, scale: (this.state.view.scale * clientWidth) / before[0] } });
    this.paint();
  }

  private print(printed: boolean): void {
    this.printed = printed;
    this.paint();
  }

  /** `moving`: it may be drawn with fewer edges, and is drawn whole once nothing has changed for a while. */
  paint(moving = false): void {
    this.waiting = false;
    const { state, map, words, parts } = this, { moment } = state, told = state.over.pose >= 0 || state.over.edge >= 0 ? state.over : state.kept;
    this.frames.push(performance.now());
    if (this.frames.length > 400) this.frames.shift();
    this.canvas.draw({ ...state, ...told, dark: this.dark.matches && !this.printed, units: words.units }, moving);
    clearTimeout(this.rest);
    if (moving) this.rest = window.setTimeout(() => this.paint(), 140);
    const text = told.pose >= 0 ? tellPose(map, moment, told.pose, words, this.canvas.axes(moment, state.view)) : told.edge >= 0 ? tellEdge(map, moment, told.edge, this.said.classes, words) : words.idle;
    if (parts.tell.textContent !== text) parts.tell.textContent = text;
    const where = words.at(map.moments[moment].step, map.record.steps, short(map.moments[moment].value, 5));
    if (parts.where.textContent !== where) parts.where.textContent = where;
    parts.slider.value = String(moment);
    parts.slider.setAttribute("aria-valuetext", where);
    setIcon(parts.play, state.playing ? "pause" : "play", state.playing ? words.pause : words.play);
    parts.rows.forEach((row, k) => row.setAttribute("aria-current", String(map.record.worst[k] === state.kept.edge)));
  }

  private build(): void {
    const { map, words, said, state } = this, before = this.root;
    const parts = (this.parts = partsOf(this, before ? this.parts.frame : null));
    this.root = element(
      "div", { class: "page map-page", lang: state.language === "zh" ? "zh-CN" : "en" },
      element("header", {}, element("div", {}, element("h1", {}, said.title), element("p", { class: "facts" }, said.facts)), languageButtons(state.language, words.language, (language) => this.set({ language }))),
      verdictOf(map, said), element("main", { id: "pictures" }, parts.bar, panel("map", said.map, said.question, parts.frame, parts.tell, parts.legend, parts.tools, element("p", { class: "question" }, words.hint + (map.record.dimension === 3 ? words.hint3 : "")), map.ellipses ? element("p", { class: "explain" }, said.ellipses) : null),
        element("div", { class: "panels" }, panel("worst", said.worst, said.worstQuestion, parts.table, element("p", { class: "explain" }, said.sigma)), lengthsOf(said), panel("costs", said.costs, "", costsOf(said)))),
      element("footer", {}, ...(said.noteList.length ? [element("h2", {}, said.notes), element("ul", {}, ...said.noteList.map((note) => element("li", {}, note)))] : []), element("p", {}, words.made)),
    );
    document.title = said.title;
    document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
    this.canvas.element.setAttribute("aria-label", words.label);
    if (before) before.replaceWith(this.root), this.root.querySelector<HTMLElement>(`[data-language="${state.language}"]`)?.focus();
    else document.body.append(this.root);
    if (!before) this.canvas.fit(parts.frame.clientWidth || 600, parts.frame.clientHeight || 400);
  }
}

interface Parts {
  bar: HTMLElement;
  slider: HTMLInputElement;
  where: HTMLElement;
  play: HTMLButtonElement;
  frame: HTMLElement;
  tell: HTMLElement;
  legend: HTMLElement;
  tools: HTMLElement;
  table: HTMLElement;
  rows: HTMLElement[];
}

/** What is changed when the state is; the frame with the canvas stays where it was made before. */
function partsOf(page: MapPage, kept: HTMLElement | null): Parts {
  const { map, words, state } = page, last = map.moments.length - 1;
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, value: state.moment, "aria-label": words.steps });
  slider.addEventListener("input", () => page.set({ moment: Number(slider.value), playing: false }));
  const play = iconButton("play", words.play, () => page.play()), where = element("span", { class: "where" }, "");
  const bar = element("div", { class: "bar", role: "group", "aria-label": words.steps }, element("div", { class: "transport" },
    iconButton("first", words.first, () => page.step(-last)), iconButton("previous", words.previous, () => page.step(-1)), play, iconButton("next", words.next, () => page.step(1)), iconButton("last", words.last, () => page.step(last)), slider, where));
  const frame = kept ?? element("div", { class: "map-frame" }, page.canvas.below, page.canvas.element), { rows, table } = worstOf(page);
  return { bar, slider, where, play, frame, tell: element("p", { class: "tell", role: "status" }, words.idle), legend: legendOf(page), tools: toolsOf(page), table, rows };
}

function panel(id: string, title: string, question: string, ...children: (Node | null)[]): HTMLElement {
  return element("section", { class: `panel panel-${id}`, "data-panel": id }, element("h2", {}, title), question ? element("p", { class: "question" }, question) : null, ...children);
}

function verdictOf({ record: { success } }: GraphMap, { headline, lines, sentences }: MapWords): HTMLElement {
  const rows = lines.flatMap(([label, text]) => [element("dt", {}, label), element("dd", {}, text)]);
  return element("section", { class: `verdict text ${success ? "good" : "bad"}`, "data-panel": "verdict", "aria-label": headline },
    element("p", { class: "headline" }, element("span", { class: "sign" }, icon(success ? "yes" : "no")), element("strong", {}, headline)),
    ...sentences.map((sentence) => element("p", {}, sentence)), element("dl", {}, ...rows));
}

/** The colors of the errors, with the bounds between them. */
function legendOf({ map: { ellipses, record: { bounds, ramp } }, words, said }: MapPage): HTMLElement {
  const names = ["0", ...bounds.map((bound) => short(bound, 2))];
  const steps = names.map((name, k) => element("li", { style: `--light: ${ramp.light[k]}; --dark: ${ramp.dark[k]}; --thick: ${1.5 + 0.9 * k}px` }, element("span", {}, k === names.length - 1 ? `${name} ${words.more}` : `${name} \u2013 ${names[k + 1]}`)));
  return element("div", { class: "legend", role: "group", "aria-label": words.scale }, element("p", {}, words.scale), element("ul", {}, ...steps), element("p", { class: "held-key" }, said.held),
    said.spared ? element("p", { class: "spared-key" }, said.spared) : null, ellipses ? element("p", { class: "ellipse-key" }, said.ellipse) : null);
}

function toolsOf(page: MapPage): HTMLElement {
  const { words, state, said, map } = page, there = [...new Set(map.classes)].sort();
  const box = (name: string, checked: boolean, change: (on: boolean) => void): HTMLElement => {
    const input = element("input", { type: "checkbox", checked });
    input.addEventListener("change", () => change(input.checked));
    return element("label", { class: "radio" }, input, element("span", {}, name));
  };
  const button = (name: string, press: () => void): HTMLElement => {
    const b = element("button", { type: "button", class: "quiet" }, name);
    b.addEventListener("click", press);
    return b;
  };
  const boxes = there.filter((k) => k < 3).map((k) => box(said.classes[k], state.classes[k], (on) => page.set({ classes: page.state.classes.map((old, i) => (i === k ? on : old)) })));
  const drag = radios("drag", words.drag, { turn: words.turn, move: words.move }, (value) => page.set({ turning: value === "turn" }));
  drag.check(state.turning ? "turn" : "move");
  return element("div", { class: "tools", role: "group", "aria-label": words.controls },
    element("fieldset", { class: "choice" }, element("legend", {}, words.show), ...boxes, box(words.start, state.start, (on) => page.set({ start: on })),
      said.spared ? box(said.spared, state.spared, (on) => page.set({ spared: on })) : null,
      map.ellipses ? box(words.ellipses, state.ellipses, (on) => page.set({ ellipses: on })) : null),
    map.record.dimension === 3 ? drag.root : null,
    element("div", { class: "zoom" }, button(words.closer, () => page.set({ view: { ...page.state.view, scale: page.state.view.scale * 1.5 } })), button(words.farther, () => page.set({ view: { ...page.state.view, scale: page.state.view.scale / 1.5 } })), button(words.whole, () => page.whole())));
}

/** The worst edges; the first cell of a row shows its edge in the map. */
function worstOf(page: MapPage): { table: HTMLElement; rows: HTMLElement[] } {
  const { said, words, map } = page;
  const rows = said.worstRows.map((cells, k) => {
    const look = element("button", { type: "button", "aria-label": words.look(cells[0], cells[1]) }, cells[0]), edge = map.record.worst[k];
    const row = element("tr", {}, element("td", {}, look), ...cells.slice(1).map((cell) => element("td", {}, cell)));
    row.addEventListener("click", () => page.show(edge));
    return row;
  });
  return { rows, table: tableIn(said.worst, said.worstColumns, element("tbody", {}, ...rows)) };
}

/** The histogram of reprojection errors, as Python drew it. */
function lengthsOf({ lengths, lengthsQuestion, lengthsCaption }: MapWords): HTMLElement | null {
  if (!lengths) return null;
  const figure = element("figure", { class: "drawn-figure" });
  figure.innerHTML = lengths;
  return panel("lengths", lengthsQuestion, "", figure, element("p", { class: "explain" }, lengthsCaption));
}

function costsOf({ costs, costColumns, costRows }: MapWords): HTMLElement {
  return tableIn(costs, costColumns, element("tbody", {}, ...costRows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))))));
}
