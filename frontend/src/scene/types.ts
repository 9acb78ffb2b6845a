/** Scenes: pictures as plain data, the twin of src/raphson/picture/scene.py. Views build them, renderers only read them. */

export type Pair = [number, number];

export interface Ellipse { kind: "ellipse"; role: string; center: Pair; semi: Pair; angle: number; lam?: Pair | null; hill?: boolean; label?: string }
/** `fill`: covers what lies behind it with a tint of its color (surfaces, painted back to front); `dashed` whatever its role. */
export interface Curve { kind: "curve"; role: string; points: Pair[]; closed?: boolean; fill?: boolean; dashed?: boolean; label?: string }
/** `held`: a handle stands on its head, which labels should not cover. */
export interface Arrow { kind: "arrow"; role: string; tail: Pair; head: Pair; held?: boolean; label?: string }
export interface RightAngle { kind: "rightangle"; role: string; at: Pair; along: Pair; across: Pair }
export interface Arc { kind: "arc"; role: string; at: Pair; start: Pair; end: Pair; degrees: number; label?: string }
/** `small`: many points, which must not run together; `held`: a handle stands on them, which labels should not cover; `shape`: the path of each, around 0,0, in pixels. */
export interface Dots { kind: "dots"; role: string; points: Pair[]; filled: boolean[]; held?: boolean; label?: string; small?: boolean; shape?: string }
/** values: rows of y, columns of x. */
export interface Grid { x: number[]; y: number[]; values: number[][] }
export interface Contours { kind: "contours"; role: string; grid: Grid; levels: number[]; label?: string }
export interface Heat { kind: "heat"; role: string; grid: Grid; low: number; high: number; label?: string }
/** `horizontal`: stems to the right, one in each row; `bare`: dots alone, their shape says the sign; `shares` (0..1): how much of each tip is filled. */
export interface Stems { kind: "stems"; role: string; positions: number[]; values: number[]; signs: number[]; labels: string[]; horizontal?: boolean; bare?: boolean; shares?: number[] }
/** All that lies outside a polygon (corners, no point twice) is hatched; without corners everything is. */
export interface Outside { kind: "outside"; role: string; points: Pair[] }
export interface Words { kind: "text"; role: string; at: Pair; text: string; anchor?: "start" | "middle" | "end" }

export type Item = Ellipse | Curve | Arrow | RightAngle | Arc | Dots | Contours | Heat | Stems | Outside | Words;

export interface Scene {
  view: string;
  question: string;
  /** x0, x1, y0, y1 */
  window: [number, number, number, number];
  /** Back to front. */
  items: Item[];
  /** Where a hand can take hold of the picture: labels keep off. */
  holds?: Pair[];
  x_label?: string;
  y_label?: string;
  /** A unit is as long on both axes; right-angle marks only then. */
  equal: boolean;
  /** "", "x", "y", "xy": the logarithmic axes. */
  log?: string;
  /** The axes that have a scale: "xy" (where not given), "x", "y" or "". */
  ticks?: string;
  /** Pixels left of the plot at least: pictures above one another have their edges in one line. */
  left?: number;
  title?: string;
  caption?: string;
  notes?: string[];
}
