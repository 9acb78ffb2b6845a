/** What the spectrum of the whole H says about all n dimensions at once. */

/**
 * Degrees from -g to the Newton step, from v_i'g and lambda_i: cos = sum c_i^2/lambda_i / (|g| |H^-1 g|). Directions
 * without a curvature beyond rounding (`signs` 0) have no part in the step. NaN where there is no step or no gradient.
 */
export function angleInSpace(eigenvalues: number[], signs: number[], components: number[]): number {
  const step = components.map((c, i) => (signs[i] === 0 || eigenvalues[i] === 0 ? 0 : c / eigenvalues[i]));
  const size = Math.max(...components.map(Math.abs), 0), reach = Math.max(...step.map(Math.abs), 0);
  if (!(size > 0 && reach > 0 && size < Infinity && reach < Infinity)) return NaN;
  const [g, s] = [components.map((c) => c / size), step.map((c) => c / reach)];
  const [lg, ls] = [Math.hypot(...g), Math.hypot(...s)];
  // Of two unit vectors: twice the arctangent of |u - v| / |u + v| keeps its digits at both ends.
  const difference = Math.hypot(...g.map((c, i) => c / lg - s[i] / ls)), sum = Math.hypot(...g.map((c, i) => c / lg + s[i] / ls));
  return (360 / Math.PI) * Math.atan2(difference, sum);
}
