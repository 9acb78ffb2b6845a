/** The whole page in one language: a header, the verdict, the bar, the panels. Built anew when the language changes. */

import type { Engine } from "../engine/engine";
import { expressionOf } from "../engine/expression";
import { element } from "./dom";
import { keysHelp } from "./keys";
import { bar } from "./panels/bar";
import { cornerPanel } from "./panels/corner";
import { curvePanel, lineRunPanel } from "./panels/curve";
import { dualPanel } from "./panels/dual";
import { fitPanel } from "./panels/fit";
import { localPanel } from "./panels/local";
import { parametersPanel } from "./panels/parameters";
import { racePanel } from "./panels/race";
import { runPanel } from "./panels/run";
import { ellipsoidPanel, surfacePanel } from "./panels/solid";
import { spectrumPanel } from "./panels/spectrum";
import { stretchPanel } from "./panels/stretch";
import { tablePanel } from "./panels/table";
import { timelinePanel } from "./panels/timeline";
import { verdictCard } from "./panels/verdict";
import { walkPanel } from "./panels/walk";
import { whitenedPanel } from "./panels/whitened";
import type { Panel } from "./panel";
import { shower, type Shown } from "./shown";
import type { Language, State, Store } from "./store";
import { typeset } from "./typeset";
import type { Words } from "./words/words";

export interface Page {
  root: HTMLElement;
  paint(state: State, now: boolean): void;
}

/** A page of its own with title and languages; below a form that has them; or inside another page, which has a main part, too. */
export type Standing = "page" | "below" | "inside";

export function makePage(engine: Engine, store: Store, words: Words, standing: Standing = "page"): Page {
  const shownIn = shower(engine, words);
  const controls = bar(engine, store, words);
  const panels = panelsOf(engine, store, words), fitted = fitPanels(engine, store, words);
  const inside = standing === "inside", main = element(inside ? "div" : "main", { id: "pictures", tabindex: -1 }, element("div", { class: "panels" }, ...panels.map((panel) => panel.root)));
  const root = element(
    "div", { class: "page", lang: words.code === "zh" ? "zh-CN" : "en" },
    inside ? null : element("a", { class: "skip", href: "#pictures" }, words.page.skip),
    standing === "page" ? header(engine, store, words) : null, formulaOf(engine, words), verdictCard(engine, words),
    fitted.length > 0 ? element("div", { class: "fit", "data-part": "fit" }, ...fitted.map((panel) => panel.root)) : null,
    controls.root, main, footer(engine, words),
  );
  root.querySelector(".skip")?.addEventListener("click", (event) => {
    // The hash holds the state: the link must not replace it.
    event.preventDefault();
    main.focus();
  });
  const painter = new Painter(root, [controls, ...fitted, ...panels], shownIn);
  return { root, paint: (state, now) => painter.paint(state, now) };
}

/** Milliseconds without a change after which a hand that holds x rests. */
const REST = 150;

/** Paints the panels whose needs changed: those in sight in this frame, the others in the next one that is free. */
export class Painter {
  private painted = new Map<Panel, readonly unknown[]>();
  private hidden = new Set<Element>();
  private waiting: (() => void) | null = null;
  private frame = 0;
  private timer = 0;

  constructor(private root: HTMLElement, private panels: Panel[], private shownIn: (state: State) => Shown) {
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => this.catchUp());
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.hidden[isIntersecting ? "delete" : "add"](target);
    });
    for (const panel of panels) seen.observe(panel.root);
  }

  paint(state: State, now: boolean): void {
    this.forget();
    const shown = this.shownIn(state);
    const due = this.panels.filter((panel) => this.isDue(panel, shown));
    const waiting = due.filter(({ root }) => !now && this.hidden.has(root));
    for (const panel of due) if (!waiting.includes(panel)) this.paintOne(panel, shown);
    if (waiting.length === 0) return;
    // The next change comes first: while x is dragged, only what is in sight is painted.
    this.waiting = () => waiting.forEach((panel) => this.paintOne(panel, shown));
    if (this.root.querySelector(".dragging")) this.timer = window.setTimeout(() => this.catchUp(), REST);
    else this.frame = requestAnimationFrame(() => this.catchUp());
  }

  /** Paints what was out of sight. */
  private catchUp(): void {
    const { waiting } = this;
    this.forget();
    waiting?.();
  }

  private forget(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.waiting = null;
  }

  private isDue(panel: Panel, shown: Shown): boolean {
    const before = this.painted.get(panel);
    return !before || panel.needs(shown).some((need, i) => need !== before[i]);
  }

  private paintOne(panel: Panel, shown: Shown): void {
    this.painted.set(panel, panel.needs(shown));
    try {
      panel.paint(shown);
      panel.root.classList.remove("broken");
    } catch (error) {
      // One picture that cannot be drawn must not take the others with it.
      panel.root.classList.add("broken");
      console.error(`raphson: panel ${panel.root.dataset.panel}`, error);
    }
  }
}

