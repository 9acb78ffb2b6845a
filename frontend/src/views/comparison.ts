/** Recorded runs of several methods: their ways in one picture, and what each has reached over trials or evaluations. */

import type { RacerRecord, RaceRecord, RaceWords } from "../engine/record";
import type { Item, Pair, Scene } from "../scene/types";

/** What lines show and what they are drawn over; `race`: how far along the axis the race has come, 0..1. */
export interface Stage {
  show: "gap" | "digits";
  over: "evaluations" | "trials";
  race: number;
}

/** Points that all have their mark; of more, some. */
const MARKED = 40, SOME = 12;
/** Around the minimum that a method showed. */
const RING = "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0";

const along = ({ trial, count }: RacerRecord, { over }: Stage): number[] => (over === "trials" ? trial : count);

/** So many trials or evaluations have been made; at the end of the axis all. */
export function until({ strips }: RaceRecord, { show, over, race }: Stage): number {
  const { window: [low, high], log, shift, most } = strips[show][over];
  return race < 1 ? Math.min(most, (log[0] === "x" ? low * (high / low) ** race : low + race * (high - low)) - shift) : most;
}

/** The ways on what lies behind, as far as they have come. */
export function waysScene(race: RaceRecord, behind: Item[], [x_label, y_label]: readonly string[], equal: boolean, stage: Stage, start: string): Scene {
  const items = [...behind], now = until(race, stage);
  for (const method of race.methods) {
    const points = (method.ends as Pair[]).slice(0, along(method, stage).filter((at) => at <= now).length), seen = points.flatMap(([u], k) => (u === null ? [] : [k]));
    const way = seen.filter((k) => method.taken[k]).map((k) => points[k]), end = method.answer as Pair, { role, name: label } = method;
    if (points.length === method.taken.length && end[0] !== null) {
      way.push(end);
      if (method.found) items.push({ kind: "dots", role, shape: RING, points: [end], filled: [false] });
    }
    items.push({ kind: "curve", role, points: way, label }, marks(method, seen, (k) => points[k]));
  }
  items.push({ kind: "dots", role: "start", points: [race.methods[0].ends![0] as Pair], filled: [true], label: start });
  return { view: "paths", question: "", window: race.window!, items, equal, x_label, y_label };
}

/** A line for every method, its name at its end; a rule where the race stands. */
export function paceScene(race: RaceRecord, stage: Stage, words: RaceWords): Scene {
  const { show, over } = stage, { window, log, shift } = race.strips[show][over], at = until(race, stage) + shift;
  const items: Item[] = stage.race < 1 ? [{ kind: "curve", role: "muted", points: [[at, window[2]], [at, window[3]]] }] : [];
  for (const method of race.methods) {
    const x = along(method, stage), y = method[show] ?? [], seen = y.flatMap((value, k) => (value! > 0 || show === "digits" ? [k] : []));
    const point = (k: number): Pair => [x[k] + shift, y[k]!];
    items.push({ kind: "curve", role: method.role, points: seen.map(point), label: method.name }, marks(method, seen, point));
  }
  return { view: "pace", question: "", window, items, equal: false, log, x_label: shift ? words.counted : words[over], y_label: words[show] };
}

/** All of few points; of more, some and the last. */
function marks({ role, mark: shape, taken }: RacerRecord, seen: number[], point: (k: number) => Pair): Item {
  const some = seen.length > MARKED ? Array.from({ length: SOME }, (_, k) => seen[Math.round((k * (seen.length - 1)) / (SOME - 1))]) : seen;
  return { kind: "dots", role, shape, points: some.map(point), filled: some.map((k) => !!taken[k]) };
}
