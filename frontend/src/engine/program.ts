/** f as a small program, written by src/raphson/picture/recording/exported.py or by the reader's formula. */

export interface Operation {
  op: string;
  /** Numbers of values: 0 is x, then the constants, then the operations. */
  args: number[];
  /** How many numbers the result has; arguments of one number stand for as many. */
  size: number;
  /** `pick`: places in the arguments laid end to end, as runs [first, step, count]. */
  runs?: [number, number, number][];
  /** Reductions: how many neighbors make one number. */
  group?: number;
  /** `dot`: B, M, N, K of (B, M, K) times (B, N, K). */
  matrices?: [number, number, number, number];
  /** `integer_pow`. */
  power?: number;
}

export interface Program {
  n: number;
  /** A number, or Float64s in base64, little-endian. */
  constants: (number | string)[];
  operations: Operation[];
  out: number;
}

export function decoded(constant: number | string): Float64Array {
  if (typeof constant === "number") return Float64Array.of(constant);
  const binary = atob(constant);
  const view = new DataView(new ArrayBuffer(binary.length));
  for (let i = 0; i < binary.length; i += 1) view.setUint8(i, binary.charCodeAt(i));
  return Float64Array.from({ length: binary.length >> 3 }, (_, i) => view.getFloat64(8 * i, true));
}

/** The places of a `pick`, one by one. */
export function places(runs: [number, number, number][]): Int32Array {
  const out = new Int32Array(runs.reduce((sum, run) => sum + run[2], 0));
  let at = 0;
  for (const [first, step, count] of runs) for (let k = 0; k < count; k += 1) out[at++] = first + k * step;
  return out;
}
