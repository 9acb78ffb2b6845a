/** -g stands at a right angle to the level, and so it misses the center of an ellipse: walk around and see by how much. */

import { element } from "../../app/dom";
import { Figure } from "../../app/figure";
import { Handle } from "../../app/handle";
import { degrees, short } from "../../scene/number";
import { chapter, type Host, type Screen } from "../screen";
import { MOST_CONDITION, type Place, angleAt, hits, missed, missesScene, mostAt, placeNear, quadraticAt, walkScene } from "./s04-scene";
import { words, type MissesWords } from "./s04-words";
import "./s04.css";

const begin = (): Place => ({ around: 140, condition: 10 });

function make(host: Host, said: MissesWords, state: Place): Screen {
  const figure = new Figure("misses", host.touch), curve = new Figure("misses-walk", host.touch), names: [string, string] = ["x\u2081", "x\u2082"];
  const set = (next: Partial<Place>): void => {
    Object.assign(state, next);
    host.touch();
  };
  const to = (around: number): void => set({ around: ((around % 360) + 360) % 360 }), turn = (by: number): void => to(state.around + by);
  const common = { kind: host.page.local.draggable, role: "point", reset: () => set(begin()) };
  const walker = new Handle(figure, { ...common, label: said.walker, move: (p) => to(placeNear(p, state.condition)), turn });
  const place = new Handle(curve, { ...common, label: said.place, move: ([around]) => to(Math.min(359.99, Math.max(0, around))), turn });
  const slider = element("input", { type: "range", min: 0, max: Math.log10(MOST_CONDITION), step: 0.01, "aria-label": said.condition, "data-control": "condition" });
  slider.addEventListener("input", () => set({ condition: 10 ** Number(slider.value) }));
  slider.addEventListener("keydown", (event) => event.key === "Escape" && set(begin()));
  slider.addEventListener("dblclick", () => set(begin()));
  const value = element("output", { class: "number" });
  return {
    root: element("div", {}, figure.root, element("p", { class: "tools" }, element("label", {}, said.flattened, slider), value), curve.root),
    paint: () => {
      const { around, condition } = state, q = quadraticAt(state), told = `${degrees(angleAt(state))}\u00b0`;
      figure.draw(missesScene(state, names, said, host.page.views), said.picture);
      curve.draw(walkScene(state, said), said.pictureWalk);
      walker.place(q.at, told);
      place.place([around, angleAt(state)], told);
      slider.value = String(Math.log10(condition));
      value.textContent = `k = ${short(condition)}`;
      slider.setAttribute("aria-valuetext", `k = ${short(condition)}`);
    },
    readout: () => {
      const most = degrees(mostAt(state.condition));
      return mostAt(state.condition) < 0.05 ? said.circle : hits(state) ? said.hits(most) : said.told(degrees(angleAt(state)), short(missed(quadraticAt(state))), most);
    },
  };
}

export const misses = chapter({ id: "misses", words, begin, make });
