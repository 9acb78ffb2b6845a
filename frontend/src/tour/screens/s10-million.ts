/** From two variables to a million: a curve fit, a map, and what H costs. One at a time; all of them on paper. */

import "./s10.css";
import { element } from "../../app/dom";
import { chapter, type Host, type Screen } from "../screen";
import { type CostState, beginCost, costPart } from "./s10-cost";
import { type FitState, beginFit, fitPart } from "./s10-fit";
import { type MapState, beginMap, mapPart } from "./s10-poses";
import { type MillionWords, words } from "./s10-words";

interface State { tab: number; fit: FitState; map: MapState; cost: CostState }

const begin = (): State => ({ tab: 0, fit: beginFit(), map: beginMap(), cost: beginCost() });

function make(host: Host, said: MillionWords, state: State): Screen {
  const parts = [fitPart(host, said, state.fit), mapPart(host, said, state.map), costPart(host, said, state.cost)], drawn: string[] = [];
  const radios = parts.map((_, k) => {
    const radio = element("input", { type: "radio", name: "million", value: k, "data-tab": k });
    radio.addEventListener("change", () => { state.tab = k; host.touch(); });
    return radio;
  });
  const tabs = element("fieldset", { class: "choice tools" }, element("legend", {}, said.tabs.choose), ...radios.map((radio, k) => element("label", { class: "radio" }, radio, element("span", {}, said.tabs.names[k]))));
  const panes = parts.map((part, k) => element("section", { class: "part", "data-part": k, "aria-label": said.tabs.names[k] }, element("h3", {}, said.tabs.names[k]), part.root));
  return {
    root: element("div", {}, tabs, ...panes),
    paint: () => parts.forEach((part, k) => {
      radios[k].checked = k === state.tab;
      panes[k].classList.toggle("on", k === state.tab);
      // The others lie folded, drawn for paper: again where they have another size.
      if (k !== state.tab && drawn[k] === part.size()) return;
      part.paint();
      drawn[k] = part.size();
    }),
    readout: () => parts[state.tab].readout(),
  };
}

export const million = chapter({ id: "million", words, begin, make });
