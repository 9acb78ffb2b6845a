/** The steps -(H + lambda I)^-1 g at a point: one curve from -g (lambda large) to Newton, walked by damping or by radius. */

import { eigenpairs, type Eigenpairs } from "../maths/jacobi";
import { components, dot, noiseOf, norm, times } from "./dense";
import type { Jet } from "./types";

/** Bisections for the damping of a length: the bracket halves its logarithm. */
const HALVINGS = 200;

export class Shifted {
  readonly gradient: number[];
  /** The damping from which on H + lambda I is positive definite: 0 where H is. */
  readonly least: number;
  /** The length of the curve's last step: the Newton step where H > 0; infinite where H is not, but for the hard case. */
  readonly longest: number;
  readonly definite: boolean;
  /** The largest eigenvalue of H in magnitude. */
  readonly scale: number;
  private frame: Eigenpairs;
  private a: number[];

  constructor(readonly jet: Jet) {
    this.gradient = Array.from(jet.gradient);
    this.frame = eigenpairs(Array.from(jet.hessian), this.gradient.length);
    this.a = components(this.frame, this.gradient);
    const [low] = this.frame.w, noise = noiseOf(this.frame.w);
    this.definite = low > noise;
    this.scale = Math.max(...this.frame.w.map(Math.abs));
    this.least = this.definite ? 0 : Math.max(0, -low);
    const size = norm(this.gradient);
    // Where g has no part along the lowest eigenvector, the curve ends: the hard case.
    const ends = this.frame.w.every((w, i) => w + this.least > noise || Math.abs(this.a[i]) <= 1e-12 * size);
    this.longest = ends ? norm(this.step(this.least)) : Infinity;
  }

  /** The step of a damping of at least `least`. */
  step(lambda: number): number[] {
    return times(this.frame.V, this.frame.w.map((w, i) => (w + lambda > 0 && this.a[i] !== 0 ? -this.a[i] / (w + lambda) : 0)));
  }

  /** The damping whose step is so long: ||s|| falls with lambda. */
  damping(length: number): number {
    if (length >= this.longest || norm(this.gradient) === 0) return this.least;
    let low = this.least, high = norm(this.gradient) / length + this.scale + this.least;
    for (let k = 0; k < HALVINGS && high - low > 4e-16 * high; k += 1) {
      const half = low > 0 && high > 4 * low ? Math.sqrt(low) * Math.sqrt(high) : (low + high) / 2;
      if (norm(this.step(half)) > length) low = half;
      else high = half;
    }
    return high;
  }

  /** The least m within a radius; `held`: the radius holds it back. The hard case goes on along the lowest eigenvector. */
  within(radius: number): { s: number[]; lambda: number; held: boolean } {
    if (radius < this.longest) {
      const lambda = this.damping(radius);
      return { s: this.step(lambda), lambda, held: true };
    }
    const s = this.step(this.least);
    if (this.definite || this.least === 0) return { s, lambda: 0, held: false };
    const v = s.map((_, i) => this.frame.V[i * s.length]), t = Math.sqrt(Math.max(0, radius ** 2 - dot(s, s)));
    return { s: s.map((a, i) => a + t * v[i]), lambda: this.least, held: true };
  }

  /** What the model promises for a step: -(g's + 1/2 s'Hs). */
  promise(s: number[]): number {
    return -(dot(this.gradient, s) + 0.5 * dot(s, times(Array.from(this.jet.hessian), s)));
  }
}

/** Dampings from `high` down to `low`, as a slider has them: even in the decades above `low`, of which there are so many; `low` itself at the end. */
export class Dampings {
  constructor(private low: number, private high: number, private decades: number) {}

  at(slider: number): number {
    return slider >= 1 ? this.low : this.low + (this.high - this.low) * 10 ** (-this.decades * slider);
  }

  /** Where the slider stands. */
  of(lambda: number): number {
    const above = (lambda - this.low) / (this.high - this.low);
    return above > 0 ? Math.min(1, Math.max(0, -Math.log10(above) / this.decades)) : 1;
  }
}
