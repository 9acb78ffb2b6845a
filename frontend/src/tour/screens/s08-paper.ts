/** The valley for those who have no hand to choose it with: on paper, and without scripts, it stands below the quadratic. */

import { element, rich } from "../../app/dom";
import { Figure } from "../../app/figure";
import { raceWords, type Course } from "../../app/race-track";
import type { Words } from "../../app/words/words";
import { race, type Runner } from "../../methods/race";
import { digitsScene, raceScene } from "../../views/race";
import { definite, ellipseItems, seenBy } from "../step-ellipses";
import { SHOWN, chainOf, pathsScene, tally, untilRounding } from "./s08-runs";
import type { StepsWords } from "./s08-words";

export class OnPaper {
  readonly root: HTMLElement;
  private paths = new Figure("race-paper", () => undefined);
  private strip = new Figure("digits-paper", () => undefined);
  private explain = element("p", { class: "explain" });

  constructor(private page: Words, private said: StepsWords) {
    const pair = element("div", { class: "abreast" }, element("div", {}, this.paths.root), element("div", {}, this.strip.root));
    this.root = element("div", { class: "on-paper" }, element("p", { class: "explain" }, said.ground.rosenbrock), pair, this.explain);
  }

  paint(course: Course): void {
    // Where a hand can choose the valley this has no size.
    if (this.root.clientWidth === 0) return;
    const { objective, start, window, grid, axes } = course, words = raceWords(this.page), all = race(["newton", "damped-newton", "bfgs", "gradient-descent"], objective, start, SHOWN).map(untilRounding);
    const seen = seenBy("newton", objective, start, SHOWN), newton = all.filter(({ method }: Runner) => method === "newton");
    this.paths.draw(pathsScene(raceScene(newton, grid, window, axes, [], words), ellipseItems(seen, window, "step-ellipse")), this.page.methods.race.paths(1));
    this.strip.draw(digitsScene(all, "x", words), this.page.methods.race.strip);
    const first = tally("newton", objective, start, 0), told = this.said.told({ newton: first, descent: tally("gradient-descent", objective, start, 0), chain: chainOf(first.digits) });
    this.explain.replaceChildren(...rich(`${this.said.levels({ none: seen.filter(({ own }) => !definite(own)).length })} ${told}`));
  }
}
