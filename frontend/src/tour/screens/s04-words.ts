import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "Straight down misses", sentences: [], act: "" };
const zh: ScreenWords = { title: "最陡方向不指向中心", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
