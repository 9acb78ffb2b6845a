/** Radio buttons under a legend. */

import { element } from "./dom";

export interface Radios<K extends string> {
  root: HTMLElement;
  /** Checks one of them. */
  check: (value: K) => void;
}

/** `name` must be the group's own on the page; `options`: what each value is called. */
export function radios<K extends string>(name: string, legend: string, options: Record<K, string>, choose: (value: K) => void): Radios<K> {
  const inputs = (Object.keys(options) as K[]).map((value) => {
    const input = element("input", { type: "radio", name, value });
    input.addEventListener("change", () => choose(value));
    return input;
  });
  const labels = inputs.map((input) => element("label", { class: "radio" }, input, element("span", {}, options[input.value as K])));
  return { root: element("fieldset", { class: "choice" }, element("legend", {}, legend), ...labels), check: (value) => inputs.forEach((input) => (input.checked = input.value === value)) };
}
