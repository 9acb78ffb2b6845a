/** What the screens say one after another: no word before it is explained. */

import { expect, test } from "vitest";
import type { Language } from "../src/app/store";
import type { ScreenWords } from "../src/tour/screen";
import { words as parabola } from "../src/tour/screens/s01-words";
import { words as numbers } from "../src/tour/screens/s02-words";
import { words as axes } from "../src/tour/screens/s03-words";
import { words as misses } from "../src/tour/screens/s04-words";
import { words as divides } from "../src/tour/screens/s05-words";
import { words as directions } from "../src/tour/screens/s06-words";
import { words as round } from "../src/tour/screens/s07-words";
import { words as steps } from "../src/tour/screens/s08-words";
import { words as bowl } from "../src/tour/screens/s09-words";
import { words as million } from "../src/tour/screens/s10-words";
import { words as own } from "../src/tour/screens/s11-words";

const SCREENS: Record<Language, ScreenWords>[] = [parabola, numbers, axes, misses, divides, directions, round, steps, bowl, million, own];
const LANGUAGES = ["en", "zh"] as const;

/** What a screen says of its subject, sentence by sentence, without the marks of roles. */
const said = ({ sentences, act, careful }: ScreenWords): string[] =>
  [...sentences, act, careful ?? ""].flatMap((text) => text.replace(/\{[a-z-]+:([^}]*)\}/g, "$1").split(/(?<=[.。])(?=\s|[^\d\s])/)).map((text) => text.trim()).filter(Boolean);

const FIRST = { en: [/ellipse/i, /positive definite/], zh: [/椭圆/, /正定/] } as const;

test("an ellipse is not spoken of before it is said that H is positive definite where there is one", () => {
  for (const language of LANGUAGES) {
    const all = SCREENS.map((words) => said(words[language])), [ellipse, definite] = FIRST[language].map((word) => all.flatMap((one, k) => one.flatMap((text, i) => (word.test(text) ? [1000 * k + i] : [])))[0]);
    // Screens count from 0: with the third the ellipses begin.
    expect(Math.floor(ellipse / 1000), language).toBeGreaterThanOrEqual(2);
    expect(definite, language).toBeLessThanOrEqual(ellipse);
  }
});

test("every screen names a bowl's contour by one word, and transposes by one sign", () => {
  for (const words of SCREENS)
    for (const language of LANGUAGES) {
      const text = said(words[language]).join(" ");
      expect(text).not.toMatch(/\u1d40/);
      expect(text).not.toMatch(/level line|levels? of|承诺/);
    }
});
