/** The track of a race: the paths on contours or on a basin map, and the start that can be dragged. Boards of panels and the tour hold it. */

import { race, type Racer, type Runner } from "../methods/race";
import { METHODS } from "../methods/run";
import type { Sight } from "../engine/objective";
import type { MethodName, Objective } from "../methods/types";
import type { Window } from "../maths/window";
import { short } from "../scene/number";
import { color, stroke } from "../scene/style";
import type { Grid, Pair, Scene } from "../scene/types";
import { roleOf, type RaceWords } from "../views/race";
import { drawn, element } from "./dom";
import { Figure } from "./figure";
import { Ground } from "./ground";
import { Handle } from "./handle";
import type { Words } from "./words/words";

/** What is raced on, the same object while nothing changed; `whole`: the plane is all of the space. */
export interface Course { whole: boolean; sight: Sight; objective: Objective; window: Window; grid: Grid | null; axes: readonly [string, string]; start: Pair }

/** What the reader chose. Its owner may keep it longer than a track lives: a change of language makes the track anew. */
export interface Choices { start: Pair | null; chosen: Set<Racer>; ground: MethodName | null }

/** Who runs at first. */
const FIELD: readonly MethodName[] = ["gradient-descent", "newton", "damped-newton", "bfgs"];

export const firstChoices = (): Choices => ({ start: null, chosen: new Set(FIELD), ground: null });

export class RaceTrack {
  readonly figure: Figure;
  readonly ground: Ground;
  private handle: Handle;
  private ran: readonly unknown[] = [];
  private runners: Runner[] = [];

  constructor(private page: Words, private kept: Choices, private changed: () => void) {
    const said = page.methods.race;
    this.figure = new Figure("race", changed);
    this.ground = new Ground(this.figure, page, kept, changed);
    this.handle = new Handle(this.figure, { label: said.handle, kind: said.draggable, role: "start", move: (x) => this.moveTo(x), reset: () => this.moveTo(null) });
  }

  /** Where the reader put the start, or the course's own. */
  from(course: Course): Pair {
    return this.kept.start ?? course.start;
  }

  moveTo(start: Pair | null): void {
    this.kept.start = start;
    this.changed();
  }

  /** The runs of raphson's methods among those chosen; made again only where something has changed. */
  run(course: Course, laps?: number): Runner[] {
    const { chosen } = this.kept, needs = [course, this.from(course), [...chosen].join(), laps];
    if (needs.some((need, i) => need !== this.ran[i])) {
      this.ran = needs;
      this.runners = race((Object.keys(METHODS) as MethodName[]).filter((name) => chosen.has(name)), course.objective, this.from(course), laps);
    }
    return this.runners;
  }

  draw(course: Course, scene: Scene, label: string): void {
    const from = this.from(course);
    this.figure.draw(scene, label);
    this.handle.place(from, this.page.local.value(course.axes[0], short(from[0], 4), course.axes[1], short(from[1], 4)));
    this.ground.paint(course.sight);
  }

  /** A box for a method, with its line beside the name. */
  box(name: Racer): HTMLElement {
    const { chosen } = this.kept, box = element("input", { type: "checkbox", checked: chosen.has(name), "data-method": name });
    box.addEventListener("change", () => {
      chosen[box.checked ? "add" : "delete"](name);
      this.changed();
    });
    return element("label", { class: "radio" }, box, swatch(roleOf(name)), element("span", {}, this.page.methods.names[name]));
  }
}

/** What the pictures of a race say, in the language of the page. */
export function raceWords(page: Words): RaceWords {
  const { race: said, names, basin } = page.methods;
  return { ...said, question: page.panels.race.question, method: (name) => names[name], end: basin.end };
}

/** The line of a method, with its mark where it has one. */
export const swatch = (role: string, mark = ""): SVGSVGElement =>
  drawn("svg", { class: "swatch", width: 36, height: 12, "aria-hidden": "true" }, drawn("path", { ...plain(stroke(role)), d: "M1 6H29" }), mark ? drawn("path", { fill: color(role), d: mark, transform: "translate(15 6)" }) : null);

const plain = (attributes: Record<string, string | number | undefined>): Record<string, string | number> =>
  Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined));
