/** How a role looks: its color, width, dash and head from palette.json, which Python reads as well. */

import palette from "../../../src/raphson/picture/palette.json";
import type { Attributes } from "./svg";

interface Style {
  color: string;
  width: number;
  dash?: number[];
  /** Heads of arrows: filled where not said. */
  head?: "open";
}

const STYLES = palette as unknown as Record<string, Style>;

/** The ground of a picture, and its frame: the page sets both where it is dark. */
export const GROUND = "var(--ground, #ffffff)";
export const FRAME = "var(--frame, #c9ced6)";

export const styleOf = (role: string): Style => STYLES[role] ?? STYLES.text;
/** The color of a role: a variable of the page, which has another value on dark ground. */
export const color = (role: string): string => `var(--ink-${role in STYLES ? role : "text"}, ${styleOf(role).color})`;

/** The attributes of a line of this role. */
export function stroke(role: string): Attributes {
  const { width, dash } = styleOf(role);
  return { class: `role-${role}`, "data-role": role, fill: "none", stroke: color(role), "stroke-width": width, "stroke-dasharray": dash?.join(" ") };
}

/** Words about a role are in its color, unless that is too light to be read. */
export function ink(role: string): string {
  return luminance(channels(styleOf(role).color)) > 0.19 ? color("muted") : color(role);
}

/** A tint of a role's color: `share` of it on the ground. */
export const tint = (role: string, share: number): string => `color-mix(in srgb, ${color(role)} ${Math.round(100 * share)}%, ${GROUND})`;

export type Rgb = [number, number, number];

/** The same in numbers, for a ground that is known. */
export const mixed = (role: string, share: number, ground: Rgb): Rgb => channels(styleOf(role).color).map((c, k) => Math.round(ground[k] + share * (c - ground[k]))) as Rgb;

/** Of #rrggbb. */
export const channels = (hex: string): Rgb => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)) as Rgb;
const luminance = ([r, g, b]: Rgb): number => 0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;

/** Range of red, green and blue below which a color is a grey; the contrast that others must have on dark ground. */
const GREY = 38, CONTRAST = 5;

/** A color for dark ground: greys change places with their opposites, others are mixed with white until they can be read. */
function onDark(hex: string, ground: string): string {
  const own = channels(hex), mean = (own[0] + own[1] + own[2]) / 3;
  const written = (rgb: number[]): string => `#${rgb.map((c) => Math.round(Math.min(255, Math.max(0, c))).toString(16).padStart(2, "0")).join("")}`;
  if (Math.max(...own) - Math.min(...own) < GREY) return written(own.map((c) => 255 - mean + (c - mean)));
  const lighter = (share: number): Rgb => own.map((c) => c + share * (255 - c)) as Rgb;
  const enough = (rgb: Rgb): boolean => (luminance(rgb) + 0.05) / (luminance(channels(ground)) + 0.05) >= CONTRAST;
  const shares = Array.from({ length: 11 }, (_, k) => k / 10);
  return written(lighter(shares.find((share) => enough(lighter(share))) ?? 1));
}

/** The variables of all colors for dark ground, as declarations of a style sheet. */
export const darkInks = (ground: string): string => Object.entries(STYLES).map(([role, { color }]) => `--ink-${role}:${onDark(color, ground)}`).join(";");
