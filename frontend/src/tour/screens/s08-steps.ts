/** One step, or several: a race on a quadratic and in a bent valley, the digits that every step brings, the ellipses on the way. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { say } from "../../app/panel";
import { RaceTrack, firstChoices, raceWords, type Choices, type Course } from "../../app/race-track";
import type { Racer, Runner } from "../../methods/race";
import { digitsScene, raceScene } from "../../views/race";
import { apart, definite, ellipseItems, seenBy, shapesScene, type Seen } from "../step-ellipses";
import { chapter, type Host, type Screen } from "../screen";
import { terrain } from "../terrain";
import { GROUNDS, PATIENCE, SHOWN, chainOf, limitAt, pathsScene, runOf, tally, untilLost, untilRounding, type Ground, type Tally } from "./s08-runs";
import { OnPaper } from "./s08-paper";
import { words, type Gap, type StepsWords } from "./s08-words";
import "./s08.css";

type Ellipses = "" | "newton" | "bfgs";

/** `share`: the fixed step as a share of the longest. */
interface State { ground: Ground; kept: Choices; share: number; ellipses: Ellipses }

const RACERS: readonly Racer[] = ["newton", "damped-newton", "bfgs", "gradient-descent", "fixed-step"];
/** Shares of the longest fixed step on the slider. */
const SHARES = [0.1, 1.2];

/** Points along a side of the grid: the floor of the valley is narrow. */
const SIDE: Record<Ground, number> = { quadratic: 113, rosenbrock: 225 };

const courses = new Map<Ground, Course>();

/** The same object every time: a course is raced on anew only where it is another one. */
function courseOf(ground: Ground): Course {
  const { formula, window, start } = GROUNDS[ground], known = courses.get(ground);
  if (known) return known;
  const { objective, sight, names, grid } = terrain(formula, SIDE[ground]), made: Course = { whole: true, sight, objective, window, grid: grid(window), axes: names, start };
  courses.set(ground, made);
  return made;
}

/** How far a method's ellipses are from those of H at most, and at the last point. */
export function gapsOf(seen: readonly Seen[]): { most: Gap; last: Gap } | null {
  const gaps = seen.flatMap(({ own, hessian }) => apart(own, hessian) ?? []), last = gaps[gaps.length - 1];
  if (!last || !Number.isFinite(last.degrees)) return null;
  return { most: { degrees: Math.max(...gaps.map((gap) => gap.degrees).filter(Number.isFinite)), ratio: Math.max(...gaps.map((gap) => gap.ratio)) }, last };
}

class Steps implements Screen {
  readonly root: HTMLElement;
  private track: RaceTrack;
  private strip: Figure;
  private shapes: Figure;
  private slider: HTMLInputElement;
  private fixed = element("div", { class: "tools fixed" });
  private fixedWords = element("span");
  private explain = element("p", { class: "explain", "aria-live": "polite" });
  private counts = new Map<Racer, HTMLElement>();
  private paper: OnPaper;
  private known = new Map<Racer, { key: string; tally: Tally }>();

  constructor(private host: Host, private said: StepsWords, private state: State) {
    this.track = new RaceTrack(host.page, state.kept, host.touch);
    this.strip = new Figure("digits", host.touch);
    this.shapes = new Figure("shapes", host.touch);
    this.slider = element("input", { type: "range", min: SHARES[0], max: SHARES[1], step: 0.01, value: state.share, "aria-label": said.fixedSlider, "data-control": "fixed" });
    this.slider.addEventListener("input", () => {
      state.share = Number(this.slider.value);
      host.touch();
    });
    this.fixed.append(this.slider, this.fixedWords);
    const ellipses = this.choice<Ellipses>("ellipses", said.ellipses, said.ellipse, state.ellipses, (chosen) => (state.ellipses = chosen));
    const grounds = this.choice<Ground>("ground", said.grounds, said.ground, state.ground, (chosen) => {
      // Each ground has a start of its own.
      [state.ground, state.kept.start] = [chosen, null];
    });
    const left = element("div", {}, this.track.figure.root, element("div", { class: "tools" }, ellipses, this.track.ground.root), this.explain);
    this.paper = new OnPaper(host.page, said);
    this.root = element("div", { class: "board" }, grounds, element("div", { class: "abreast" }, left, element("div", {}, this.strip.root, this.shapes.root, this.list())), this.paper.root);
  }

  close(): void {
    this.track.ground.close();
  }

