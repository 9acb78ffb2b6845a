import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "When there is no bowl", sentences: [], act: "" };
const zh: ScreenWords = { title: "没有碗的时候", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
