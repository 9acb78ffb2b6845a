/** How a role looks: its color, width and dash from palette.json, which Python reads as well. */

import palette from "../../../src/raphson/picture/palette.json";
import type { Attributes } from "./svg";

interface Style {
  color: string;
  width: number;
  dash?: number[];
}

const STYLES = palette as unknown as Record<string, Style>;

export const styleOf = (role: string): Style => STYLES[role] ?? STYLES.text;
export const color = (role: string): string => styleOf(role).color;

/** The attributes of a line of this role. */
export function stroke(role: string): Attributes {
  const { color, width, dash } = styleOf(role);
  return { class: `role-${role}`, "data-role": role, fill: "none", stroke: color, "stroke-width": width, "stroke-dasharray": dash?.join(" ") };
}

/** Words about a role are in its color, unless that is too light to be read. */
export function ink(role: string): string {
  const own = color(role);
  return luminance(own) > 0.19 ? color("muted") : own;
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((k) => (parseInt(hex.slice(k, k + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A tint of a color: `share` of it on white. */
export function tint(hex: string, share: number): string {
  const parts = [1, 3, 5].map((k) => Math.round(255 - share * (255 - parseInt(hex.slice(k, k + 2), 16))));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
