/** The page of a comparison: what was found, pictures with their choices, the table, and methods that run in the page. */

import { contours } from "../maths/contour";
import type { Engine } from "../engine/engine";
import { liveIn } from "../engine/live";
import { sightOf } from "../engine/objective";
import type { RaceWords, Recording } from "../engine/record";
import { corners } from "../engine/recorded";
import { refined } from "../engine/refined";
import type { Grid, Item } from "../scene/types";
import { paceScene, waysScene } from "../views/comparison";
import { heading, methodsPanel, picturePanel, spotlight, stageBar } from "./comparison-panels";
import { element } from "./dom";
import { pieces } from "./line-scenes";
import { footer, formulaOf, languages, type Page } from "./page";
import { Painter } from "./painter";
import { racePanel } from "./panels/race";
import type { Store } from "./store";
import type { Words } from "./words/words";

/** Milliseconds that contours may take, by the time of the first values: those are slow while the page is young. */
const PATIENCE = 1500;

export function comparisonPage(engine: Engine, store: Store, words: Words): Page {
  const { recording } = engine, race = recording.race!, own = race.words[words.code as "en"], [plane] = recording.planes;
  const { sheet, light, watch } = spotlight(race.methods.map(({ role }) => role), store), bar = stageBar(race, own, store, words), sight = sightOf(recording, plane ?? null, engine.point(1));
  const f = plane ? refined(liveIn(recording.program, plane, engine.point(1)!, recording.names, "whole"), engine.grid(plane.id), PATIENCE) : null, behind = behindOf(recording, f);
  const panels = [
    race.window && picturePanel("paths", own, store, (state) => waysScene(race, behind, own.axes, !recording.line, state, words.run.start), () => own.legend),
    picturePanel("pace", own, store, (state) => paceScene(race, state, own), ({ show }) => `${own.hint} ${show === "digits" ? own.nowhere : ""}`),
    methodsPanel(race, own, light), sight && racePanel({ ...engine, grid: () => f }, store, { ...words, panels: { ...words.panels, race: heading(own.here) } }),
  ].filter((panel) => !!panel);
  const root = element(
    "div", { class: "page", lang: words.code === "zh" ? "zh-CN" : "en" }, sheet,
    element("header", {}, element("div", {}, element("h1", {}, own.title), element("p", { class: "facts" }, own.facts)), languages(store, words)),
    formulaOf(engine, words), card(own, race.methods.some(({ found }) => found), words), bar.root, element("main", { id: "pictures" }, element("div", { class: "panels abreast" }, ...panels.map(({ root }) => root))), footer(engine, words),
  );
  watch(root);
  document.title = own.title;
  const painter = new Painter(root, [bar, ...panels], (state) => ({ state, local: null, context: null, spectrum: null }));
  return { root, paint: (state, now) => painter.paint(state, now) };
}

/** How many methods arrived, which of them at the least cost, and what became of the others. */
function card({ headline, cost, failed }: RaceWords, found: boolean, { verdict: { label } }: Words): HTMLElement {
  const others = failed.flatMap(([name, verdict, why]) => [element("dt", {}, name), element("dd", {}, element("b", {}, verdict), ` ${why}`)]);
  return element(
    "section", { class: `verdict text ${found ? "good" : "bad"}`, "data-panel": "verdict", "aria-label": label },
    element("p", { class: "headline" }, element("strong", {}, headline)), element("p", {}, cost), others.length ? element("dl", {}, ...others) : null,
  );
}

/** What lies behind the paths: contours of f between its bounds, or the curve of one variable. */
function behindOf({ line, planes: [plane] }: Recording, f: Grid | null): Item[] {
  if (line) return pieces(line.x, line.f, "f");
  const edge = corners(plane?.feasible);
  return [...(edge ? [{ kind: "outside", role: "bounds", points: edge } as Item] : []), ...(f ? [contours(f)] : [])];
}
