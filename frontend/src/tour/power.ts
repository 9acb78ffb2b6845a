/** The power t of a screen: kept in the screen's state, moved by a slider or played (app/power-tools.ts). */

import { powerTools } from "../app/power-tools";
import { firstState, Store } from "../app/store";
import type { Host } from "./screen";

/** What moves a state now: of a screen that was made anew in another language the old one must stop. */
const movers = new WeakMap<object, Store>();

export interface Power {
  root: HTMLElement;
  /** `movable`: there is something between t = 0 and t = 1. */
  paint(movable: boolean): void;
}

/** `ends`: what stands at t = 0 and at t = 1; `more` is put beside. */
export function power(host: Host, state: { t: number }, what: "morph" | "stretch", words: { slider: string; play: string; pause: string }, ends: [string, string], ...more: Node[]): Power {
  movers.get(state)?.set({ playing: "" });
  const store = new Store({ ...firstState(""), [what]: state.t });
  movers.set(state, store);
  store.subscribe((now) => {
    if (movers.get(state) !== store) return;
    state.t = now[what];
    host.touch();
  });
  const tools = powerTools(store, what, words, ends, ...more);
  return { root: tools.root, paint: (movable) => tools.paint(store.state, movable) };
}
