/** The whole page in one language: a header, the verdict, the bar, the panels. Built anew when the language changes. */

import type { Engine } from "../engine/engine";
import { expressionOf } from "../engine/expression";
import { element } from "./dom";
import { Folds } from "./folds";
import { keysHelp } from "./keys";
import { languageButtons } from "./languages";
import { bar } from "./panels/bar";
import { curvePanel, lineRunPanel } from "./panels/curve";
import { dualPanel } from "./panels/dual";
import { localPanel } from "./panels/local";
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
import { Painter } from "./painter";
import { shower } from "./shown";
import type { State, Store } from "./store";
import { typeset } from "./typeset";
import type { Words } from "./words/words";

export interface Page {
  root: HTMLElement;
  paint(state: State, now: boolean): void;
}

export type PanelMaker = (engine: Engine, store: Store, words: Words) => Panel[];

const none: PanelMaker = () => [];

/** A page of its own with title and languages; below a form that has them; or inside another page, which has a main part, too. */
export type Standing = "page" | "below" | "inside";

/** `about`: what comes before how it was found; `beside`: what else can be asked (fit-page.ts). */
export function makePage(engine: Engine, store: Store, words: Words, standing: Standing = "page", about = none, beside = none): Page {
  const controls = bar(engine, store, words), fitted = about(engine, store, words), folds = new Folds(store, words.folds);
  const { first, others } = panelsOf(engine, store, words), more = beside(engine, store, words);
  const asked = [...more, ...others.filter(({ root }) => !more.some((panel) => replaces(panel.root, root)))].map((panel) => folds.fold(panel));
  const pictures = element("div", { class: "panels" }, ...first.map(({ root }) => root), folds.tools, ...asked.map(({ root }) => root));
  const inside = standing === "inside", main = element(inside ? "div" : "main", { id: "pictures", tabindex: -1 }, pictures);
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
  const painter = new Painter(root, [controls, ...fitted, ...first, ...asked], shower(engine, words));
  const paint = (state: State, now: boolean): void => {
    folds.follow(state);
    painter.paint(state, now);
  };
  return { root, paint };
}

/** An estimated spectrum stands for one whose eigenvalues are not known. */
const replaces = (own: HTMLElement, other: HTMLElement): boolean => own.dataset.panel === "spread" && other.dataset.panel === "spectrum";

/** The first screen is what f is like at x, and the run; the others are opened by their questions. */
function panelsOf(engine: Engine, store: Store, words: Words): { first: Panel[]; others: Panel[] } {
  const { recording } = engine, { planes, program } = recording;
  const run = engine.answer > 1 && timelinePanel, line = recording.n === 1, drawn = line || planes.length > 0;
  const first = [line ? curvePanel : localPanel, line ? lineRunPanel : drawn ? runPanel : run];
  const others = [
    ...(line ? [] : [dualPanel, stretchPanel, whitenedPanel, spectrumPanel]),
    // Without a plane it is all that can be seen of the run.
    drawn && run,
    program && planes.some((plane) => plane.basis) && walkPanel,
    program && planes.some((plane) => plane.basis && !plane.bounds) && racePanel,
    !line && drawn && surfacePanel,
    recording.points.some((point) => point.cube) && ellipsoidPanel,
    run && tablePanel,
  ];
  const made = (makers: (typeof others)[number][]): Panel[] => makers.filter((maker) => typeof maker === "function").map((maker) => maker(engine, store, words));
  return { first: made(first), others: made(others) };
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

export const languages = (store: Store, words: Words): HTMLElement => languageButtons(store.state.language, words.language, (language) => store.set({ language }));

export function footer({ recording }: Engine, words: Words): HTMLElement {
  const own = words.code === "zh" ? recording.zh?.notes : recording.notes;
  const items = (own ?? recording.notes).map((note) => element("li", {}, note));
  const notes = items.length > 0 ? [element("h2", {}, words.page.notes), element("ul", { lang: own ? null : "en" }, ...items)] : [];
  return element("footer", {}, ...notes, element("p", {}, words.page.made));
}
