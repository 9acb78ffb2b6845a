/** The laboratory: a formula typed by the reader in place of a recording. */

import { Machine } from "../engine/jets";
import { recorded } from "../engine/recorded";
import type { Engine } from "../engine/engine";
import type { Quadratic, Vec } from "../maths/quadratic";
import { compile, type Compiled } from "../formula/compile";
import { FormulaError } from "../formula/grammar";
import { usualStart } from "../lab/descent";
import { look } from "../lab/look";
import { short } from "../scene/number";
import { fromHash, keepAddress } from "./address";
import { EXAMPLES, Bench } from "./bench";
import { listenToPrint } from "./print";
import { Mount, WORDS } from "./mount";
import { shower } from "./shown";
import { firstState, Store } from "./store";
import type { Words } from "./words/words";

/** Variables that pictures are made of at most: there is a plane for every pair. */
export const MOST = 12;

/** What Python puts into the page. */
interface Given {
  formula?: string;
  start?: number[] | null;
}

/** What was made of the text: pictures, or why there are none. */
export interface Made {
  text: string;
  compiled: Compiled | null;
  start: number[];
  engine: Engine | null;
  /** What is wrong, or to be said, in a language. */
  say: (words: Words) => string;
  column: number;
  /** Whether the pictures are still those of an earlier text. */
  stale: boolean;
}

const NOTHING = (): string => "";

export function openLaboratory(given: Given): void {
  const first = fromAddress(location.hash) ?? { text: given.formula ?? EXAMPLES[0].text, start: given.start ?? null };
  if (first.text === EXAMPLES[0].text) first.start ??= EXAMPLES[0].start;
  let made = make(first.text, first.start, null);
  const engine = { ...(made.engine ?? nowhere()) };
  const initial = firstState(engine.recording.planes[0]?.id ?? "");
  const store = new Store(fromHash(location.hash, initial, engine));

  const change = (text: string, start: number[] | null, language = store.state.language): void => {
    made = make(text, start, made);
    document.body.classList.toggle("stale", made.stale);
    if (made.stale) return store.touch();
    Object.assign(engine, made.engine ?? nowhere());
    initial.plane = engine.recording.planes[0]?.id ?? "";
    const known = engine.plane(store.state.plane) !== null;
    if (window.raphson) window.raphson.recording = engine.recording;
    mount.renew();
    store.set({ x: null, lens: null, around: null, quad: null, playing: "", plane: known ? store.state.plane : initial.plane, language });
  };
  const bench = new Bench(store, {
    made: () => made,
    here: () => here(made, engine, store),
    type: (text) => change(text, null),
    begin: (start) => change(made.text, start),
    example: ({ text, start }) => change(text, start),
  });
  document.body.prepend(bench.root);
  const mount = new Mount(store, () => made.engine && engine, ownWords, false);
  document.addEventListener("raphson-place", (event) => change(made.text, placed(made, engine, store, (event as CustomEvent<Vec>).detail)));
  // Before the listener that reads the rest of the hash.
  window.addEventListener("hashchange", () => {
    const said = fromAddress(location.hash);
    if (said && (said.text !== made.text || said.start?.join() !== made.start.join())) change(said.text, said.start);
  });
  keepAddress(store, initial, engine, () => toAddress(made));
  listenToPrint(store);
  store.subscribe((state) => bench.paint(state));
  store.flush();
  document.getElementById("static")?.remove();
  window.raphson = {
    store, recording: engine.recording, show: (quad: Quadratic) => store.set({ quad, x: null }),
    context: () => made.engine && shower(engine, WORDS[store.state.language])(store.state).context,
  };
}

/** Compiles and looks; what cannot be drawn, or not be read, is said. The starts of variables that stay are kept. */
function make(text: string, start: number[] | null, before: Made | null): Made {
  const none = { text, compiled: null, start: before?.start ?? [], engine: null, column: -1, stale: false };
  try {
    const compiled = compile(text), { names, program } = compiled, n = names.length;
    if (n === 0) return { ...none, say: ({ laboratory }) => laboratory.constant(short(new Machine(program).value([]), 12)) };
    if (n > MOST) return { ...none, say: ({ laboratory }) => laboratory.many(n, MOST) };
    const own = start?.length === n && start.every(Number.isFinite) ? start : kept(compiled, before);
    const recording = look(compiled, own), finite = recording.points[0].eigenvalues.length > 0;
    return { ...none, compiled, start: own, engine: recorded(recording), say: finite ? NOTHING : ({ laboratory }) => laboratory.infinite };
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    const { column, fault } = error, stale = Boolean(before?.engine);
    const say = ({ laboratory }: Words): string => laboratory.column(column + 1) + laboratory.fault(fault);
    // While somebody types most texts are no formulas: the pictures of the last one stay, gray.
    return { ...none, compiled: before?.compiled ?? null, engine: before?.engine ?? null, column, stale, say };
  }
}

/** The starts that names have had, where f is finite there. */
function kept({ names, program }: Compiled, before: Made | null): number[] {
  const machine = new Machine(program), usual = usualStart(machine, names.length), old = before?.compiled?.names ?? [];
  const own = names.map((name, i) => (old.includes(name) ? before!.start[old.indexOf(name)] : usual[i]));
  return Number.isFinite(machine.value(own)) ? own : usual;
}

/** The point x in all its coordinates, wherever it was dragged to. */
function here(made: Made, engine: Engine, store: Store): number[] {
  return store.state.x ? placed(made, engine, store, store.state.x) : made.start;
}

function placed({ start }: Made, engine: Engine, store: Store, to: Vec): number[] {
  if (start.length === 1) return [to[0]];
  const plane = engine.plane(store.state.plane);
  if (!plane?.basis) return start;
  const [du, dv] = [to[0] - plane.start[0], to[1] - plane.start[1]];
  return start.map((a, i) => a + plane.basis![i][0] * du + plane.basis![i][1] * dv).map((a) => Number(a.toPrecision(12)));
}

/** The engine of nothing, for what asks one before there is any. */
function nowhere(): Engine {
  return recorded({ schema: 1, kind: "look", title: "", n: 0, names: [], dtype: "float64", verdict: null, lines: [], trials: null, planes: [], points: [], notes: [] });
}

function toAddress({ text, start, compiled }: Made): string {
  const at = compiled ? `&at=${start.map((a) => String(Number(a.toPrecision(12)))).join(",")}` : "";
  return `formula=${encodeURIComponent(text)}${at}`;
}

function fromAddress(hash: string): { text: string; start: number[] | null } | null {
  const said = new URLSearchParams(hash.replace(/^#/, "")), text = said.get("formula");
  const at = (said.get("at") ?? "").split(",").filter((part) => part.trim() !== "").map(Number);
  return text === null ? null : { text, start: at.length > 0 && at.every(Number.isFinite) ? at : null };
}

/** Nothing here is recorded, and the card stays that of the start while x is dragged. */
function ownWords(words: Words): Words {
  const { made, reset, kind, curvatures, map } = words.laboratory;
  const panels = { ...words.panels, function: { ...words.panels.function, question: map } };
  return { ...words, panels, page: { ...words.page, made }, controls: { ...words.controls, reset }, verdict: { ...words.verdict, kind, curvatures }, views: { ...words.views, ...words.laboratory.views } };
}
