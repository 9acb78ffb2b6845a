import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "Axes and lengths", sentences: [], act: "" };
const zh: ScreenWords = { title: "主轴与半轴长", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
