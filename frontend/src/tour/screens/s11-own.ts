/** The reader's own function: the laboratory inside the tour. */

import "./s11.css";
import { EXAMPLES } from "../../app/bench";
import { element } from "../../app/dom";
import { Laboratory, type Beginning } from "../../app/laboratory";
import { machineOf, spectrumOf, whole } from "../../engine/live";
import type { Compiled } from "../../formula/compile";
import { angleInSpace } from "../../maths/space";
import { degrees, short } from "../../scene/number";
import { chapter, type Host, type Screen } from "../screen";
import { words, type OwnWords } from "./s11-words";

/** Four bowls, four passes and a dome: something of everything. At the start -g misses and the centre is in sight. */
const FIRST: Beginning = { text: EXAMPLES.find(({ key }) => key === "himmelblau")!.text, start: [2.4, 2.9] };

/** The laboratory itself is kept: a change of language leaves it as it is, with its formula, its start and its x. */
interface State extends Beginning {
  laboratory: Laboratory | null;
  /** Of the screen that stands now. */
  touch: () => void;
}

/** Where a formula can be computed: its numbers at x, in all of its variables. */
export function tell({ program, names }: Pick<Compiled, "program" | "names">, x: number[], said: OwnWords): string {
  const n = names.length, { value, g, H } = whole(machineOf(program), x, n);
  if (![value, ...g, ...H.flat()].every(Number.isFinite)) return "";
  if (n === 1) return said.toldOne({ value: short(value, 4), slope: short(g[0], 4), bend: short(H[0][0], 4) });
  const { eigenvalues, signs, components, error = 0 } = spectrumOf(g, H, names, x);
  // At the answer g is rounding, and so is where it points.
  const angle = Math.hypot(...components) > error ? angleInSpace(eigenvalues, signs, components) : NaN;
  return said.told({ value: short(value, 4), low: short(eigenvalues[0], 4), high: short(eigenvalues[n - 1], 4), kind: said.kinds[kindOf(signs)], angle: Number.isFinite(angle) ? degrees(angle) : null });
}

function kindOf(signs: number[]): keyof OwnWords["kinds"] {
  const [up, down] = [signs.includes(1), signs.includes(-1)];
  if (up && down) return "saddle";
  if (!up && !down) return "flat";
  if (signs.includes(0)) return up ? "valley" : "ridge";
  return up ? "bowl" : "dome";
}

function make(host: Host, said: OwnWords, state: State): Screen {
  const place = element("div", { class: "laboratory", "data-only": "live" });
  let painted = false;
  state.touch = host.touch;
  const open = (): Laboratory => {
    const laboratory = new Laboratory(place, "inside", state);
    let { made } = laboratory, at = laboratory.here().join();
    // The tour is painted again where its readout would be another: not for every frame of the laboratory's own.
    laboratory.store.subscribe(() => {
      const now = laboratory.here().join();
      if (made === laboratory.made && at === now) return;
      [made, at] = [laboratory.made, now];
      state.touch();
    });
    return laboratory;
  };
  const laboratory = (state.laboratory ??= open());
  laboratory.store.state.language = host.language;
  return {
    root: laboratory.place,
    // It paints itself when something changes in it; here only what is new.
    paint: () => {
      if (!painted) laboratory.store.flush();
      painted = true;
    },
    readout: () => {
      const { compiled, stale, engine } = laboratory.made;
      return compiled && engine && !stale ? tell(compiled, laboratory.here(), said) : "";
    },
  };
}

const begin = (): State => ({ text: FIRST.text, start: FIRST.start, laboratory: null, touch: () => undefined });

export const own = chapter({ id: "own", words, begin, make });
