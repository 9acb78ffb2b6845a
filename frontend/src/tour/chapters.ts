/** The screens of the tour, in order; the last one is the reader's own. */

import type { Chapter } from "./screen";
import { parabola } from "./screens/s01-parabola";
import { numbers } from "./screens/s02-numbers";
import { axes } from "./screens/s03-axes";
import { misses } from "./screens/s04-misses";
import { divides } from "./screens/s05-divides";
import { directions } from "./screens/s06-directions";
import { round } from "./screens/s07-round";
import { steps } from "./screens/s08-steps";
import { bowl } from "./screens/s09-bowl";
import { million } from "./screens/s10-million";
import { own } from "./screens/s11-own";

export const chapters: Chapter[] = [parabola, numbers, axes, misses, divides, directions, round, steps, bowl, million, own];
