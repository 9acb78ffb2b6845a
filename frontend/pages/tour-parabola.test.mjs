// Screen 1: the tangent and the parabola on the page, dragged by pointer and keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { dragIn, near, openTour, settled } from "./tour.mjs";

const f = (x) => 2 * Math.exp(-0.7 * x) - 0.42 * x * x + 2 * x, slope = (x) => -1.4 * Math.exp(-0.7 * x) - 0.84 * x + 2, bend = (x) => 0.98 * Math.exp(-0.7 * x) - 0.84;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** What is drawn and written, in data coordinates: read from the picture's own ticks and marks. */
const read = (page) =>
  page.evaluate(() => {
    const screen = document.querySelector('[data-screen="parabola"]'), svg = screen.querySelector("svg"), all = (role, tag = "") => [...svg.querySelectorAll(`[data-layer="items"] ${tag}[data-role="${role}"]`)];
    const pair = (node, key) => node?.getAttribute(key)?.split(" ").map(Number) ?? null;
    const points = (role) => all(role, "path").map((path) => [...path.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]));
    const place = (role) => pair(all(role)[0], "data-center"), pixel = (role) => ["cx", "cy"].map((key) => Number(all(role, "circle")[0].getAttribute(key)));
    const [x, to] = [place("point"), place("trial")], [a, b] = [pixel("point"), pixel("trial")];
    // Two known points make the scale of x; ticks that of y.
    const tick = [...svg.querySelectorAll('text[data-role="tick"][text-anchor="end"]')].map((t) => [Number(t.textContent.replace("−", "-")), Number(t.getAttribute("y")) - 4]);
    const [[v0, y0], [v1, y1]] = [tick[0], tick.at(-1)], scale = (to[0] - x[0]) / (b[0] - a[0]);
    const data = ([u, v]) => [x[0] + (u - a[0]) * scale, v0 + ((v - y0) * (v1 - v0)) / (y1 - y0)];
    const rows = [...screen.querySelectorAll(".errors tbody tr")].map((row) => ({
      s: row.cells[0].textContent, line: Number(row.cells[1].dataset.value), quarter: row.cells[2].textContent, parabola: Number(row.cells[3].dataset.value), eighth: row.cells[4].textContent,
      bars: [...row.querySelectorAll(".amount")].map((bar) => bar.getBoundingClientRect().width), tracks: [...row.querySelectorAll(".track")].map((track) => track.getBoundingClientRect().width),
      apart: [...row.querySelectorAll("td > div")].every((cell) => { const [n, t] = [cell.children[0].getBoundingClientRect(), cell.children[1].getBoundingClientRect()]; return n.right <= t.left + 0.5 || n.bottom <= t.top + 0.5; }),
    }));
    return {
      x, to, rows, readout: screen.querySelector(".readout").textContent, lines: Object.fromEntries(["run", "minus-gradient", "model-level", "line-error", "parabola-error"].map((role) => [role, points(role)[0].map(data)])),
      bottom: pair(all("center")[0], "data-center"), arrow: all("newton").map((g) => [pair(g, "data-tail"), pair(g, "data-head")])[0] ?? null,
      labels: [...svg.querySelectorAll('[data-role="label"]')].map((t) => t.textContent), wide: document.documentElement.scrollWidth - innerWidth,
    };
  });

