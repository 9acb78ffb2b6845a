/** Nice numbers along an axis. */

export interface Tick {
  value: number;
  text: string;
}

export interface Scale {
  ticks: Tick[];
  /** Where numbers far from zero differ only in late digits, the ticks are read from here; "" elsewhere. */
  base: string;
}

const MINUS = "−";
/** More characters than this, and the ticks are written as distances from a base. */
const LONGEST = 7;

const signed = (text: string): string => text.replace(/-/g, MINUS);

export function linear(low: number, high: number, count: number): Scale {
  const step = niceStep((high - low) / Math.max(count, 1));
  if (!(step > 0 && Number.isFinite(step))) return { ticks: [], base: "" };
  const values: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) values.push(k * step);
  const plain = written(values, step);
  if (plain.every((text) => text.length <= LONGEST)) return { ticks: values.map((value, i) => ({ value, text: plain[i] })), base: "" };
  const offset = Math.max(Math.abs(low), Math.abs(high)) > 50 * (high - low);
  const origin = offset ? Math.round((low + high) / 2 / (10 * step)) * 10 * step : 0;
  const texts = written(values.map((value) => Math.round((value - origin) / step) * step), step);
  const ticks = values.map((value, i) => ({ value, text: texts[i] }));
  return { ticks, base: offset ? trimmed(written([origin], 10 * step)[0]) : "" };
}

const trimmed = (text: string): string => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough)), share = rough / power;
  return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
}

/** Multiples of `step`, with the digits that tell them from their neighbours and no others, all of one kind: with
 *  decimals, or, where these would be long, as multiples of one power of ten. Zero is "0". */
function written(values: number[], step: number): string[] {
  const exponent = Math.floor(Math.log10(step) + 1e-9);
  const size = Math.floor(Math.log10(Math.max(step, ...values.map(Math.abs))) + 1e-9);
  const power = (exponent >= -4 && size < 5) || exponent < -12 + size ? 0 : size;
  const text = (value: number): string => {
    if (exponent < -12 + size) return value.toPrecision(Math.min(17, size - exponent + 1));
    return `${(value / 10 ** power).toFixed(Math.max(0, power - exponent))}${power === 0 ? "" : `e${power}`}`;
  };
  return values.map((value) => (Math.abs(value) < step / 2 ? "0" : signed(text(value))));
}

/** Powers of ten, at most about `count` of them. */
export function logarithmic(low: number, high: number, count: number): Scale {
  const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const stride = Math.max(1, Math.ceil((to - from + 1) / Math.max(count, 1))), ticks: Tick[] = [];
  for (let k = from; k <= to; k += stride) ticks.push({ value: 10 ** k, text: power(k) });
  return { ticks, base: "" };
}

const power = (k: number): string => (k >= -3 && k <= 3 ? String(Number((10 ** k).toFixed(3))) : signed(`1e${k}`));
