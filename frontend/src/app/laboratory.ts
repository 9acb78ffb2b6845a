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
import { dress } from "./dress";
import { Mount, WORDS } from "./mount";
import type { Standing } from "./page";
import { shower, type Shown } from "./shown";
import { firstState, Store, type State } from "./store";
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

/** A formula and a start that a laboratory begins with. */
export interface Beginning {
  text: string;
  start: number[] | null;
}

/** The form and the pictures, in a place of any page; what belongs to a page of their own is in openLaboratory. */
export class Laboratory {
  made: Made;
  readonly engine: Engine;
  /** As it began, with the plane of what is typed now. */
  readonly initial: State;
  readonly store: Store;
  private readonly mount: Mount;

  /** `standing`: whether the place is that of a whole page; `begun`: the state that this one begins in. */
  constructor(readonly place: HTMLElement, standing: Standing, { text, start }: Beginning, begun: (initial: State, engine: Engine) => State = (own) => own) {
    this.made = make(text, start, null);
    this.engine = { ...(this.made.engine ?? nowhere()) };
    this.initial = firstState(this.engine.recording.planes[0]?.id ?? "");
    this.store = new Store(begun(this.initial, this.engine));
    const bench = new Bench(this.store, {
      made: () => this.made,
      here: () => this.here(),
      type: (typed) => this.change(typed, null),
      begin: (at) => this.change(this.made.text, at),
      example: (example) => this.change(example.text, example.start),
    }, standing);
    place.prepend(bench.root);
    this.mount = new Mount(this.store, () => this.made.engine && this.engine, ownWords, standing, place);
    place.addEventListener("raphson-place", (event) => this.change(this.made.text, placed(this.made, this.engine, this.store, (event as CustomEvent<Vec>).detail)));
    this.store.subscribe((state) => bench.paint(state));
    // Esc undoes wherever the focus is; a page of a laboratory has no other keys.
    document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && place.isConnected && this.store.undo());
  }

  change(text: string, start: number[] | null): void {
    const { made, engine, store } = this, now = (this.made = make(text, start, made));
    this.place.classList.toggle("stale", now.stale);
    if (now.stale) return store.touch();
    Object.assign(engine, now.engine ?? nowhere());
    this.initial.plane = engine.recording.planes[0]?.id ?? "";
    const known = engine.plane(store.state.plane) !== null;
    this.mount.renew();
    store.set({ x: null, lens: null, around: null, quad: null, playing: "", plane: known ? store.state.plane : this.initial.plane });
  }

  /** The point x in all its coordinates, wherever it was dragged to. */
  here(): number[] {
    const { made, store } = this;
    return store.state.x ? placed(made, this.engine, store, store.state.x) : made.start;
  }

  /** What the pictures are drawn from; null where there are none. */
  shown(): Shown | null {
    return this.made.engine && shower(this.engine, WORDS[this.store.state.language])(this.store.state);
  }
}

/** The laboratory as a page of its own, with its address. */
export function openLaboratory(given: Given): void {
  const first = fromAddress(location.hash) ?? { text: given.formula ?? EXAMPLES[0].text, start: given.start ?? null };
  if (first.text === EXAMPLES[0].text) first.start ??= EXAMPLES[0].start;
  dress();
  const laboratory = new Laboratory(document.body, "below", first, (initial, engine) => fromHash(location.hash, initial, engine));
  const { store, initial, engine } = laboratory;
  // Before the listener that reads the rest of the hash.
  window.addEventListener("hashchange", () => {
    const said = fromAddress(location.hash), { made } = laboratory;
    if (said && (said.text !== made.text || said.start?.join() !== made.start.join())) laboratory.change(said.text, said.start);
  });
  keepAddress(store, initial, engine, () => toAddress(laboratory.made));
  listenToPrint(store);
  store.flush();
  document.getElementById("static")?.remove();
  window.raphson = {
    store, get recording() { return engine.recording; }, show: (quad: Quadratic) => store.set({ quad, x: null }), context: () => laboratory.shown()?.context ?? null,
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

/** A point of the plane in all coordinates. */
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

function fromAddress(hash: string): Beginning | null {
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
