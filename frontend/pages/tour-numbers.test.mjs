// Screen 2: the numbers beside the picture are f's, and the ring on the page is where the model is off by a tenth.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { dragIn, near, openTour, settled } from "./tour.mjs";

const waves = ([x, y]) => ({ u: 1.2 * x - 0.6 * y - 0.2, v: x + 1.8 * y - 1.3 });
const f = (p) => 0.2 * p[0] ** 2 + 0.3 * p[1] ** 2 + 0.4 * p[0] * p[1] + 0.4 * Math.sin(waves(p).u) + 0.5 * Math.cos(waves(p).v);
const gradient = (p) => {
  const [c, s] = [0.4 * Math.cos(waves(p).u), 0.5 * Math.sin(waves(p).v)];
  return [0.4 * (p[0] + p[1]) + 1.2 * c - s, 0.6 * p[1] + 0.4 * p[0] - 0.6 * c - 1.8 * s];
};
const hessian = (p) => {
  const [s, c] = [0.4 * Math.sin(waves(p).u), 0.5 * Math.cos(waves(p).v)];
  return [0.4 - 1.44 * s - c, 0.4 + 0.72 * s - 1.8 * c, 0.6 - 0.36 * s - 3.24 * c];
};
/** |f - m| in units of |g's| + 1/2 s'|H|s, |H| = (H^2)^(1/2). */
function off(x, p) {
  const s = [p[0] - x[0], p[1] - x[1]], [a, b, c] = hessian(x), g = gradient(x), form = (p, q, r) => p * s[0] ** 2 + 2 * q * s[0] * s[1] + r * s[1] ** 2;
  const [p2, q2, r2] = [a * a + b * b, b * (a + c), b * b + c * c], root = Math.abs(a * c - b * b), trace = Math.sqrt(p2 + r2 + 2 * root), slope = g[0] * s[0] + g[1] * s[1];
  return Math.abs(f(p) - f(x) - slope - 0.5 * form(a, b, c)) / (Math.abs(slope) + 0.5 * form((p2 + root) / trace, q2 / trace, (r2 + root) / trace));
}

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const read = (page) =>
  page.evaluate(() => {
    const screen = document.querySelector('[data-screen="numbers"]'), svg = screen.querySelector("svg"), dot = svg.querySelector('[data-role="point"]');
    const number = (text) => Number(text.replace("−", "-")), x = dot.getAttribute("data-center").split(" ").map(Number), at = ["cx", "cy"].map((key) => Number(dot.getAttribute(key)));
    const ticks = [...svg.querySelectorAll('text[data-role="tick"][text-anchor="middle"]')].map((t) => [number(t.textContent), Number(t.getAttribute("x"))]);
    const scale = (ticks.at(-1)[0] - ticks[0][0]) / (ticks.at(-1)[1] - ticks[0][1]), data = ([u, v]) => [x[0] + (u - at[0]) * scale, x[1] - (v - at[1]) * scale];
    const ring = [...svg.querySelectorAll('path[data-role="ten-percent"]')].flatMap((path) => [...path.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((m) => data([Number(m[1]), Number(m[2])])));
    return {
      x, scale, ring, entries: Object.fromEntries([...screen.querySelectorAll("[data-entry]")].map((cell) => [cell.dataset.entry, { value: Number(cell.dataset.value), text: number(cell.querySelector("b").textContent) }])),
      roles: [...new Set([...svg.querySelectorAll('[data-layer="items"] [data-role]')].map((node) => node.dataset.role))], readout: screen.querySelector(".readout").textContent,
      saddle: svg.querySelector('path[data-role="model-level"]') !== null, wide: document.documentElement.scrollWidth - innerWidth,
    };
  });

function check({ x, scale, ring, entries, readout }) {
  const [g1, g2] = gradient(x), [H11, H12, H22] = hessian(x);
  for (const [name, exact] of Object.entries({ g1, g2, H11, H12, H21: H12, H22 })) {
    near(entries[name].value, exact, 1e-9, name);
    near(entries[name].text, exact, 0.0051, name);
  }
  assert.ok(ring.length > 50);
  // A pixel's worth of it, by the error's own slope there.
  for (const p of ring) {
    const away = Math.hypot(p[0] - x[0], p[1] - x[1]), step = (0.02 * scale) / away, bent = [1, -1].map((side) => off(x, [x[0] + (1 + side * step) * (p[0] - x[0]), x[1] + (1 + side * step) * (p[1] - x[1])]));
    near(off(x, p), 0.1, Math.abs(bent[0] - bent[1]) + 1e-4, "the ring");
  }
  const nearest = Math.min(...ring.map((p) => Math.hypot(p[0] - x[0], p[1] - x[1])));
  near(Number(/[\d.]+(?= in the worst)/.exec(readout)[0]), nearest, 0.06 * nearest);
}

test("the entries are those of f wherever x is dragged, and change with it; beyond the hollow the model is a saddle", async () => {
  const page = await openTour(browser, 2);
  const start = await read(page);
  check(start);
  assert.ok(!start.saddle);
  await dragIn(page, "numbers", [0.3, 0.5], [0.85, 0.7]);
  const right = await read(page);
  check(right);
  for (const name of ["H11", "H12", "H22", "g1", "g2"]) assert.notEqual(right.entries[name].text, start.entries[name].text);
  const [a, b, c] = hessian(right.x);
  assert.equal(right.saddle, a * c - b * b < 0);
  assert.ok(right.saddle);
  await page.locator(".screen:not([hidden]) .handle").focus();
  await page.keyboard.press("ArrowUp");
  await settled(page);
  const up = await read(page);
  assert.ok(up.x[1] > right.x[1] && up.x[0] === right.x[0]);
  check(up);
  await page.keyboard.press("Escape");
  await settled(page);
  assert.deepEqual((await read(page)).x, start.x);
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("f, the model or both; the choice stays when the language changes", async () => {
  const page = await openTour(browser, 2);
  const choose = async (value) => {
    await page.check(`[name="numbers-show"][value="${value}"]`);
    await settled(page);
    return (await read(page)).roles;
  };
  const f = await choose("f"), model = await choose("model"), both = await choose("both");
  for (const role of ["function", "function-level"]) assert.ok(f.includes(role) && !model.includes(role) && both.includes(role), role);
  for (const role of ["model-contour", "model-level", "ten-percent"]) assert.ok(!f.includes(role) && model.includes(role) && both.includes(role), role);
  await choose("model");
  await page.click('[data-language="zh"]');
  await settled(page);
  assert.ok(!(await read(page)).roles.includes("function"));
  assert.ok(await page.isChecked('[name="numbers-show"][value="model"]'));
  assert.deepEqual(page.errors, []);
  await page.finish();
});

test("on a phone nothing is cut off", async () => {
  const page = await openTour(browser, 2, { size: { width: 390, height: 844 } });
  const small = await read(page);
  check(small);
  assert.ok(small.wide <= 0);
  await page.finish();
});
