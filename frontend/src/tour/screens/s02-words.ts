import type { Language } from "../../app/store";
import type { ScreenWords } from "../screen";

const en: ScreenWords = { title: "Two variables: four numbers", sentences: [], act: "" };
const zh: ScreenWords = { title: "两个变量：四个数", sentences: [], act: "" };

export const words: Record<Language, ScreenWords> = { en, zh };
