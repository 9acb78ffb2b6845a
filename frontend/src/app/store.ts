/** What the reader has chosen. Painting happens once per frame, however often the state changed before it. */

import type { Section } from "../engine/engine";
import type { Quadratic, Vec } from "../maths/quadratic";
import type { Eigen } from "../maths/symmetric";

export type Language = "en" | "zh";

/** Around `at`, 2^(zoom/2) times closer than recorded. */
export interface Lens {
  at: Vec;
  zoom: number;
}

/** What goes from 0 to 1 by itself. */
export type Sweep = "morph" | "stretch" | "race";

export interface State {
  /** 1 is the first trial; one more than there are trials: the answer. */
  position: number;
  plane: string;
  section: Section;
  /** Where the reader has dragged x to, in the plane; null: the recorded point. */
  x: Vec | null;
  /** How much closer the local picture looks, and at what; null: as recorded, following x. */
  lens: Lens | null;
  /** 0..1: H^(t/2). */
  morph: number;
  /** 0..1: H^(-t), from the circle of slopes to the stretched circle. */
  stretch: number;
  /** Where the reader has dragged -g to on that circle, in radians; null: its own place. */
  around: number | null;
  language: Language;
  showFunction: boolean;
  /** Whether the ellipses of a fit are drawn by the full H, too. */
  whole: boolean;
  /** The panels that are folded out. */
  open: string[];
  azimuth: number;
  elevation: number;
  /** Of a comparison: what its lines show and what they are drawn over, how far the race has come (0..1), the role of the method that is picked out. */
  show: "gap" | "digits";
  over: "evaluations" | "trials";
  race: number;
  picked: string;
  /** What is played. */
  playing: "" | "trials" | Sweep;
  /** A quadratic shown in place of the recorded ones (window.raphson.show). */
  quad: Quadratic | null;
  /** H as the reader has made it, in the axes of f's own; null: f's own. */
  hand: Eigen | null;
}

/** With a change of one of these the quadratic is another one, and what was made of the old one is gone. */
const PLACES = ["position", "plane", "section", "x", "quad"] as const;

/** As a page opens. */
export function firstState(plane: string): State {
  return {
    position: 1, plane, section: "slice", x: null, lens: null, morph: 0, stretch: 1, around: null, showFunction: true,
    language: document.documentElement.lang.startsWith("zh") ? "zh" : "en",
    whole: false, open: [], azimuth: -60, elevation: 30, show: "gap", over: "evaluations", race: 1, picked: "", playing: "", quad: null, hand: null,
  };
}

/** `now`: everything must be up to date when the call returns, also what is out of sight. */
type Listener = (state: State, now: boolean) => void;

export class Store {
  private listeners: Listener[] = [];
  private waiting = false;

  constructor(public state: State) {}

  /** Changes the state; listeners hear of it in the next frame. */
  set(change: Partial<State>): void {
    this.state = { ...this.state, ...(PLACES.some((place) => place in change) ? { hand: null } : {}), ...change };
    this.touch();
  }

  /** Undoes what a hand has done last: the change of H, else the drag; whether there was one. */
  undo(): boolean {
    const { hand, x, lens } = this.state;
    if (hand) this.set({ hand: null });
    else if (x !== null || lens !== null) this.set({ x: null, lens: null });
    else return false;
    return true;
  }

  /** Asks for a frame. */
  touch(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.tell(false));
  }

  /** Paints everything at once. */
  flush(): void {
    this.tell(true);
  }

  private tell(now: boolean): void {
    this.waiting = false;
    for (const listener of this.listeners) listener(this.state, now);
  }

  subscribe(listener: Listener): void {
    this.listeners.push(listener);
  }
}
