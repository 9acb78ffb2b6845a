import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "Every direction at once", sentences: [], act: "" };
const zh: ScreenWords = { title: "所有方向一起", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
