/** Every label, sentence and explanation of the page; en.ts and zh.ts hold one object of this type each. */
export type Words = typeof import("./en").en;