  paint(): void {
    const { state, said, track } = this, { page } = this.host, course = courseOf(state.ground), from = track.from(course), alpha = this.alpha(), { chosen } = state.kept;
    const fixed = chosen.has("fixed-step") ? [runOf("fixed-step", course.objective, from, alpha, SHOWN)] : [], runners = [...track.run(course, SHOWN), ...fixed].map(untilRounding);
    const seen = state.ellipses ? seenBy(state.ellipses, course.objective, from, SHOWN) : [], drawn = state.ellipses ? [this.one(runners, state.ellipses)] : runners.map((runner) => untilLost(runner, course.window));
    const ellipses = ellipseItems(seen, course.window, state.ellipses === "bfgs" ? "learned-ellipse" : "step-ellipse");
    track.draw(course, pathsScene(raceScene(drawn, course.grid, course.window, course.axes, track.ground.ends, raceWords(page)), ellipses), page.methods.race.paths(drawn.length));
    [this.strip.root.hidden, this.shapes.root.hidden] = [state.ellipses === "bfgs", state.ellipses !== "bfgs"];
    if (state.ellipses === "bfgs") this.shapes.draw(shapesScene(seen, { view: said.shapes, step: String }), said.shapes);
    // The list beside it names the lines.
    else this.strip.draw(digitsScene(runners, "x", { ...raceWords(page), method: () => "" }), page.methods.race.strip);
    this.paintList(alpha, course);
    this.paper.paint(courseOf("rosenbrock"));
    const told = state.ellipses === "bfgs" ? said.learned(gapsOf(seen), seen.some(({ hessian }) => !definite(hessian))) : state.ellipses ? said.levels({ none: seen.filter(({ own }) => !definite(own)).length }) : "";
    say(this.explain, [told, track.ground.sentence()].filter(Boolean).join(" "));
  }

  readout(): string {
    const of = (method: Racer): Tally | null => (this.state.kept.chosen.has(method) ? this.tallyOf(method) : null), newton = of("newton");
    return this.said.told({ newton, descent: of("gradient-descent"), chain: chainOf(newton?.digits ?? null) });
  }

  /** The run whose ellipses are drawn, also where it does not race. */
  private one(runners: Runner[], method: "newton" | "bfgs"): Runner {
    const course = courseOf(this.state.ground);
    return runners.find((runner) => runner.method === method) ?? runOf(method, course.objective, this.track.from(course), 0, SHOWN);
  }

  private limit(): number {
    return limitAt(courseOf(this.state.ground).objective, GROUNDS[this.state.ground].least);
  }

  private alpha(): number {
    return this.state.share * this.limit();
  }

  /** Counted once for every start: gradient descent makes thousands of steps. */
  private tallyOf(method: Racer): Tally {
    const course = courseOf(this.state.ground), from = this.track.from(course), alpha = this.alpha(), key = [this.state.ground, ...from, method === "fixed-step" ? alpha : 0].join(), known = this.known.get(method);
    if (known?.key === key) return known.tally;
    const made = tally(method, course.objective, from, alpha);
    this.known.set(method, { key, tally: made });
    return made;
  }

  /** Who races, drawn how, with the steps that each needs. */
  private list(): HTMLElement {
    const rows = RACERS.map((name) => {
      const count = element("td", { class: "number", "data-steps": name });
      this.counts.set(name, count);
      return element("tr", {}, element("th", { scope: "row" }, this.track.box(name)), count);
    });
    const head = element("thead", {}, element("tr", {}, element("th", { scope: "col", colspan: 2 }, this.said.list)));
    return element("div", {}, element("table", { class: "racers" }, head, element("tbody", {}, ...rows)), this.fixed);
  }

  private paintList(alpha: number, { objective }: Course): void {
    const { chosen } = this.state.kept, { ground } = this.state, limit = this.limit();
    for (const [name, cell] of this.counts) {
      cell.textContent = chosen.has(name) ? this.said.count(this.tallyOf(name), PATIENCE) : "";
      onlyLive(cell.parentElement!, !chosen.has(name));
    }
    this.fixed.hidden = !chosen.has("fixed-step");
    const text = this.said.fixed({ alpha, limit, lambda: 2 / limitAt(objective, GROUNDS[ground].least), ground });
    this.fixedWords.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  private choice<T extends string>(name: string, title: string, options: Record<T, string>, now: T, choose: (chosen: T) => void): HTMLElement {
    const labels = (Object.keys(options) as T[]).map((value) => {
      const radio = element("input", { type: "radio", name: `steps-${name}`, value, checked: value === now });
      radio.addEventListener("change", () => {
        choose(value);
        labels.forEach((label) => onlyLive(label, !label.contains(radio)));
        this.host.touch();
      });
      return element("label", { class: "radio", "data-only": value === now ? null : "live" }, radio, element("span", {}, options[value]));
    });
    return element("fieldset", { class: `choice ${name}` }, element("legend", {}, title), ...labels);
  }
}

/** What was not chosen means nothing on paper. */
function onlyLive(node: HTMLElement, live: boolean): void {
  if (live) node.dataset.only = "live";
  else delete node.dataset.only;
}

const begin = (): State => ({ ground: "quadratic", kept: firstChoices(), share: 0.9, ellipses: "" });

export const steps = chapter<StepsWords, State>({ id: "steps", words, begin, make: (host, said, state) => new Steps(host, said, state) });
