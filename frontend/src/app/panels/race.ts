/** Several methods from one start, folded in until somebody asks for it; only where the page knows f. */

import type { Engine } from "../../engine/engine";
import type { Objective } from "../../methods/types";
import { Folded } from "../folded";
import type { Panel } from "../panel";
import { RaceBoard, type Course } from "../race-board";
import { axesIn } from "../shown";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function racePanel(engine: Engine, store: Store, words: Words, objectiveIn: (plane: string) => Objective | null): Panel {
  const board = new RaceBoard(words, () => store.touch());
  const panel = new Folded("race", words.panels.race, store, board.root);
  const courses = new Map<string, Course | null>();
  const courseIn = (id: string): Course | null => {
    const known = courses.get(id), plane = engine.plane(id), objective = known === undefined ? objectiveIn(id) : null;
    if (known !== undefined) return known;
    const course = plane && objective ? { objective, window: plane.window, grid: engine.grid(id), axes: axesIn(engine, plane.axes, plane.kind, words), start: plane.start } : null;
    courses.set(id, course);
    return course;
  };
  return {
    root: panel.root,
    needs: ({ state }) => [panel.isOpen(state), state.plane, board.version],
    paint: ({ state }) => {
      if (!panel.follow(state)) return;
      const course = courseIn(state.plane);
      panel.root.classList.toggle("empty", !course);
      if (course) board.paint(course);
    },
  };
}
