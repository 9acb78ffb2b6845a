/** The words of the tour around its screens. Each screen has its own beside it. */

import type { Language } from "../app/store";

const en = {
  title: "What a Hessian is",
  subtitle: "Ten screens from the parabola that fits best to Newton's method, saddles, quasi-Newton and least squares",
  screens: "Screens",
  place: (number: string, title: string) => `${number}: ${title}`,
  turns: "Turn the page",
  next: (title: string) => `Next: ${title}`,
  previous: (title: string) => `Back: ${title}`,
  keys: "\u2190 and \u2192 turn the pages",
  skip: "Skip to the screen",
  made: "Made by raphson. Everything is inside this one file: it needs no network.",
  printed: "This is the tour for readers without scripts, and for paper. With scripts on, every picture can be dragged.",
  end: "End",
};

const zh: typeof en = {
  title: "海森矩阵是什么",
  subtitle: "十屏：从最贴合的抛物线，到牛顿法、鞍点、拟牛顿法和最小二乘",
  screens: "各屏",
  place: (number, title) => `${number}：${title}`,
  turns: "翻页",
  next: (title) => `下一屏：${title}`,
  previous: (title) => `上一屏：${title}`,
  keys: "按 \u2190 和 \u2192 翻页",
  skip: "跳到本屏",
  made: "由 raphson 生成。一切都在这一个文件里，无需网络。",
  printed: "这是无脚本时和打印用的版本。启用脚本后，每幅图都可以拖动。",
  end: "尾声",
};

export const tourWords: Record<Language, typeof en> = { en, zh };
export type TourWords = typeof en;
