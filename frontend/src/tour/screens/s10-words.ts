import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "From two variables to a million", sentences: [], act: "" };
const zh: ScreenWords = { title: "从两个到一百万个", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
