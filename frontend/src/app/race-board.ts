/** The race as a piece of a page: two pictures, what can be chosen, the table. A panel, the laboratory or the tour holds it. */

import { LIMIT } from "../methods/basin";
import { LAPS, race, type Runner } from "../methods/race";
import { METHODS } from "../methods/run";
import type { Sight } from "../engine/objective";
import type { MethodName, Objective } from "../methods/types";
import type { Window } from "../maths/window";
import type { Grid, Pair } from "../scene/types";
import { digitsScene, raceScene, type Measure, type RaceWords } from "../views/race";
import { Ground } from "./ground";
import { drawn, element } from "./dom";
import { Figure } from "./figure";
import { Handle } from "./handle";
import { say } from "./panel";
import { fillTable } from "./race-table";
import { stroke } from "../scene/style";
import { short } from "../scene/number";
import type { Words } from "./words/words";
import { roleOf } from "../views/race";

/** What is raced on, the same object while nothing changed; `whole`: the plane is all of the space. */
export interface Course { whole: boolean; sight: Sight; objective: Objective; window: Window; grid: Grid | null; axes: readonly [string, string]; start: Pair }

/** Who runs at first. */
const FIELD: readonly MethodName[] = ["gradient-descent", "newton", "damped-newton", "bfgs"];

/** The tour may hold two of them: what is chosen in one must not be let go in the other. */
let boards = 0;

export class RaceBoard {
  readonly root: HTMLElement;
  /** Changes whenever the board must be painted again. */
  version = 0;
  runners: Runner[] = [];
  private chosen = new Set<MethodName>(FIELD);
  private measure: Measure = "x";
  private start: Pair | null = null;
  private course: Course | null = null;
  private ran: readonly unknown[] = [];
  private paths: Figure;
  private strip: Figure;
  private handle: Handle;
  private ground: Ground;
  private words: RaceWords;
  private back: HTMLButtonElement;
  private table = element("tbody");
  private explain = element("p", { class: "explain" });
  private basin = element("p", { class: "explain", "aria-live": "polite" });

  constructor(private page: Words, private touch: () => void) {
    const { race: said, names } = page.methods;
    this.words = { ...said, question: page.panels.race.question, method: (name) => names[name], end: page.methods.basin.end };
    this.paths = new Figure("race", () => this.changed());
    this.strip = new Figure("digits", () => this.changed());
    this.ground = new Ground(this.paths, page, () => this.changed());
    this.handle = new Handle(this.paths, { label: said.handle, kind: said.draggable, role: "start", move: (x) => this.moveTo(x), reset: () => this.moveTo(null) });
    this.back = element("button", { type: "button", class: "quiet" }, said.back);
    this.back.addEventListener("click", () => this.moveTo(null));
    const tools = element("div", { class: "tools" }, this.methods(), this.ground.root, this.measures());
    const head = element("thead", {}, element("tr", {}, ...Object.values(said.columns).map((name) => element("th", { scope: "col" }, name))));
    const table = element("div", { class: "table", role: "region", tabindex: 0, "aria-label": said.table }, element("table", {}, head, this.table));
    const hint = element("p", { class: "tools hint" }, element("span", {}, said.hint), this.back);
    const left = element("div", {}, this.paths.root, hint, this.basin), right = element("div", {}, this.strip.root, this.explain);
    this.root = element("div", { class: "board" }, tools, element("div", { class: "abreast" }, left, right), table);
  }

  paint(course: Course, showFunction = true): void {
    if (course !== this.course) [this.course, this.start] = [course, null];
    const from = this.start ?? course.start, needs = [course, from, [...this.chosen].join()];
    if (needs.some((need, i) => need !== this.ran[i])) {
      this.ran = needs;
      this.runners = race(Object.keys(METHODS).filter((name) => this.chosen.has(name as MethodName)) as MethodName[], course.objective, from);
    }
    const { race: said } = this.page.methods;
    this.paths.draw(raceScene(this.runners, showFunction ? course.grid : null, course.window, course.axes, this.ground.ends, this.words), said.paths(this.runners.length));
    this.strip.draw(digitsScene(this.runners, this.measure, this.words), said.strip);
    this.handle.place(from, this.page.local.value(course.axes[0], short(from[0], 4), course.axes[1], short(from[1], 4)));
    this.back.disabled = this.start === null;
    this.ground.paint(course.sight);
    fillTable(this.table, this.runners, LAPS, this.page);
    say(this.explain, said.explain({ minima: minimaOf(this.runners), whole: course.whole }));
    say(this.basin, this.ground.sentence(LIMIT));
  }

  private changed(): void {
    this.version += 1;
    this.touch();
  }

  private moveTo(start: Pair | null): void {
    this.start = start;
    this.changed();
  }

  /** A box for every method, with its line beside the name. */
  private methods(): HTMLElement {
    const { race: said, names } = this.page.methods;
    const boxes = (Object.keys(METHODS) as MethodName[]).map((name) => {
      const box = element("input", { type: "checkbox", checked: this.chosen.has(name), "data-method": name });
      box.addEventListener("change", () => {
        this.chosen[box.checked ? "add" : "delete"](name);
        this.changed();
      });
      const line = drawn("svg", { class: "swatch", width: 30, height: 8, viewBox: "0 0 30 8", "aria-hidden": "true" }, drawn("path", { ...plain(stroke(roleOf(name))), d: "M1 4H29" }));
      return element("label", { class: "radio" }, box, line, element("span", {}, names[name]));
    });
    return element("fieldset", { class: "choice" }, element("legend", {}, said.methods), ...boxes);
  }

  private measures(): HTMLElement {
    const { race: said } = this.page.methods, group = `measure-${(boards += 1)}`;
    const radios = (["x", "f"] as const).map((measure) => {
      const radio = element("input", { type: "radio", name: group, value: measure, checked: measure === this.measure });
      radio.addEventListener("change", () => {
        this.measure = measure;
        this.changed();
      });
      return element("label", { class: "radio" }, radio, element("span", {}, said[measure]));
    });
    return element("fieldset", { class: "choice" }, element("legend", {}, said.measure), ...radios);
  }
}

const plain = (attributes: Record<string, string | number | undefined>): Record<string, string | number> =>
  Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined));

/** How many different minima the runs go to: two are one where f and x agree to a thousandth of the way. */
function minimaOf(runners: readonly Runner[]): number {
  const found: Runner[] = [];
  for (const runner of runners) {
    const { answer, points } = runner;
    if (!answer) continue;
    const way = Math.hypot(answer.x[0] - points[0][0], answer.x[1] - points[0][1]);
    const same = (other: Runner): boolean => Math.hypot(other.answer!.x[0] - answer.x[0], other.answer!.x[1] - answer.x[1]) <= 1e-3 * way;
    if (!found.some(same)) found.push(runner);
  }
  return found.length;
}
