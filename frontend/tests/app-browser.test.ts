/** The page in a real browser: what a reader can do with mouse and keys, what a screen reader is told, how fast it is. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executablePath, Pages } from "./fixtures/browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const state = (page: Page) => page.evaluate(() => window.raphson!.store.state);
const settled = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const text = (page: Page, panel: string) => page.locator(`[data-panel=${panel}] .explain`).innerText();

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run();
    return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
}

describe.skipIf(!executablePath)("the page in Chromium", { timeout: 60_000 }, () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await Pages.launch();
  }, 60_000);
  afterAll(() => pages.close());

  it.each(["run", "saddle", "three", "one", "look"])("shows %s without trouble, request or violation", async (name) => {
    const { page, trouble } = await pages.open(name);
    await settled(page);
    expect(await page.locator("#static").count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.locator("[data-language=zh]").click();
    await settled(page);
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await settled(page);
    expect(await violations(page)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(trouble).toEqual([]);
  });

  it("is the static text without scripts", async () => {
    const { page } = await pages.open("run", { scripts: false });
    expect(await page.locator("#static h1").innerText()).toBe("static");
  });

  it("moves every linked panel when x is dragged, and comes back", async () => {
    const { page } = await pages.open("run");
    const before = await Promise.all(["local", "dual", "whitened", "spectrum"].map((panel) => text(page, panel)));
    const handle = page.locator("[data-panel=local] .handle").first();
    const box = (await handle.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 70, { steps: 4 });
    await page.mouse.up();
    await settled(page);
    const after = await Promise.all(["local", "dual", "whitened", "spectrum"].map((panel) => text(page, panel)));
    after.forEach((sentence, i) => expect(sentence).not.toBe(before[i]));
    const moved = (await handle.boundingBox())!;
    expect(Math.abs(moved.x + moved.width / 2 - (box.x + 60))).toBeLessThan(0.6);
    await handle.press("Escape");
    await settled(page);
    expect((await state(page)).x).toBeNull();
    expect(await text(page, "local")).toBe(before[0]);
  });

  it("moves x to where f has the gradient that is dragged", async () => {
    const { page } = await pages.open("run");
    const handle = page.locator("[data-panel=dual] .handle");
    await handle.scrollIntoViewIfNeeded();
    const [box, before] = [(await handle.boundingBox())!, await handle.getAttribute("aria-valuetext")];
    await page.mouse.move(box.x + 16, box.y + 16);
    await page.mouse.down();
    await page.mouse.move(box.x + 40, box.y + 60, { steps: 3 });
    await page.mouse.up();
    await settled(page);
    // Rosenbrock's gradient at x, by hand.
    const [u, v] = await page.evaluate(() => window.raphson!.store.state.x!);
    const slope = [-400 * u * (v - u * u) - 2 * (1 - u), 200 * (v - u * u)];
    const shown = await handle.getAttribute("aria-valuetext");
    const numbers = shown!.replaceAll("\u2212", "-").match(/= (-?[\d.e-]+)/g)!.map((part) => Number(part.slice(2)));
    numbers.forEach((g, i) => expect(Math.abs(g - slope[i])).toBeLessThan(1e-3 * Math.max(1, Math.abs(g))));
    expect(shown).not.toBe(before);
  });

  it("moves x with the arrow keys by 1 % of the window, by 5 % with shift", async () => {
    const { page } = await pages.open("run");
    const handle = page.locator("[data-panel=local] .handle").first();
    const plot = (await page.locator("[data-panel=local] [data-role=plot]").boundingBox())!;
    const x = async () => (await handle.boundingBox())!.x;
    await handle.focus();
    const start = await x();
    await page.keyboard.press("ArrowRight");
    await settled(page);
    expect((await x()) - start).toBeCloseTo(0.01 * plot.width, 0);
    await page.keyboard.press("Shift+ArrowRight");
    await settled(page);
    expect((await x()) - start).toBeCloseTo(0.06 * plot.width, 0);
    expect((await state(page)).position).toBe(1);
  });

  it("steps through the trials by keys, buttons, slider, strips, table and run", async () => {
    const { page } = await pages.open("run");
    const position = async () => (await state(page)).position;
    await page.keyboard.press("ArrowRight");
    expect(await position()).toBe(2);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("End");
    const last = await position();
    expect(last).toBe(1 + (await page.evaluate(() => window.raphson!.recording.trials!.of)));
    await page.keyboard.press("Home");
    expect(await position()).toBe(1);
    await page.getByRole("button", { name: "Next trial" }).click();
    expect(await position()).toBe(2);
    await page.locator("[data-control=trial]").fill("4");
    expect(await position()).toBe(4);
    await page.locator("tr[data-position='3'] button").click();
    expect(await position()).toBe(3);
    await page.locator("[data-panel=run]").scrollIntoViewIfNeeded();
    const end = (await page.locator("[data-panel=run] circle[data-role=trial]").last().boundingBox())!;
    await page.mouse.click(end.x + end.width / 2, end.y + end.height / 2);
    expect(await position()).toBeGreaterThan(4);
    await page.locator("[data-figure=timeline]").click({ position: { x: 48, y: 60 } });
    expect(await position()).toBe(1);
  });

  it("plays, and stops at the answer", async () => {
    const { page } = await pages.open("run");
    await page.keyboard.press(" ");
    expect((await state(page)).playing).toBe("trials");
    await page.waitForFunction(() => window.raphson!.store.state.position > 2, null, { timeout: 5000 });
    await page.keyboard.press(" ");
    expect((await state(page)).playing).toBe("");
    await page.locator("[data-panel=whitened] .icon-button").click();
    await page.waitForFunction(() => window.raphson!.store.state.morph === 1 && window.raphson!.store.state.playing === "", null, { timeout: 8000 });
    expect(await text(page, "whitened")).toMatch(/circle/);
  });

  it("keeps the state in the address, also from disk", async () => {
    const { page } = await pages.open("run", { hash: "trial=3&x=0.1,-0.2&t=0.5&lang=zh", folded: true });
    expect(await state(page)).toMatchObject({ position: 3, x: [0.1, -0.2], morph: 0.5, language: "zh" });
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => location.hash === "#trial=4&t=0.5&lang=zh", null, { timeout: 3000 });
    await page.evaluate(() => window.raphson!.store.set({ position: 1, morph: 0, language: "en" }));
    await page.waitForFunction(() => location.hash === "", null, { timeout: 3000 });
    await page.evaluate(() => window.raphson!.store.set({ position: 4, morph: 0.5, language: "zh" }));
    await page.waitForFunction(() => location.hash === "#trial=4&t=0.5&lang=zh", null, { timeout: 3000 });
    await page.reload();
    await page.waitForFunction(() => window.raphson);
    expect(await state(page)).toMatchObject({ position: 4, x: null, morph: 0.5, language: "zh" });
  });

  it("hides f, and offers planes and shadows for three variables", async () => {
    const { page } = await pages.open("three");
    await page.keyboard.press("End");
    await page.locator("#plane").selectOption({ index: 1 });
    await page.locator("input[value=shadow]").check();
    await settled(page);
    expect(await text(page, "local")).toMatch(/[Ss]hadow/);
    const { page: other } = await pages.open("run");
    expect(await other.locator("[data-panel=local] [data-role=function]").count()).toBeGreaterThan(0);
    await other.locator("[data-control=hide]").check();
    await settled(other);
    for (const panel of ["local", "run"]) expect(await other.locator(`[data-panel=${panel}] [data-role=function]`).count()).toBe(0);
  });
});
