/** In a real browser: no English on the Chinese page, dark ground, folded panels, keys, Escape, print. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executablePath, Pages } from "./fixtures/browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ALL = ["run", "saddle", "three", "one", "look", "bounded", "stopped", "many"];
/** Names: of the tool, the language, methods, number types; titles that the caller gave. */
const NAMES = /\b(?:raphson|English|float64|newton|BFGS|dogleg|trust-exact|max|method|auto|result|Esc|Tab|Ctrl|Shift|Home|End|Rosenbrock|Himmelblau|Three variables|One variable|A point|Minimization)\b/g;

const settled = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const state = (page: Page) => page.evaluate(() => window.raphson!.store.state);

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run();
    return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
}

/** All that the page says or shows: texts, and what only a screen reader or a pointer that rests meets. */
const said = (page: Page) => page.evaluate(() => {
  const out: string[] = [document.title], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) if (!node.parentElement!.closest("script, style")) out.push(node.textContent!);
  for (const name of ["aria-label", "title", "aria-valuetext", "aria-roledescription", "alt", "placeholder"])
    for (const element of document.querySelectorAll(`[${name}]`)) out.push(element.getAttribute(name)!);
  return out.map((text) => text.trim()).filter((text) => text !== "");
});

describe.skipIf(!executablePath)("the page in Chromium, truthfully", { timeout: 90_000 }, () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await Pages.launch();
  }, 60_000);
  afterAll(() => pages.close());

  it.each(ALL)("%s holds no English in Chinese, at its start and at its end", async (name) => {
    const { page, trouble } = await pages.open(name, { hash: "lang=zh" });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    for (const key of ["Home", "ArrowRight", "End"]) {
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.keyboard.press(key);
      await settled(page);
      const english = (await said(page)).filter((text) => /[A-Za-z]{3,}/.test(text.replace(NAMES, "")));
      expect(english).toEqual([]);
    }
    expect(trouble).toEqual([]);
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
  });

  it("opens in the language that the file was written in", async () => {
    const { page } = await pages.open("run", { language: "zh-CN", folded: true });
    expect((await state(page)).language).toBe("zh");
    expect(await page.locator("[data-language=zh]").getAttribute("aria-pressed")).toBe("true");
    await page.locator("[data-language=en]").click();
    await settled(page);
    expect(await page.getAttribute("html", "lang")).toBe("en");
    await page.waitForFunction(() => location.hash === "#lang=en");
  });

  it.each(["run", "stopped", "look", "many"])("%s has no violation on dark ground, and is dark", async (name) => {
    const { page } = await pages.open(name, { scheme: "dark" });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    await settled(page);
    expect(await violations(page)).toEqual([]);
    const light = await page.evaluate(() => {
      const bright = (color: string) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g)!.map(Number); return a > 0.5 && 0.2126 * r + 0.7152 * g + 0.0722 * b > 140; };
      const shown = [...document.querySelectorAll("body, body *")].filter((e) => (e as HTMLElement).offsetParent !== null || e === document.body);
      return shown.filter((e) => bright(getComputedStyle(e).backgroundColor) && (e as HTMLElement).offsetWidth > 60).map((e) => e.outerHTML.slice(0, 120));
    });
    expect(light).toEqual([]);
    const ink = await page.evaluate(() => getComputedStyle(document.querySelector("[data-panel=spectrum] [data-role=tick]")!).fill);
    expect(ink.match(/\d+/g)!.map(Number).reduce((a, b) => a + b) / 3).toBeGreaterThan(130);
    await page.keyboard.press("?");
    expect(await violations(page)).toEqual([]);
  });

  it("stays on white without scripts, whatever the reader's system is", async () => {
    const { page } = await pages.open("run", { scripts: false, scheme: "dark" });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
  });

  it("folds a picture that does not exist to its sentence, and unfolds it again", async () => {
    const { page } = await pages.open("look");
    const quad = (hessian: [number, number, number]) => page.evaluate((hessian) => window.raphson!.show({ at: [1, 1], value: 0, gradient: [1, 2], hessian }), hessian);
    const sizes = () => page.evaluate(() => ["whitened", "dual"].map((name) => {
      const panel = document.querySelector(`[data-panel=${name}]`)!, figure = panel.querySelector<HTMLElement>(".figure")!;
      return { figure: figure.offsetHeight, tools: panel.querySelector<HTMLElement>(".tools")?.offsetHeight ?? 0, words: panel.querySelector<HTMLElement>(".explain")!.innerText.length };
    }));
    for (const [hessian, empty] of [[[1, 0, -2], [true, false]], [[0, 0, 0], [true, true]], [[-1, 0, -2], [true, false]], [[1, 0, 2], [false, false]]] as const) {
      await quad([...hessian]);
      await settled(page);
      await page.waitForTimeout(80);
      (await sizes()).forEach(({ figure, tools, words }, i) => {
        expect(figure > 0, String(hessian)).toBe(!empty[i]);
        if (empty[i]) expect(tools).toBe(0);
        expect(words).toBeGreaterThan(20);
      });
    }
    // It came back drawn, not empty.
    expect(await page.locator("[data-panel=whitened] svg ellipse").count()).toBe(1);
  });

  it("lists its keys under ?, and only those that do something", async () => {
    for (const [name, trials] of [["run", true], ["look", false]] as const) {
      const { page } = await pages.open(name);
      await page.keyboard.press("?");
      const dialog = page.getByRole("dialog");
      expect(await dialog.isVisible()).toBe(true);
      expect((await dialog.innerText()).includes("trial")).toBe(trials);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      expect(await dialog.isVisible()).toBe(false);
      await page.locator(".keys-button").click();
      expect(await dialog.isVisible()).toBe(true);
      await dialog.getByRole("button").click();
      expect(await dialog.isVisible()).toBe(false);
    }
  });

  it("undoes a drag with Escape, wherever the focus is, and during the drag", async () => {
    const { page } = await pages.open("look", { hash: "x=1,1" });
    expect((await state(page)).x).toEqual([1, 1]);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press("Escape");
    expect((await state(page)).x).toBeNull();
    const box = (await page.locator("[data-panel=local] .handle").first().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 70, { steps: 3 });
    await settled(page);
    expect((await state(page)).x).not.toBeNull();
    await page.keyboard.press("Escape");
    await page.mouse.move(box.x + 90, box.y + 20, { steps: 3 });
    await settled(page);
    expect((await state(page)).x).toBeNull();
    await page.mouse.up();
  });

  it("prints everything unfolded, without controls, dark on white, and is as before afterwards", async () => {
    const { page } = await pages.open("run", { scheme: "dark", folded: true });
    const folded = () => page.evaluate(() => [...document.querySelectorAll<HTMLElement>("details, .folded")].filter((d) => (d instanceof HTMLDetailsElement ? !d.open : d.hidden)).length);
    const before = await folded();
    expect(before).toBeGreaterThan(8);
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    expect(await folded()).toBe(0);
    for (const name of ["dual", "stretch", "whitened", "spectrum", "surface"]) expect(await page.locator(`[data-panel=${name}] svg [data-scene]`).count()).toBeGreaterThan(0);
    const controls = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>("button, input, select, summary")].filter((e) => e.offsetParent !== null && !e.closest("table, .fold h2")).map((e) => e.outerHTML.slice(0, 80)));
    expect(controls).toEqual([]);
    const dark = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>("body, body *")].filter((e) => e.offsetParent !== null && e.getBoundingClientRect().width > 3).filter((e) => {
      const [r, g, b, a = 1] = getComputedStyle(e).backgroundColor.match(/[\d.]+/g)!.map(Number);
      return a > 0 && r + g + b < 600;
    }).map((e) => e.outerHTML.slice(0, 80)));
    expect(dark).toEqual([]);
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await settled(page);
    expect(await folded()).toBe(before);
  });

  it("draws bounds where they are, in pixels, and the picture of a long spectrum as dots", async () => {
    const { page } = await pages.open("bounded");
    await page.keyboard.press("End");
    await settled(page);
    const off = await page.evaluate(() => ["local", "run"].map((name) => {
      const svg = document.querySelector(`[data-panel=${name}] svg`)!, d = svg.querySelector("[data-role=outside]")!.getAttribute("d")!;
      const right = Math.max(...[...d.split("Z")[1].matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((m) => Number(m[1])));
      // The answer lies on the bound x1 = 0.5.
      const dot = svg.querySelector(name === "local" ? "[data-layer=items] circle[data-role=point]" : "[data-layer=items] circle[data-role=point]")!;
      return Math.abs(right - Number(dot.getAttribute("cx")));
    }));
    off.forEach((distance) => expect(distance).toBeLessThan(0.5));
    expect(await page.locator("[data-role=not-finite]").count()).toBe(0);
    const { page: many } = await pages.open("many");
    await settled(many);
    expect(await many.locator("[data-panel=spectrum] g[data-sign] line").count()).toBe(0);
    expect(await many.locator("[data-panel=spectrum] g[data-sign]").count()).toBe(60);
    expect(await many.locator("[data-panel=spectrum] .explain").innerText()).toMatch(/98 positive.*60 of 100 are stored/s);
  });
});
