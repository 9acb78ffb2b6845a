/** What H costs as n grows: every entry, the entries of a chain, a product; beside whole runs that were measured. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { short } from "../../scene/number";
import type { Item, Pair, Scene } from "../../scene/types";
import type { Host } from "../screen";
import type { MillionWords, Part } from "./s10-words";

export interface CostState { n: number }
export const beginCost = (): CostState => ({ n: MILLION });

const MILLION = 1e6, FEWEST = 2;
export const DOUBLE = 8, GIB = 2 ** 30;
/** The memory of a good laptop. */
export const LAPTOP = 16 * GIB;

/** Numbers to keep. A chain: f ties every variable to the one before and the one after it, so that H is tridiagonal. */
export const ENTRIES = { dense: (n: number): number => n * n, chain: (n: number): number => 2 * n - 1, product: (n: number): number => n };
/** Additions, multiplications and divisions: counted, not measured. A Cholesky factor, L D L' of a chain, H v of a chain. Golub and Van Loan (2013), 4.2, 4.3. */
export const WORK = { dense: (n: number): number => n ** 3 / 3, chain: (n: number): number => 3 * (n - 1), product: (n: number): number => 5 * n - 4 };
type Kind = keyof typeof ENTRIES;
const KINDS: readonly Kind[] = ["dense", "chain", "product"];
const ROLES: Record<Kind, string> = { dense: "cost-dense", chain: "cost-chain", product: "cost-product" };

export interface Measured { key: string; n: number; seconds: number; products: number; peak: number }
/** Whole runs of raphson by products with H, from benchmarks/results/large/runs.json: seconds, GiB. */
export const MEASURED: readonly Measured[] = [
  { key: "cosh-1000", n: 1000, seconds: 0.109, products: 257, peak: 0.3 },
  { key: "cosh-3000", n: 3000, seconds: 2.89, products: 247, peak: 0.516 },
  { key: "rosenbrock-1e5", n: 1e5, seconds: 0.776, products: 201, peak: 0.663 },
  { key: "rosenbrock-1e6", n: 1e6, seconds: 10.7, products: 213, peak: 1.81 },
];

const bytes = (kind: Kind, n: number): number => DOUBLE * ENTRIES[kind](n);

export function costScene({ n }: CostState, said: MillionWords): Scene {
  const window: Scene["window"] = [1.5, 2e6, 6, 3e13];
  // Straight on these axes, but for the first few n of a chain.
  const ticks = Array.from({ length: 80 }, (_, k) => FEWEST * (MILLION / FEWEST) ** (k / 79));
  const line = (kind: Kind): Item => ({ kind: "curve", role: ROLES[kind], points: ticks.map((m): Pair => [m, bytes(kind, m)]), label: said.cost.lines[kind] });
  return {
    view: "cost", question: "", window, equal: false, log: "xy", x_label: said.cost.variables, y_label: said.cost.bytes,
    items: [
      { kind: "curve", role: "muted", points: [[window[0], LAPTOP], [window[1], LAPTOP]], dashed: true, label: said.cost.laptop },
      { kind: "curve", role: "cell-rule", points: [[n, window[2]], [n, window[3]]] },
      ...KINDS.map(line),
      { kind: "dots", role: "data", points: MEASURED.map(({ n: m, peak }): Pair => [m, peak * GIB]), filled: MEASURED.map(() => true) },
      { kind: "text", role: "data", at: [1.4 * MILLION, 1.6e8], text: said.cost.peak, anchor: "end" },
      ...KINDS.map((kind): Item => ({ kind: "dots", role: kind === "dense" ? "point" : ROLES[kind], points: [[n, bytes(kind, n)]], filled: [kind === "dense"] })),
    ],
  };
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size as a person reads it. */
export function sized(count: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(count) / 10)));
  return `${short(count / 1024 ** power, 3)}\u00a0${UNITS[power]}`;
}

/** Counts: digits while they are few, powers of ten beyond. */
export function counted(count: number): string {
  if (count < 1e7) return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const [digits, power] = count.toExponential(1).split("e");
  return `${digits === "1.0" ? "" : `${digits.replace(/\.0$/, "")}\u00a0\u00b7\u00a0`}10${[...String(Number(power))].map((c) => "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[Number(c)]).join("")}`;
}

export function costPart(host: Host, said: MillionWords, state: CostState): Part {
  const figure = new Figure("cost", host.touch);
  const put = (n: number): void => { state.n = Math.round(Math.min(MILLION, Math.max(FEWEST, n))); host.touch(); };
  const reset = (): void => put(beginCost().n);
  const handle = new Handle(figure, { label: said.cost.n, kind: host.page.local.draggable, role: "point", reset, move: ([n]) => put(n) });
  const slider = element("input", { type: "range", min: Math.log10(FEWEST), max: 6, step: "any", "data-control": "n" });
  slider.addEventListener("input", () => put(10 ** Number(slider.value)));
  const heads = said.cost.columns.map((head) => element("th", { scope: "col" }, head)), body = element("tbody");
  const table = element("table", { class: "errors" }, element("thead", {}, element("tr", {}, ...heads)), body);
  const { n: most, seconds, products, peak } = MEASURED.at(-1)!, measured = said.cost.measured({ n: counted(most), seconds: short(seconds, 3), products, peak: `${short(peak, 3)}\u00a0GiB` });
  return {
    root: element("div", {}, figure.root, element("p", { class: "tools" }, element("label", {}, said.cost.n, slider)), table, element("p", { class: "explain" }, measured)),
    size: () => figure.size,
    paint: () => {
      figure.draw(costScene(state, said), said.cost.picture);
      handle.place([state.n, bytes("dense", state.n)], `n = ${state.n}`);
      slider.value = String(Math.log10(state.n));
      slider.setAttribute("aria-valuetext", `n = ${state.n}`);
      body.replaceChildren(...KINDS.map((kind) => row(kind, state.n, said)));
    },
    readout: () => {
      const { n } = state, dense = bytes("dense", n);
      return said.cost.told({ n: counted(n), dense: sized(dense), chain: sized(bytes("chain", n)), times: dense > LAPTOP ? short(dense / LAPTOP, 3) : null });
    },
  };
}

/** What is kept and what is computed, as formulas and as numbers. */
function row(kind: Kind, n: number, said: MillionWords): HTMLElement {
  const cells = [`${said.cost.numbers[kind]} = ${counted(ENTRIES[kind](n))}`, sized(bytes(kind, n)), `${said.cost.work[kind]} = ${counted(WORK[kind](n))}`];
  return element("tr", { "data-kind": kind }, element("th", { scope: "row" }, said.cost.rows[kind]), ...cells.map((cell) => element("td", {}, cell)));
}
