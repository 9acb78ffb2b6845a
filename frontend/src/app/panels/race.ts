/** Several methods from one start; only where the page knows f. */

import type { Engine } from "../../engine/engine";
import { objectiveOf, sightOf } from "../../engine/objective";
import { section, type Panel } from "../panel";
import { RaceBoard } from "../race-board";
import type { Course } from "../race-track";
import { axesIn } from "../shown";
import type { Store } from "../store";
import type { Words } from "../words/words";

export function racePanel(engine: Engine, store: Store, words: Words): Panel {
  const board = new RaceBoard(words, () => store.touch());
  const { root } = section("race", words.panels.race, board.root);
  const courses = new Map<string, Course | null>();
  const courseIn = (id: string): Course | null => {
    const known = courses.get(id);
    if (known !== undefined) return known;
    // Through the answer: in other planes than the whole space the race is that of f with the rest as it is there.
    const plane = engine.plane(id), sight = sightOf(engine.recording, plane, engine.point(engine.answer));
    const course = plane && sight && {
      whole: plane.whole, sight, objective: objectiveOf(sight), window: plane.window, grid: engine.grid(id), axes: axesIn(engine, plane.axes, plane.kind, words), start: plane.start,
    };
    courses.set(id, course);
    return course;
  };
  return {
    root,
    needs: ({ state }) => [state.plane, state.showFunction, board.version],
    paint: ({ state }) => {
      const course = courseIn(state.plane);
      root.classList.toggle("empty", !course);
      if (course) board.paint(course, state.showFunction);
    },
  };
}
