/** Radius and damping, folded in until somebody asks; only where the page knows f. */

import type { Engine } from "../../engine/engine";
import type { Objective } from "../../methods/types";
import { Folded } from "../folded";
import type { Panel } from "../panel";
import { axesIn } from "../shown";
import type { Store } from "../store";
import { WalkBoard } from "../walk-board";
import type { Words } from "../words/words";

export function walkPanel(engine: Engine, store: Store, words: Words, objectiveIn: (plane: string) => Objective | null): Panel {
  const board = new WalkBoard(words, () => store.touch(), (x) => store.set({ x }));
  const panel = new Folded("walk", words.panels.walk, store, board.root);
  return {
    root: panel.root,
    needs: ({ state, context }) => [panel.isOpen(state), context?.quad.at[0], context?.quad.at[1], context?.grid, state.plane, board.version],
    paint: ({ state, context }) => {
      if (!panel.follow(state)) return;
      const objective = context && !state.quad ? objectiveIn(state.plane) : null, plane = engine.plane(state.plane);
      panel.root.classList.toggle("empty", !objective);
      if (!objective || !context || !plane) return;
      const { grid, window, quad } = context;
      board.paint({ objective, window, grid, axes: axesIn(engine, plane.axes, plane.kind, words), at: quad.at });
    },
  };
}
