/** Things that move by themselves until they are done, or until somebody does something else. */

import type { State, Store, Sweep } from "./store";

/** Where the reader asked for less motion: so many still pictures instead. */
const STILLS = 4;

/** Only the last thing started goes on: two timers would run twice as fast. */
let started = 0;
/** Tells the owner of that thing that it is over. */
let over = (): void => undefined;

/** Ends what moves. */
export function halt(): void {
  started += 1;
  const last = over;
  over = () => undefined;
  last();
}

/** Calls `move` with 0..1 over the time, once a frame, as long as the store says that this is played. */
export const play = (store: Store, what: State["playing"], milliseconds: number, move: (share: number) => void): void =>
  animate(() => store.state.playing === what, milliseconds, move, ended(store, what));

/** For a store that says what is played. */
const ended = (store: Store, what: State["playing"]) => (): void => {
  if (store.state.playing === what) store.set({ playing: "" });
};

/** Calls `move` with 0..1 over the time, once a frame, as long as it is wanted; `stopped` where something else begins to move. */
export function animate(wanted: () => boolean, milliseconds: number, move: (share: number) => void, stopped: () => void): void {
  over = stopped;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const start = performance.now();
  const mine = ++started;
  const frame = (now: number) => {
    if (!wanted() || mine !== started) return;
    const share = Math.min(1, Math.max(0, (now - start) / milliseconds));
    move(calm ? Math.floor(share * STILLS) / STILLS : share);
    if (share < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Moves a power t, or a race, from 0 to 1, from the beginning where 1 was reached; stops where it is being moved. */
export function sweep(store: Store, what: Sweep, milliseconds: number): void {
  if (store.state.playing === what) return store.set({ playing: "" });
  halt();
  const from = store.state[what] >= 1 ? 0 : store.state[what];
  store.set({ [what]: from, playing: what });
  play(store, what, milliseconds * (1 - from), (share) => store.set({ [what]: share >= 1 ? 1 : from + (1 - from) * share, playing: share >= 1 ? "" : what }));
}

/** Calls `step` again and again, as long as it says that there is more and the store says that this is played. */
export function repeat(store: Store, what: State["playing"], milliseconds: number, step: () => boolean): void {
  over = ended(store, what);
  const mine = ++started;
  const next = () => {
    if (store.state.playing !== what || mine !== started) return;
    if (step()) setTimeout(next, milliseconds);
    else store.set({ playing: "" });
  };
  setTimeout(next, milliseconds);
}
