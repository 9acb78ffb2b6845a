import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "H⁻¹ divides", sentences: [], act: "" };
const zh: ScreenWords = { title: "逆矩阵做除法", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
