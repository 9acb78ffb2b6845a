import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "Your own function", sentences: [], act: "" };
const zh: ScreenWords = { title: "你自己的函数", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