const check = ({ x, to, lines, rows, bottom, arrow }) => {
  const at = x[0], s = to[0] - at, parabola = (a) => f(at) + slope(at) * (a - at) + 0.5 * bend(at) * (a - at) ** 2;
  near(x[1], f(at), 1e-9);
  near(to[1], f(to[0]), 1e-9);
  const middle = ([a, b]) => b > 0.1 && b < 3.9;
  for (const [a, b] of lines.run.filter(middle)) near(b, f(a), 0.01, "f");
  for (const [a, b] of lines["minus-gradient"].filter(middle)) near(b, f(at) + slope(at) * (a - at), 0.01, "tangent");
  for (const [a, b] of lines["model-level"].filter(middle)) near(b, parabola(a), 0.01, "parabola");
  near(lines["line-error"][1][1], f(at) + slope(at) * s, 0.01, "the tangent's bar ends");
  near(lines["parabola-error"][1][1], parabola(to[0]), 0.01, "the parabola's bar ends");
  rows.forEach((row, k) => {
    const step = s / 2 ** k;
    near(row.line, Math.abs(f(at + step) - f(at) - slope(at) * step), 1e-9);
    near(row.parabola, Math.abs(f(at + step) - parabola(at + step)), 1e-9);
    if (k) near(Number(row.eighth.slice(2)), rows[k - 1].parabola / row.parabola, 0.01 * Number(row.eighth.slice(2)));
    if (k) near(Number(row.quarter.slice(2)), rows[k - 1].line / row.line, 0.01 * Number(row.quarter.slice(2)));
    assert.ok(row.apart, "a bar lies on its number");
  });
  const most = Math.max(rows[0].line, rows[0].parabola);
  rows[0].bars.forEach((width, k) => near(width / rows[0].tracks[k], [rows[0].line, rows[0].parabola][k] / most, 0.02, "bars have one scale"));
  if (bottom) near(bottom[0], at - slope(at) / bend(at), 1e-9, "turning point");
  assert.equal(arrow !== null, bend(at) > 0 && bottom !== null);
};

test("at the start the last rows show a quarter and an eighth; x, s and the button keep every number true", async () => {
  const page = await openTour(browser, 1);
  const first = await read(page);
  check(first);
  for (const row of first.rows.slice(-3)) {
    near(Number(row.quarter.slice(2)), 4, 0.2);
    near(Number(row.eighth.slice(2)), 8, 0.4);
  }
  await page.click('[data-control="halve"]');
  await settled(page);
  const halved = await read(page);
  check(halved);
  near(halved.to[0] - halved.x[0], (first.to[0] - first.x[0]) / 2, 1e-9);
  near(halved.rows[0].parabola, first.rows[1].parabola, 1e-12);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("of the two handles the one that is held moves; keys move them, Escape and the button bring back the start", async () => {
  const page = await openTour(browser, 1);
  const start = await read(page), box = await page.locator('[data-figure="parabola"]').boundingBox();
  const handle = async (label) => { const b = await page.locator(`.handle[aria-label="${label}"]`).boundingBox(); return [(b.x + b.width / 2 - box.x) / box.width, (b.y + b.height / 2 - box.y) / box.height]; };
  const s = await handle("The step s");
  await dragIn(page, "parabola", s, [s[0] + 0.1, s[1]]);
  const pulled = await read(page);
  near(pulled.x[0], start.x[0], 1e-12, "x stays");
  assert.ok(pulled.to[0] > start.to[0] + 0.3);
  check(pulled);
  await dragIn(page, "parabola", await handle("The point x"), [0.72, 0.3]);
  const hill = await read(page);
  check(hill);
  assert.ok(bend(hill.x[0]) < 0 && hill.arrow === null);
  assert.match(hill.readout, /opens downward/);
  assert.ok(hill.labels.includes("highest point"));
  near(Math.abs(hill.to[0] - hill.x[0]), Math.abs(pulled.to[0] - pulled.x[0]), 1e-9, "s keeps its length");
  await page.locator('.handle[aria-label="The point x"]').focus();
  await page.keyboard.press("ArrowLeft");
  await settled(page);
  const moved = await read(page);
  assert.ok(moved.x[0] < hill.x[0]);
  check(moved);
  await page.keyboard.press("Escape");
  await settled(page);
  near((await read(page)).x[0], start.x[0], 1e-12);
  await dragIn(page, "parabola", await handle("The point x"), [0.486, 0.3]);
  assert.match((await read(page)).readout, /almost straight/);
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.match((await read(page)).readout, /几乎是直的/);
  check(await read(page));
  await page.finish();
});

test("on a phone nothing is cut off, and a finger drags x", async () => {
  const page = await openTour(browser, 1, { size: { width: 390, height: 844 }, hasTouch: true });
  const small = await read(page);
  check(small);
  assert.ok(small.wide <= 0, "the page is not wider than the phone");
  assert.deepEqual(page.errors, []);
  await page.finish();
});