function panelsOf(engine: Engine, store: Store, words: Words): Panel[] {
  const { recording } = engine;
  const run = engine.answer > 1;
  const line = recording.n === 1;
  // The large picture first: what f is like at x. Then how the run went, and the other questions.
  const make = [
    line ? curvePanel : localPanel,
    line ? lineRunPanel : recording.planes.length > 0 && runPanel,
    ...(line ? [] : [dualPanel, stretchPanel, whitenedPanel, spectrumPanel]),
    run && timelinePanel,
    recording.program && recording.planes.some((plane) => plane.basis) && walkPanel,
    recording.program && recording.planes.some((plane) => plane.basis && !plane.bounds) && racePanel,
    !line && recording.planes.length > 0 && surfacePanel,
    recording.points.some((point) => point.cube) && ellipsoidPanel,
    run && tablePanel,
  ];
  return make.filter((maker) => typeof maker === "function").map((maker) => maker(engine, store, words));
}

/** What a fit is about comes before how it was found. */
function fitPanels({ recording: { fit } }: Engine, store: Store, words: Words): Panel[] {
  if (!fit) return [];
  return [fitPanel(fit, store, words), parametersPanel(fit, words), ...(fit.corner.length > 1 ? [cornerPanel(fit, store, words)] : [])];
}

function header(engine: Engine, store: Store, words: Words): HTMLElement {
  const { recording } = engine;
  const facts = [recording.fit ? words.fit.head(recording.fit) : words.page.variables(recording.n), recording.dtype, recording.verdict?.method ?? ""].filter((fact) => fact !== "");
  return element(
    "header", {},
    element("div", {}, element("h1", {}, words.page.titles[recording.title] ?? recording.title), element("p", { class: "facts" }, facts.join(" \u00b7 "))),
    element("div", { class: "header-tools" }, ...keysHelp(engine, words), languages(store, words)),
  );
}

/** f as it is computed here, where that is short enough to be read. */
export function formulaOf({ recording: { program, names, fit } }: Engine, words: Words): HTMLElement | null {
  const formula = program && !fit ? expressionOf(program, names) : null;
  return formula && element("div", { class: "formula-set", "data-part": "formula", role: "region", tabindex: 0, "aria-label": words.laboratory.formulaLabel }, typeset("f", formula));
}

export function languages(store: Store, words: Words): HTMLElement {
  const button = (language: Language, code: string) => {
    const chosen = store.state.language === language;
    const b = element("button", { type: "button", lang: code, "data-language": language, "aria-pressed": String(chosen) }, words.language[language]);
    b.addEventListener("click", () => store.set({ language }));
    return b;
  };
  return element("div", { class: "languages", role: "group", "aria-label": words.language.label }, button("en", "en"), button("zh", "zh-CN"));
}

export function footer({ recording }: Engine, words: Words): HTMLElement {
  const own = words.code === "zh" ? recording.zh?.notes : recording.notes;
  const items = (own ?? recording.notes).map((note) => element("li", {}, note));
  const notes = items.length > 0 ? [element("h2", {}, words.page.notes), element("ul", { lang: own ? null : "en" }, ...items)] : [];
  return element("footer", {}, ...notes, element("p", {}, words.page.made));
}
