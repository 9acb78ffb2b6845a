/** Numbers as a person reads them. */

const MINUS = "\u2212";
const MISSING = "\u2013";

/** Like C's %g: few digits, exact zero as 0, a true minus sign; a dash for what is not a number. */
export function short(a: number | null | undefined, digits = 3): string {
  if (a === null || a === undefined || Number.isNaN(a)) return MISSING;
  if (a === Infinity) return "\u221e";
  if (a === -Infinity) return `${MINUS}\u221e`;
  if (a === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(Number(a.toPrecision(digits)))));
  const text = power < -4 || power >= Math.max(digits, 5) ? exponential(a, digits) : plain(a, digits);
  return text.replaceAll("-", MINUS);
}

function exponential(a: number, digits: number): string {
  const [mantissa, exponent] = a.toExponential(digits - 1).split("e");
  return `${trimmed(mantissa)}e${Number(exponent)}`;
}

function plain(a: number, digits: number): string {
  const rounded = Number(a.toPrecision(digits));
  return trimmed(rounded.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))))));
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Degrees: one decimal, more where the angle is small, none lost where it is nearly right. */
export function degrees(a: number | null): string {
  if (a === null || !Number.isFinite(a)) return MISSING;
  const off = Math.min(Math.abs(a), Math.abs(90 - a), Math.abs(180 - a));
  return off > 0 && off < 0.05 ? short(a, Math.abs(a) < 0.05 ? 1 : 5) : a.toFixed(1).replace(/\.0$/, "");
}

/** A share 0..1 in percent. */
export function percent(a: number | null): string {
  if (a === null || !Number.isFinite(a)) return MISSING;
  const p = 100 * a;
  if (p === 0) return "0 %";
  if (p > 99 && p < 100) return `${p > 99.95 ? "> 99.9" : p.toFixed(1)} %`;
  return `${p > 0 && p < 0.1 ? "< 0.1" : p < 1 ? p.toFixed(1) : p.toFixed(0)} %`;
}
