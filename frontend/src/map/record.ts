/** A map as Python writes it (src/raphson/picture/maps/map_record.py), and the arrays in it. */

import { type Ellipses, decodeEllipses } from "./ellipse";

export interface MapWords {
  title: string;
  facts: string;
  headline: string;
  lines: [string, string][];
  sentences: string[];
  map: string;
  question: string;
  worst: string;
  worstQuestion: string;
  worstColumns: string[];
  worstRows: string[][];
  /** The histogram of reprojection errors as SVG that Python drew, "" where no camera sees a point. */
  lengths: string;
  lengthsQuestion: string;
  lengthsCaption: string;
  costs: string;
  costColumns: string[];
  costRows: string[][];
  sigma: string;
  /** Of the edges that are dashed, with their number; "" where there are none. */
  spared: string;
  legend: string;
  start: string;
  held: string;
  ellipse: string;
  ellipses: string;
  notes: string;
  noteList: string[];
  classes: string[];
}

export interface MomentRecord {
  step: number;
  value: number;
  low: number[];
  high: number[];
  /** Places as Float32; else Uint16 between low and high. */
  precise: boolean;
  places: string;
  /** Uint16: 0, or the logarithm of the error between 1e-6 and 1e6. */
  error: string;
}

export interface EllipseRecord {
  reach: number;
  all: boolean;
  covariances: string;
}

export interface MapRecord {
  schema: number;
  cameras: boolean;
  /** Whether a loss counts edges by their weights, and shares are those of the sum of squares. */
  robust: boolean;
  dimension: 2 | 3;
  success: boolean;
  /** Name, how many, whether they are poses; one after another. */
  types: [string, number, boolean][];
  /** null: 0, 1, 2, ... */
  ids: string | null;
  held: number[];
  count: number;
  edges: number;
  steps: number;
  ends: string;
  classes: string;
  share: string;
  /** Uint8: 255 times the weight; null where every edge counts whole. */
  weights: string | null;
  bounds: number[];
  worst: number[];
  ellipses: EllipseRecord | null;
  moments: MomentRecord[];
  ramp: { light: string[]; dark: string[] };
  words: Record<"en" | "zh", MapWords>;
}

/** What is drawn of a moment. */
export interface Moment {
  step: number;
  value: number;
  /** count x dimension. */
  places: Float32Array;
  /** In standard deviations. */
  error: Float32Array;
}

export interface GraphMap {
  record: MapRecord;
  ids: string[] | null;
  /** edges x 2. */
  ends: Uint32Array;
  classes: Uint8Array;
  share: Float32Array;
  weights: Uint8Array | null;
  /** At the last moment. */
  ellipses: Ellipses | null;
  moments: Moment[];
}

const LEVELS = 65535, LOW = -6, HIGH = 6;

/** The bytes of base64. */
export function bytes(text: string): ArrayBuffer {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) out[k] = raw.charCodeAt(k);
  return out.buffer;
}

/** The error that a code stands for. */
export const errorOf = (code: number): number => (code === 0 ? 0 : 10 ** (LOW + ((code - 1) / (LEVELS - 1)) * (HIGH - LOW)));

export function placesOf({ precise, places, low, high }: MomentRecord): Float32Array {
  if (precise) return new Float32Array(bytes(places));
  return Float32Array.from(new Uint16Array(bytes(places)), (code, k) => low[k % low.length] + (code / LEVELS) * (high[k % low.length] - low[k % low.length]));
}

export function decodeMap(record: MapRecord): GraphMap {
  return {
    record, ids: record.ids?.split(",") ?? null, ends: new Uint32Array(bytes(record.ends)), classes: new Uint8Array(bytes(record.classes)), share: new Float32Array(bytes(record.share)),
    weights: record.weights ? new Uint8Array(bytes(record.weights)) : null,
    ellipses: decodeEllipses(record.ellipses),
    moments: record.moments.map((moment) => ({ step: moment.step, value: moment.value, places: placesOf(moment), error: Float32Array.from(new Uint16Array(bytes(moment.error)), errorOf) })),
  };
}

/** What a variable is called: its id, after its type where there are several. */
export function nameOf({ record: { types }, ids }: GraphMap, row: number): string {
  let first = 0;
  for (const [name, count] of types) {
    if (row < first + count) {
      const id = ids?.[row] ?? String(row);
      return types.length === 1 ? id : `${name} ${id}`;
    }
    first += count;
  }
  return String(row);
}

/** Whether an edge counts less than half: it is dashed. */
export const isSpared = ({ weights }: GraphMap, edge: number): boolean => weights !== null && weights[edge] < 127.5;

/** The color of an error: how many bounds it reaches. */
export function binOf(bounds: number[], error: number): number {
  let bin = 0;
  while (bin < bounds.length && error >= bounds[bin]) bin += 1;
  return bin;
}
