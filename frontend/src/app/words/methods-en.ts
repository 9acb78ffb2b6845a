/** Words of the methods that run in the page: the race, the basin map, the walk along s(tau). */

import { short } from "../../scene/number";
import type { BasinNumbers, RaceNumbers, WalkNumbers } from "./numbers";

export const methodsEn = {
  names: {
    "gradient-descent": "gradient descent", newton: "Newton", "damped-newton": "damped Newton", "trust-exact": "trust region", damped: "Levenberg damping", bfgs: "BFGS", "fixed-step": "fixed step",
  },
  race: {
    trial: "trial",
    digits: "right digits of x",
    decades: "decades by which f \u2212 f* has fallen",
    handle: "Start of the race",
    draggable: "draggable start",
    hint: "Drag the start, or use the arrow keys.",
    back: "Back to the run\u2019s own start",
    methods: "Methods",
    ground: "Behind the paths",
    contours: "contours of f",
    basin: (method: string) => `where every start ends: ${method}`,
    measure: "Digits of",
    x: "x",
    f: "f",
    paths: (methods: number) => `Contours of f and the paths of ${methods} ${methods === 1 ? "method" : "methods"}`,
    strip: "Digits gained over the trials, a line for every method",
    table: "The race in numbers",
    columns: { method: "method", trials: "trials", rejected: "rejected", value: "f reached", digits: "digits of x", order: "order", end: "how it ended" },
    limit: (laps: number) => `stopped here after ${laps} trials`,
    noOrder: "not seen yet",
    noAnswer: "goes to no minimum",
    explain: (a: RaceNumbers) => explainRace(a),
  },
  basin: {
    working: (share: number) => `Running every start: ${Math.floor(100 * share)} %`,
    explain: (a: BasinNumbers) => explainBasin(a),
    end: (number: number, value: number) => `${number}: f = ${short(value)}`,
  },
  walk: {
    minusGradient: "\u2212g",
    newton: "Newton step",
    curve: "s(\u03c4)",
    radius: "radius",
    point: "x",
    taken: "taken",
    rejected: "rejected",
    f: "f",
    model: "quadratic",
    length: "length of the step",
    handle: "Point x",
    draggable: "draggable point",
    hint: "Drag x, or use the arrow keys.",
    nowhere: "No walk here: f or a derivative is not finite at x, or what is drawn is not f.",
    radiusSlider: "Radius",
    dampingSlider: "Damping \u03bb",
    plane: "The curve of steps from \u2212g to the Newton step, with the step that is chosen",
    along: "f and the quadratic along the curve of steps",
    gauge: "Actual by promised decrease, and what a trust region does next",
    zones: ["rejected", "shrink", "keep the radius", "grow"] as string[],
    explain: (a: WalkNumbers) => explainWalk(a),
  },
};

function explainRace(a: RaceNumbers): string {
  const reading = "A straight line gains the same part of a digit in every trial; a line that bends upwards gains more in each than in the one before. Hollow marks are trials that were rejected.";
  const apart = a.minima > 1 ? ` The methods go to ${a.minima} different minima.` : "";
  return reading + apart + (a.whole ? "" : " All other variables are held as at the answer: the race is in this plane alone.");
}

function explainBasin(a: BasinNumbers): string {
  const parts = [`${a.starts} starts, ${a.minima === 1 ? "one end" : `${a.minima} ends`}`];
  if (a.open > 0) parts.push(`hatched: ${a.open} that came to no rest within ${a.limit} trials, fell without bound, or met an f that is not finite`);
  return `${parts.join("; ")}. ${a.repeated ? "Colors repeat from the lowest end up" : "A color is an end"}; the stronger, the more trials (${a.fewest} to ${a.most}).`;
}

function explainWalk(a: WalkNumbers): string {
  if (a.still) return "What a step could gain here lies below the rounding of f: there is nothing left to walk.";
  const where = a.held ? `\u03bb = ${short(a.lambda)} and the radius ${short(a.radius)} give the same step, ${short(a.length)} long.` : `The whole {newton:Newton step}, ${short(a.length)} long, lies inside the radius: \u03bb = 0.`;
  const bowl = a.definite ? "" : ` H has a negative eigenvalue: H + \u03bbI is positive definite only for \u03bb above ${short(a.least)}, and the curve has no Newton step to end at.`;
  if (a.predicted === null || a.actual === null) return `${where}${bowl} f is not finite at its end: {trial:rejected}.`;
  const fell = a.actual >= 0 ? `f fell by ${short(a.actual)}` : `f rose by ${short(-a.actual)}`;
  return `${where}${bowl} The quadratic promised ${short(a.predicted)}, ${fell}: ratio ${short(a.ratio)}, {trial:${a.taken ? "taken" : "rejected"}}.`;
}
