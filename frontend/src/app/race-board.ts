/** The race as a piece of a page: two pictures, what can be chosen, the table. A panel or the laboratory holds it. */

import { LIMIT } from "../methods/basin";
import { LAPS, type Runner } from "../methods/race";
import { METHODS } from "../methods/run";
import type { MethodName } from "../methods/types";
import { digitsScene, raceScene, type Measure, type RaceWords } from "../views/race";
import { element, tableIn } from "./dom";
import { Figure } from "./figure";
import { say } from "./panel";
import { fillTable } from "./race-table";
import { RaceTrack, firstChoices, raceWords, type Course } from "./race-track";
import { radios } from "./radios";
import type { Words } from "./words/words";

/** The tour may hold two of them: what is chosen in one must not be let go in the other. */
let boards = 0;

export class RaceBoard {
  readonly root: HTMLElement;
  /** Changes whenever the board must be painted again. */
  version = 0;
  runners: Runner[] = [];
  private kept = firstChoices();
  private measure: Measure = "x";
  private course: Course | null = null;
  private track: RaceTrack;
  private strip: Figure;
  private words: RaceWords;
  private back: HTMLButtonElement;
  private table = element("tbody");
  private explain = element("p", { class: "explain" });
  private basin = element("p", { class: "explain", "aria-live": "polite" });

  constructor(private page: Words, private touch: () => void) {
    const { race: said } = page.methods;
    this.words = raceWords(page);
    this.track = new RaceTrack(page, this.kept, () => this.changed());
    this.strip = new Figure("digits", () => this.changed());
    this.back = element("button", { type: "button", class: "quiet" }, said.back);
    this.back.addEventListener("click", () => this.track.moveTo(null));
    const tools = element("div", { class: "tools" }, this.methods(), this.track.ground.root, this.measures());
    const table = tableIn(said.table, Object.values(said.columns), this.table);
    const hint = element("p", { class: "tools hint" }, element("span", {}, said.hint), this.back);
    const left = element("div", {}, this.track.figure.root, hint, this.basin), right = element("div", {}, this.strip.root, this.explain);
    this.root = element("div", { class: "board" }, tools, element("div", { class: "abreast" }, left, right), table);
  }

  paint(course: Course, showFunction = true): void {
    if (course !== this.course) [this.course, this.kept.start] = [course, null];
    const { race: said } = this.page.methods, { ground } = this.track;
    this.runners = this.track.run(course);
    this.track.draw(course, raceScene(this.runners, showFunction ? course.grid : null, course.window, course.axes, ground.ends, this.words), said.paths(this.runners.length));
    this.strip.draw(digitsScene(this.runners, this.measure, this.words), said.strip);
    this.back.disabled = this.kept.start === null;
    fillTable(this.table, this.runners, LAPS, this.page);
    say(this.explain, said.explain({ minima: minimaOf(this.runners), whole: course.whole }));
    say(this.basin, ground.sentence(LIMIT));
  }

  private changed(): void {
    this.version += 1;
    this.touch();
  }

  private methods(): HTMLElement {
    const boxes = (Object.keys(METHODS) as MethodName[]).map((name) => this.track.box(name));
    return element("fieldset", { class: "choice" }, element("legend", {}, this.page.methods.race.methods), ...boxes);
  }

  private measures(): HTMLElement {
    const { race: said } = this.page.methods;
    const { root, check } = radios(`measure-${(boards += 1)}`, said.measure, { x: said.x, f: said.f }, (measure: Measure) => {
      this.measure = measure;
      this.changed();
    });
    check(this.measure);
    return root;
  }
}

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
