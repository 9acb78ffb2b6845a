/** Fit: do curve and data agree, and how well is the curve known? Data, curve and band; and the residuals below. */

import type { FitRecord, Num } from "../engine/record";
import type { Item, Pair, Scene } from "../scene/types";

/** The words of the picture (app/words/fit.ts). */
export interface FitPictureWords {
  curve: string;
  agree: string;
  spread: (fit: FitRecord) => string;
  byModel: (y: string) => string;
  number: string;
  residual: string;
  difference: string;
  scaled: string;
}

/** Of the window, on every side. */
const MARGIN = 0.05;

/** From so many points on the dots are small. */
const MANY = 150;

/** Points, curve and band; null where nothing but residuals is known. */
export function fitScene(fit: FitRecord, words: FitPictureWords): Scene | null {
  const { data, curve } = fit;
  if (!data.y) return null;
  const cloud = data.x.length > MANY, dots = dotsOf(fit, data.y, "data");
  // A cloud of points would hide the curve.
  const items: Item[] = [...band(fit), ...bars(fit), ...(cloud ? [dots, ...line(fit, words)] : [...line(fit, words), dots])];
  const heights = items.flatMap((item) => (item.kind === "dots" || item.kind === "curve" ? item.points.map((p) => p[1]) : []));
  const window: Scene["window"] = [...across(fit), ...padded(heights)];
  return { view: "fit", question: "", window, items, equal: false, log: curve?.log ? "x" : "", ticks: "xy", y_label: fit.names[1] };
}

/** The residuals over the same x. */
export function residualScene(fit: FitRecord, words: FitPictureWords): Scene {
  const { data, spread, curve } = fit, [x0, x1] = across(fit);
  const level = (y: number, role: string, label: string): Item => ({ kind: "curve", role, points: [[x0, y], [x1, y]], label });
  const lines: Item[] = [level(0, "muted", "")];
  if (spread !== null) lines.push(level(-spread, "rejected", ""), level(spread, "rejected", words.spread(fit)));
  const cloud = data.x.length > MANY, dots = dotsOf(fit, data.residual, "residual");
  const items = [...(fit.scaled ? [] : band(fit, true)), ...(cloud ? [dots, ...lines] : [...lines, dots])];
  const heights = [0, ...(spread === null ? [] : [-spread, spread]), ...data.residual];
  const x_label = { curve: fit.names[0], fitted: words.byModel(fit.names[1]), index: words.number }[fit.kind];
  const y_label = fit.kind === "index" ? words.residual : fit.scaled ? words.scaled : words.difference;
  return { view: "residuals", question: "", window: [x0, x1, ...padded(heights)], items, equal: false, log: curve?.log ? "x" : "", x_label, y_label };
}

function dotsOf({ data: { x } }: FitRecord, y: Num[], role: string): Item {
  const cloud = x.length > MANY;
  return { kind: "dots", role: cloud ? "data-many" : role, points: pairs(x, y), filled: x.map(() => true), small: cloud };
}

/** The area within the band, in as many parts as it is known; `flat`: around zero, as among residuals. */
function band({ curve }: FitRecord, flat = false): Item[] {
  if (!curve?.half) return [];
  const parts: { up: Pair[]; down: Pair[] }[] = [{ up: [], down: [] }];
  curve.x.forEach((x, k) => {
    const known = curve.y[k], half = curve.half![k], y = known === null || !flat ? known : 0, last = parts[parts.length - 1];
    if (y !== null && half !== null) {
      last.up.push([x, y + half]);
      last.down.push([x, y - half]);
    } else if (last.up.length > 0) parts.push({ up: [], down: [] });
  });
  const known = parts.filter(({ up }) => up.length > 1);
  return known.map(({ up, down }): Item => ({ kind: "curve", role: "band", points: [...up, ...down.reverse()], closed: true, fill: true }));
}

/** The curve in the parts where it is finite; over the model's own values the line where data and model agree. */
function line({ curve, data }: FitRecord, words: FitPictureWords): Item[] {
  if (!curve) {
    const known = data.x.filter((x) => x !== null), ends = [Math.min(...known), Math.max(...known)];
    return [{ kind: "curve", role: "fit-curve", points: ends.map((x): Pair => [x, x]), label: words.agree }];
  }
  const parts: Pair[][] = [[]];
  curve.x.forEach((x, k) => {
    const y = curve.y[k];
    if (y !== null) parts[parts.length - 1].push([x, y]);
    else if (parts[parts.length - 1].length > 0) parts.push([]);
  });
  const known = parts.filter((part) => part.length > 1);
  return known.map((points, k): Item => ({ kind: "curve", role: "fit-curve", points, label: k === 0 ? words.curve : "" }));
}

/** Standard deviations of the data. */
function bars({ data: { x, y, sigma } }: FitRecord): Item[] {
  if (!sigma || !y) return [];
  return sigma.flatMap((s, k): Item[] => {
    const [at, middle] = [x[k], y[k]];
    return s === null || at === null || middle === null ? [] : [{ kind: "curve", role: "data", points: [[at, middle - s], [at, middle + s]] }];
  });
}

function pairs(x: Num[], y: Num[]): Pair[] {
  return x.map((a, k): Pair => [a ?? NaN, y[k] ?? NaN]);
}

/** From the first to the last point, and a margin: of powers of ten where the axis is one of them. */
function across({ data, curve }: FitRecord): Pair {
  if (!curve?.log) return padded(data.x);
  const [a, b] = padded(data.x.map((x) => (x === null ? null : Math.log10(x))));
  return [10 ** a, 10 ** b];
}

function padded(values: Num[]): Pair {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values)
    if (value !== null && Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [-1, 1];
  const edge = MARGIN * (high - low) || 0.5 * (Math.abs(low) || 1);
  return [low - edge, high + edge];
}
