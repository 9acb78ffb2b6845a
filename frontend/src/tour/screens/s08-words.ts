import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "One step, or several", sentences: [], act: "" };
const zh: ScreenWords = { title: "一步到位，还是几步", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
