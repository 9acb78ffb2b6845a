import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "The round world", sentences: [], act: "" };
const zh: ScreenWords = { title: "变回圆形的世界", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
