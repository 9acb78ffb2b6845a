/** The round world: y = H^(t/2) (u - centre) turns the ellipse into a circle, and straight down into the way to the centre. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import type { Words } from "../../app/words/words";
import { type Vec, angleDeg, kind, whitened as whitenedOf } from "../../maths/quadratic";
import { add, scale, subtract } from "../../maths/vector";
import { type Window, around, halves, inside, middle } from "../../maths/window";
import type { Frame } from "../../scene/frame";
import { short } from "../../scene/number";
import type { Item, Scene } from "../../scene/types";
import { liftOf } from "../../views/anatomy";
import type { Context } from "../../views/context";
import { STEPS, whitened } from "../../views/whitened";
import { bareContext } from "../bare";
import { carry, chartWindow, meant } from "../chart";
import { levelLines } from "../levels";
import { onPaper } from "../paper";
import { power } from "../power";
import { chapter, type Host, type Screen } from "../screen";
import { VALLEY, terrain } from "../terrain";
import { type RoundWords, words } from "./s07-words";
import "./s07.css";

export const land = terrain(VALLEY);
/** What is seen of the plane at t = 0. */
export const WINDOW: Window = [-2, 2, -1.55, 0.85];
/** Beyond this x makes no sense in the picture. */
const REACH: Window = [-2.4, 2.4, -1.6, 1.3];
/** Where the level lines of f are known: the round picture looks farther along the valley than the plain one. */
const KNOWN: Window = [-5.5, 5.5, -5.5, 5.5];
/** How far they are drawn: a figure may show so many times what the longer side of its window is. */
const BEYOND = 2;
/** Levels of f: in a round bowl they are equally far from one another. */
const LEVELS = Array.from({ length: 22 }, (_, k) => 0.11 * (k + 1) ** 2);

export interface State { t: number; x: Vec }

export const begin = (): State => ({ t: 0, x: [-1.2, 0.3] });

export const contextOf = ({ t, x }: State, page: Words): Context => bareContext(land.quadratic(x)!, WINDOW, page, { morph: t });

let known: Vec[][] | null = null;

function functionLines(to: (u: Vec) => Vec, window: Window): Item[] {
  const far = BEYOND * Math.max(...halves(window)), room = around(middle(window), [far, far]);
  return (known ??= levelLines(land, KNOWN, LEVELS)).flatMap((line) => within(line.map(to), room)).map((points): Item => ({ kind: "curve", role: "function", points }));
}

/** The stretches of a line that a window holds. */
function within(line: Vec[], room: Window): Vec[][] {
  const out: Vec[][] = [[]];
  line.forEach((p, k) => {
    const seen = [line[k - 1] ?? p, p, line[k + 1] ?? p].some((q) => inside(room, q));
    if (seen) out[out.length - 1].push(p);
    else if (out[out.length - 1].length) out.push([]);
  });
  return out.filter((points) => points.length > 1);
}

/** What needs no name here. */
const SILENT = ["axis", "whitened", "center"];

export function roundScene(context: Context, said: RoundWords): Scene {
  const { quad, morph } = context, calm = { ticks: "", x_label: "", y_label: "" };
  if (kind(quad) !== "bowl") {
    const { items, ...scene } = whitened(context), x: Item = { kind: "dots", role: "point", points: [quad.at], filled: [true], label: "x" };
    return { ...scene, ...calm, window: WINDOW, items: [...functionLines((u) => u, WINDOW), ...items, x] };
  }
  const window = chartWindow(quad, morph, WINDOW), scene = whitened(context, { window, items: [...functionLines(carry(quad, morph), window), ...rayOf(context, window)] });
  const named = (item: Item): Item => ("label" in item && SILENT.includes(item.role) ? { ...item, label: "" } : item.role === "cauchy" ? ({ ...item, label: said.path } as Item) : item);
  return { ...scene, ...calm, items: scene.items.map(named) };
}

/** The ray of -gradient, right through the picture. */
function rayOf({ quad, morph, window: plain }: Context, window: Window): Item[] {
  const round = whitenedOf(quad, morph)!, far = 4 * Math.max(...halves(window)), size = Math.hypot(...round.gradient);
  if (liftOf(quad, plain)) return [];
  return [{ kind: "curve", role: "ray", points: [round.at, add(round.at, scale(-far / size, round.gradient))] }];
}

/** Steps of gradient descent on the model until it is there, as far as can be seen, or as many as are drawn. */
export function descentSteps(scene: Scene): number {
  const path = scene.items.find((item) => item.role === "cauchy");
  return path?.kind === "curve" ? path.points.length - 1 : 0;
}

/** The x meant by a point of the picture, in the frame in which it was taken hold of. */
export function xAt({ t, x }: State, to: Vec, frame: Pick<Frame, "window" | "plot">): Vec {
  const [a, b] = halves(WINDOW), { plot, window } = frame, plainWidth = Math.max((2 * a) / plot.width, (2 * b) / plot.height) * plot.width;
  const p = scale(plainWidth / (window[1] - window[0]), subtract(to, middle(window)));
  const found = meant((u) => land.quadratic(u), t, WINDOW, x, p);
  return [Math.min(REACH[1], Math.max(REACH[0], found[0])), Math.min(REACH[3], Math.max(REACH[2], found[1]))];
}

/** How far -gradient is off the centre at t, and how long gradient descent takes. */
function told(state: State, { page }: Host, said: RoundWords): string {
  const context = contextOf(state, page), { quad } = context, angle = angleDeg(whitenedOf(quad, state.t)!), steps = descentSteps(whitened(context, { window: chartWindow(quad, state.t, WINDOW), items: [] }));
  return said.told({ t: short(state.t), round: state.t === 1, angle: short(Number(angle.toFixed(1))), steps, more: steps >= STEPS });
}

function make(host: Host, said: RoundWords, state: State): Screen {
  const figure = new Figure("round", host.touch), end = onPaper() ? new Figure("round-end", host.touch) : null;
  const handle = new Handle(figure, {
    label: said.pull, kind: host.page.local.draggable, role: "point", reset: () => Object.assign(state, { x: begin().x }) && host.touch(),
    move: (to, frame) => {
      state.x = xAt(state, to, frame);
      host.touch();
    },
  });
  const tools = power(host, state, "morph", said, ["t = 0", "1"]);
  return {
    root: element("div", {}, element("div", { class: end ? "pair" : "" }, figure.root, end && end.root), tools.root),
    paint: () => {
      const context = contextOf(state, host.page), { quad } = context, bowl = kind(quad) === "bowl", [a, b] = quad.at;
      figure.draw(roundScene(context, said), said.picture);
      handle.place(bowl ? carry(quad, state.t)(quad.at) : quad.at, host.page.local.value("x₁", short(a), "x₂", short(b)));
      end?.draw(roundScene({ ...context, morph: 1 }, said), said.roundPicture);
      tools.paint(bowl);
    },
    readout: () => {
      const { quad, window, words: page } = contextOf(state, host.page);
      if (kind(quad) !== "bowl") return said.noRoot(page.views.kinds[kind(quad)]);
      if (liftOf(quad, window)) return said.still;
      return (end ? [state.t, 1] : [state.t]).map((t) => told({ t, x: state.x }, host, said)).join(host.language === "zh" ? "" : " ");
    },
  };
}

export const round = chapter({ id: "round", words, begin, make });
