/** The state in the URL's hash, so that a picture can be sent to somebody: #trial=5&plane=x1,x2&x=0.3,0.4&t=0.5&lang=zh; H, where it was changed, as H=2,0.5,3 */

import type { Engine } from "../engine/engine";
import { decomposed, mapped } from "../maths/symmetric";
import type { State, Store } from "./store";

const ANSWER = "answer";
/** Browsers allow about 100 changes of the address in 30 seconds. */
const QUIET_MILLISECONDS = 400;

/** The hash of a state; what is as at the beginning is left out. */
export function toHash(state: State, initial: State, engine: Engine): string {
  const parts: [string, string][] = [];
  const add = (name: string, value: string, differs: boolean) => differs && parts.push([name, value]);
  add("trial", state.position === engine.answer ? ANSWER : String(numberOf(engine, state.position)), state.position !== initial.position);
  add("plane", state.plane, state.plane !== initial.plane);
  add("section", state.section, state.section !== initial.section);
  add("x", written(state.x ?? []), state.x !== null && state.quad === null);
  add("H", written(state.hand ? mapped(state.hand, (lambda) => lambda) : []), state.hand !== null && state.quad === null);
  add("t", String(Number(state.morph.toFixed(3))), state.morph !== initial.morph);
  add("stretch", String(Number(state.stretch.toFixed(3))), state.stretch !== initial.stretch);
  add("around", String(Number((state.around ?? 0).toPrecision(12))), state.around !== null);
  add("lang", state.language, state.language !== initial.language);
  add("f", "hidden", !state.showFunction);
  add("H", "full", state.whole);
  add("open", state.open.join(","), state.open.length > 0);
  add("show", state.show, state.show !== initial.show);
  add("over", state.over, state.over !== initial.over);
  add("method", state.picked, state.picked !== "");
  add("turn", String(Math.round(state.azimuth)), state.azimuth !== initial.azimuth);
  add("tilt", String(Math.round(state.elevation)), state.elevation !== initial.elevation);
  return parts.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&");
}

const written = (numbers: readonly number[]): string => numbers.map((a) => String(Number(a.toPrecision(12)))).join(",");

/** The state that a hash describes; what it does not say, or says wrongly, is as at the beginning. */
export function fromHash(hash: string, initial: State, engine: Engine): State {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const plane = said.get("plane");
  const section = said.get("section");
  const numbers = (key: string): number[] => (said.get(key) ?? "").split(",").filter((part) => part.trim() !== "").map(Number);
  const x = numbers("x"), H = numbers("H");
  const around = within(said.get("around"), -Math.PI, Math.PI, NaN);
  const language = said.get("lang");
  return {
    ...initial,
    position: position(said.get("trial"), initial, engine),
    plane: plane !== null && engine.plane(plane) ? plane : initial.plane,
    section: section === "slice" || section === "shadow" ? section : initial.section,
    x: x.length === 2 && x.every(Number.isFinite) ? [x[0], x[1]] : null,
    hand: H.length === 3 && H.every(Number.isFinite) ? decomposed([H[0], H[1], H[2]]) : null,
    morph: within(said.get("t"), 0, 1, initial.morph),
    stretch: within(said.get("stretch"), 0, 1, initial.stretch),
    around: Number.isNaN(around) ? null : around,
    language: language === "en" || language === "zh" ? language : initial.language,
    showFunction: said.get("f") !== "hidden",
    whole: said.get("H") === "full",
    open: (said.get("open") ?? "").split(",").filter((id) => /^[a-z]+$/.test(id)),
    show: said.get("show") === "digits" ? "digits" : initial.show,
    over: said.get("over") === "trials" ? "trials" : initial.over,
    picked: said.get("method") ?? "",
    azimuth: within(said.get("turn"), -180, 180, initial.azimuth),
    elevation: within(said.get("tilt"), 0, 90, initial.elevation),
  };
}

/** The number of the trial in the whole run, from 1 (a long record is thinned). */
export function numberOf(engine: Engine, place: number): number {
  return (engine.recording.trials?.index[place - 1] ?? place - 1) + 1;
}

function position(said: string | null, initial: State, engine: Engine): number {
  if (said === ANSWER) return engine.answer;
  const k = engine.recording.trials?.index.indexOf(Number(said ?? NaN) - 1) ?? -1;
  return k < 0 ? initial.position : k + 1;
}

function within(said: string | null, low: number, high: number, otherwise: number): number {
  const value = said === null || said === "" ? NaN : Number(said);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : otherwise;
}

/** Keeps the address and the store the same. `more`: what else stands in the hash, before the state. */
export function keepAddress(store: Store, initial: State, engine: Engine, more: () => string = () => ""): void {
  let written = location.hash.replace(/^#/, "");
  let timer = 0;
  store.subscribe(() => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const hash = [more(), toHash(store.state, initial, engine)].filter((part) => part !== "").join("&");
      if (hash === written) return;
      written = hash;
      history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    }, QUIET_MILLISECONDS);
  });
  window.addEventListener("hashchange", () => {
    written = location.hash.replace(/^#/, "");
    store.set(fromHash(written, initial, engine));
  });
}
