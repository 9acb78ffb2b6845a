/** Radius and damping, folded in until somebody asks; only where the page knows f. */

import type { Engine } from "../../engine/engine";
import { objectiveOf, sightOf } from "../../engine/objective";
import type { Objective } from "../../methods/types";
import { Folded } from "../folded";
import type { Panel } from "../panel";
import type { Store } from "../store";
import { WalkBoard } from "../walk-board";
import type { Words } from "../words/words";

export function walkPanel(engine: Engine, store: Store, words: Words): Panel {
  const board = new WalkBoard(words, () => store.touch(), (x) => store.set({ x }));
  const panel = new Folded("walk", words.panels.walk, store, board.root);
  let last: { key: string; objective: Objective | null } = { key: "", objective: null };
  const objectiveIn = (plane: string, position: number): Objective | null => {
    const key = `${position} ${plane}`, sight = key === last.key ? null : sightOf(engine.recording, engine.plane(plane), engine.point(position));
    if (key !== last.key) last = { key, objective: sight && objectiveOf(sight) };
    return last.objective;
  };
  return {
    root: panel.root,
    needs: ({ state, context }) => [panel.isOpen(state), context?.quad.at[0], context?.quad.at[1], context?.frozen, context?.grid, context?.window, state.showFunction, state.plane, state.position, board.version],
    paint: ({ state, context }) => {
      if (!panel.follow(state)) return;
      const objective = context && !state.quad && context.section !== "shadow" ? objectiveIn(state.plane, state.position) : null;
      panel.root.classList.toggle("empty", !objective);
      if (objective && context) board.paint({ objective, window: context.window, grid: state.showFunction ? context.grid : null, axes: context.axes, at: context.quad.at, note: context.frozen === "hand" ? words.views.noteOwnH : "" });
    },
  };
}
