/** Radius and damping; only where the page knows f. */

import type { Engine } from "../../engine/engine";
import { objectiveOf, sightOf } from "../../engine/objective";
import type { Jet, Objective } from "../../methods/types";
import { say, section, type Panel } from "../panel";
import type { Store } from "../store";
import { WalkBoard } from "../walk-board";
import type { Words } from "../words/words";

export function walkPanel(engine: Engine, store: Store, words: Words): Panel {
  const board = new WalkBoard(words, () => store.touch(), (x) => store.set({ x }));
  const { root, explain } = section("walk", words.panels.walk, board.root);
  let last: { key: string; objective: Objective | null } = { key: "", objective: null };
  const objectiveIn = (plane: string, position: number): Objective | null => {
    const key = `${position} ${plane}`, sight = key === last.key ? null : sightOf(engine.recording, engine.plane(plane), engine.point(position));
    if (key !== last.key) last = { key, objective: sight && objectiveOf(sight) };
    return last.objective;
  };
  return {
    root,
    needs: ({ state, context }) => [context?.quad.at[0], context?.quad.at[1], context?.frozen, context?.grid, context?.window, state.showFunction, state.plane, state.position, board.version],
    paint: ({ state, context }) => {
      const objective = context && !state.quad && context.section !== "shadow" ? objectiveIn(state.plane, state.position) : null;
      const known = objective !== null && allFinite(objective(context!.quad.at));
      root.classList.toggle("empty", !known);
      say(explain, known ? "" : words.methods.walk.nowhere);
      if (known && context) board.paint({ objective, window: context.window, grid: state.showFunction ? context.grid : null, axes: context.axes, at: context.quad.at, note: context.frozen === "hand" ? words.views.noteOwnH : "" });
    },
  };
}

const allFinite = ({ value, gradient, hessian }: Jet): boolean => [value, ...gradient, ...hessian].every(Number.isFinite);
