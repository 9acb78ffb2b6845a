/** Long lines with the points that are seen: contours have thousands beside their picture, and more than a line needs in it. */

type Point = [number, number];

/** Lines of fewer points are left alone; pixels by which a line may move; pixels around the picture. */
const FEW = 12, SLACK = 0.12, MARGIN = 4;

/** The path "M x,y L x,y ..." in a picture of this size; paths with other commands stay as they are. */
export function thinned(d: string, [width, height]: readonly [number, number]): string {
  if (!/^[ML\d.,e-]+$/.test(d)) return d;
  const lines = d.split("M").slice(1).map((line) => line.split("L").map((p) => p.split(",").map(Number) as Point));
  if (lines.every((line) => line.length < FEW)) return d;
  return lines.flatMap((line) => seen(line, width, height)).map((line) => simpler(line).map(([x, y], k) => `${k ? "L" : "M"}${x},${y}`).join("")).join("");
}

/** The pieces of a line that may be seen, with the points just before and after. */
function seen(line: Point[], width: number, height: number): Point[][] {
  const out: Point[][] = [];
  let piece: Point[] = [];
  for (let k = 1; k < line.length; k += 1) {
    const [[a, b], [c, d]] = [line[k - 1], line[k]];
    const beside = Math.max(a, c) < -MARGIN || Math.min(a, c) > width + MARGIN || Math.max(b, d) < -MARGIN || Math.min(b, d) > height + MARGIN;
    if (beside) {
      if (piece.length) out.push(piece);
      piece = [];
    } else piece.push(...(piece.length ? [line[k]] : [line[k - 1], line[k]]));
  }
  return piece.length ? [...out, piece] : out;
}

/** Without points that lie on the line through those around them. Douglas and Peucker (1973). */
function simpler(line: Point[]): Point[] {
  if (line.length < 3) return line;
  const [[a, b], [c, d]] = [line[0], line[line.length - 1]], [u, v] = [c - a, d - b], size = Math.hypot(u, v);
  let [at, most] = [0, 0];
  for (let k = 1; k < line.length - 1; k += 1) {
    const [x, y] = line[k], off = size > 0 ? Math.abs((x - a) * v - (y - b) * u) / size : Math.hypot(x - a, y - b), back = (x - a) * u + (y - b) * v;
    // What turns back beyond an end is no part of the line between them.
    const far = size > 0 && (back < 0 || back > size * size) ? Math.min(Math.hypot(x - a, y - b), Math.hypot(x - c, y - d)) : off;
    if (far > most) [at, most] = [k, far];
  }
  return most <= SLACK ? [line[0], line[line.length - 1]] : [...simpler(line.slice(0, at + 1)).slice(0, -1), ...simpler(line.slice(at))];
}
