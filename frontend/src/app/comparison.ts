/** The page of a comparison: what was found, both pictures with their choices, the table, and methods that run in the page. */

import { contours } from "../maths/contour";
import type { Engine } from "../engine/engine";
import { liveIn } from "../engine/live";
import { sightOf } from "../engine/objective";
import { corners } from "../engine/recorded";
import { refined } from "../engine/refined";
import type { Item, Scene } from "../scene/types";
import { paceScene, until, waysScene } from "../views/comparison";
import { element, iconButton, setIcon, tableIn } from "./dom";
import { Figure } from "./figure";
import { pieces } from "./line-scenes";
import { footer, formulaOf, languages, Painter, type Page } from "./page";
import { say, section, type Heading, type Panel } from "./panel";
import { racePanel } from "./panels/race";
import { halt, sweep } from "./play";
import { swatch } from "./race-track";
import { radios } from "./radios";
import type { State, Store } from "./store";
import type { Words } from "./words/words";

const MILLISECONDS = 7000;
/** Milliseconds that contours may take, by the time of the first values: those are slow while the page is young. */
const PATIENCE = 1500;
/** Pixels around the pointer in which lines are looked for, along a spiral. */
const NEAR = 14;

export function comparisonPage(engine: Engine, store: Store, words: Words): Page {
  const { recording } = engine, race = recording.race!, { methods, words: told } = race, own = told[words.code as "en"];
  const roles = methods.map(({ role }) => role), sight = sightOf(recording, recording.planes[0] ?? null, engine.point(1)), sheet = element("style");

  /** Dims all other methods; "": all but the one that was picked out for good. */
  const light = (role = ""): void => {
    const lit = role || store.state.picked, others = roles.filter((one) => one !== lit).map((one) => `.figure .role-${one}`);
    sheet.textContent = lit && `${others.join()}{opacity:.13}.figure .role-${lit}[fill=none]{stroke-width:3.4}tr[data-role=${lit}]{background:var(--wash)}`;
  };
  /** The method whose line, mark or row is nearest to the pointer; "" where none is near. */
  const meant = ({ clientX, clientY }: MouseEvent): string => {
    for (let k = 0; k < NEAR; k += 1) {
      const found = document.elementFromPoint(clientX + k * Math.cos(k), clientY + k * Math.sin(k))?.closest<HTMLElement>("[data-role]")?.dataset.role;
      if (found && roles.includes(found)) return found;
    }
    return "";
  };
  const panel = (name: "paths" | "pace" | "methods", content: HTMLElement): ReturnType<typeof section> => section(name, heading(own[name]), content);

  const picture = (name: "paths" | "pace", make: (state: State) => Scene, told: (state: State) => string): Panel => {
    const figure = new Figure(name, () => store.touch()), { root, explain } = panel(name, figure.root);
    return {
      root, needs: ({ state: { show, over, race } }) => [figure.size, show, over, race],
      paint: ({ state }) => {
        figure.draw(make(state), own[name].join(". "));
        say(explain, told(state));
      },
    };
  };

  const table = (): Panel => {
    const buttons = methods.map(({ name, role, mark }) => element("button", { type: "button" }, swatch(role, mark), name));
    const rows = methods.map(({ role, cells }, k) => element("tr", { "data-role": role }, element("th", { scope: "row" }, buttons[k]), ...[...cells, own.verdicts[k]].map((text) => element("td", {}, text))));
    const { root, explain } = panel("methods", element("div", { class: "numbers" }, tableIn(own.methods[1], own.columns, element("tbody", {}, ...rows))));
    root.style.gridColumn = "1/-1";
    explain.textContent = own.about;
    return {
      root, needs: ({ state }) => [state.picked],
      paint: ({ state }) => {
        light();
        buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(roles[k] === state.picked)));
      },
    };
  };

  const bar = (): Panel => {
    const { play, pause, label: name } = words.controls, button = iconButton("play", play, () => sweep(store, "race", MILLISECONDS)), slider = element("input", { type: "range", max: 1, step: 0.001, "aria-label": own.slider }), label = element("output", { class: "where" });
    slider.addEventListener("input", () => {
      halt();
      store.set({ race: Number(slider.value) });
    });
    const { gap, digits, evaluations, trials } = own, shows = radios("show", own.show, { gap, digits }, (show) => store.set({ show })), overs = radios("over", own.over, { evaluations, trials }, (over) => store.set({ over }));
    return {
      root: element("section", { class: "bar with-trials", "data-panel": "bar", "aria-label": name }, element("div", { class: "transport" }, button, slider, label), shows.root, overs.root),
      needs: ({ state: { show, over, race, playing } }) => [show, over, race, playing],
      paint: ({ state }) => {
        const text = own.after[state.over].replace("{k}", String(Math.max(0, Math.floor(until(race, state)))));
        slider.value = String(state.race);
        slider.setAttribute("aria-valuetext", text);
        label.textContent = text;
        shows.check(state.show);
        overs.check(state.over);
        setIcon(button, state.playing ? "pause" : "play", state.playing ? pause : play);
      },
    };
  };

  const behind = behindOf(engine);
  const panels = [
    race.window && picture("paths", (state) => waysScene(race, behind, own.axes, !recording.line, state, words.run.start), () => own.legend),
    picture("pace", (state) => paceScene(race, state, own), ({ show }) => `${own.hint} ${show === "digits" ? own.nowhere : ""}`),
    table(), sight && racePanel(engine, store, { ...words, panels: { ...words.panels, race: heading(own.here) } }),
  ].filter((panel) => !!panel), controls = bar();
  const failed = own.failed.flatMap(([name, verdict, why]) => [element("dt", {}, name), element("dd", {}, element("b", {}, verdict), ` ${why}`)]);
  const root = element(
    "div", { class: "page", lang: words.code === "zh" ? "zh-CN" : "en" }, sheet,
    element("header", {}, element("div", {}, element("h1", {}, own.title), element("p", { class: "facts" }, own.facts)), languages(store, words)),
    formulaOf(engine, words),
    element("section", { class: `verdict text ${methods.some(({ found }) => found) ? "good" : "bad"}`, "data-panel": "verdict", "aria-label": words.verdict.label }, element("p", { class: "headline" }, element("strong", {}, own.headline)), element("p", {}, own.cost), failed.length ? element("dl", {}, ...failed) : null),
    controls.root, element("main", { id: "pictures" }, element("div", { class: "panels abreast" }, ...panels.map(({ root }) => root))), footer(engine, words),
  );
  root.addEventListener("pointermove", (event) => light(meant(event)));
  root.addEventListener("pointerleave", () => light());
  root.addEventListener("focusin", ({ target }) => light((target as Element).closest("tr")?.dataset.role));
  root.addEventListener("click", (event) => {
    const place = event.target as Element, picked = place.closest("tr")?.dataset.role ?? (place.closest(".panel-race") ? "" : meant(event));
    if (picked) store.set({ picked: picked === store.state.picked ? "" : picked });
  });
  document.title = own.title;
  const painter = new Painter(root, [controls, ...panels], (state) => ({ state, local: null, context: null, spectrum: null }));
  return { root, paint: (state, now) => painter.paint(state, now) };
}

const heading = ([title, question]: [string, string]): Heading => ({ title, question });

/** What lies behind the paths: contours of f between its bounds, or the curve of one variable. */
function behindOf({ recording: { line, planes: [plane], program, points, names }, grid }: Engine): Item[] {
  if (line) return pieces(line.x, line.f, "f");
  const f = plane && refined(liveIn(program, plane, points[0], names, "whole"), grid(plane.id), PATIENCE), edge = corners(plane?.feasible);
  return [...(edge ? [{ kind: "outside", role: "bounds", points: edge } as Item] : []), ...(f ? [contours(f)] : [])];
}
