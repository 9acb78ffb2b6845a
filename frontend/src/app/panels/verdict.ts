/** The verdict: what was found, and by which numbers. Color is never alone: a sign and words say the same. */

import type { Engine } from "../../engine/engine";
import type { Point, Recording } from "../../engine/record";
import { element, icon, rich } from "../dom";
import { short } from "../../scene/number";
import type { Words } from "../words/words";

export function verdictCard(engine: Engine, words: Words): HTMLElement {
  const { recording } = engine;
  const { verdict } = recording;
  const good = verdict?.success ?? null;
  const headline = verdict ? words.verdict.headline[verdict.key] : (words.verdict.kind[kindOf(recording)] ?? words.verdict.point);
  const sign = good === null ? null : element("span", { class: "sign" }, icon(good ? "yes" : "no"));
  const card = element(
    "section", { class: `verdict ${good === null ? "plain" : good ? "good" : "bad"}`, "data-panel": "verdict", "data-verdict": verdict?.key ?? recording.kind, "aria-label": words.verdict.label },
    element("p", { class: "headline" }, sign, element("strong", {}, headline), element("span", { class: "answer" }, answer(recording, words))),
  );
  if (verdict) card.append(element("p", { class: "criterion" }, `${good ? words.verdict.shown(verdict) : words.verdict.open}${words.verdict.criterion(verdict)}${stopped(recording, words)}`));
  if (!verdict && recording.points[0]) card.append(curvatures(recording.points[0], recording.n, words));
  const more = [recording.lines.length > 0 ? wholeText(recording, words) : null, recording.n > 1 ? guide(words) : null];
  card.append(element("div", { class: "more" }, ...more));
  return card;
}

/** What the curvatures of a single point say. */
function kindOf({ points }: Recording): string {
  const [negative, zero, positive] = points[0]?.inertia ?? [NaN, NaN, NaN];
  if (negative > 0) return positive > 0 ? "saddle" : "dome";
  if (zero > 0) return positive > 0 ? "valley" : "flat";
  return positive > 0 ? "bowl" : "";
}

function curvatures({ eigenvalues, inertia }: Point, n: number, words: Words): Node {
  if (n === 1 || eigenvalues.length === 0) return document.createTextNode("");
  const sizes = eigenvalues.map(Math.abs);
  // Of a long spectrum only both ends are here: where they have two signs, the smallest |lambda| lies between them.
  const known = eigenvalues.length === n || inertia?.[0] === 0;
  const condition = inertia?.[1] ? Infinity : Math.max(...sizes) / Math.min(...sizes);
  return element("p", { class: "criterion" }, words.verdict.curvatures(short(eigenvalues[0]), short(eigenvalues[eigenvalues.length - 1]), known ? short(condition) : null));
}

function answer({ points, verdict, fit }: Recording, words: Words): string {
  if (fit && verdict) return words.fit.answer(fit, verdict.value);
  const point = points[points.length - 1];
  const value = short(verdict?.value ?? point?.value ?? null, 7);
  if (!point) return `f = ${value}`;
  if (!verdict) return words.verdict.pointAt(value, short(point.gradientNorm));
  const shown = point.x.slice(0, 6).map((a) => short(a, 7));
  const more = point.x.length > shown.length ? ", \u2026" : "";
  return words.verdict.at(value, `(${shown.join(", ")}${more})`);
}

/** Why the run ended, where that was not an answer. */
function stopped({ verdict }: Recording, words: Words): string {
  if (!verdict || verdict.success || !verdict.status) return "";
  const sentence = words.status[verdict.status] ?? verdict.status;
  return ` ${words.verdict.stopped(sentence)}`;
}

/** The text of the console. */
function wholeText({ lines, zh }: Recording, words: Words): HTMLElement {
  const own = words.code === "zh" ? zh?.lines : lines, list = element("dl", { lang: own ? null : "en" });
  for (const [name, text] of own ?? lines) list.append(element("dt", {}, name), element("dd", {}, text));
  return element("details", { class: "text" }, element("summary", {}, words.verdict.details), list);
}

/** For those who see such pictures for the first time. */
function guide({ guide: { title, sentences } }: Words): HTMLElement {
  return element("details", { class: "guide" }, element("summary", {}, title), ...sentences.map((sentence) => element("p", {}, ...rich(sentence))));
}
