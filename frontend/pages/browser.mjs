// What the browser tests share: Debian's Chromium by playwright-core, and geometry read from the page's SVG.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const FOLDER = resolve(process.env.PAGES ?? "pages-out");
export const PAGES = JSON.parse(readFileSync(`${FOLDER}/pages.json`, "utf8"));

const EXECUTABLE = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export async function launch() {
  if (!EXECUTABLE) throw new Error("no Chromium found: apt-get install chromium, or set CHROMIUM=/path/to/it");
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-device-scale-factor=1"],
  });
}

/** After the frames that a change asked for. */
export const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));

// THROTTLE=6: the page computes six times slower, as on a loaded machine; a test that reads before the page is painted then fails.
const THROTTLE = Number(process.env.THROTTLE ?? 1);

/**
 * From here on every click, key, choice and release on the page is followed by the frames that it asked for, so that what a
 * test reads next is what a reader sees next, however slow the machine is. A page without scripts or on its way out has none.
 */
export async function patient(page) {
  if (THROTTLE > 1) await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
  const wait = (owner, names) => {
    for (const name of names) {
      const act = owner[name].bind(owner);
      owner[name] = async (...given) => {
        const answer = await act(...given);
        await settled(page).catch(() => {});
        return answer;
      };
    }
    return owner;
  };
  const locate = page.locator.bind(page), acts = ["click", "dblclick", "fill", "press", "check", "uncheck", "selectOption", "tap"];
  const deeper = (locator) => {
    for (const name of ["locator", "nth", "first", "last", "filter"]) {
      const down = locator[name].bind(locator);
      locator[name] = (...given) => deeper(down(...given));
    }
    return wait(locator, acts);
  };
  page.locator = (...given) => deeper(locate(...given));
  wait(page, acts);
  wait(page.keyboard, ["press", "type"]);
  wait(page.mouse, ["up", "click"]);
  return page;
}

/** Opens every panel below the first screen, as a reader does, and waits until it is painted. */
export async function unfold(page) {
  await page.evaluate(() => {
    const closed = [...document.querySelectorAll('.fold h2 [aria-expanded="false"]')], all = document.querySelector('[data-control="folds"]:not([hidden] *)');
    (all && closed.length ? [all] : closed).forEach((button) => button.click());
    window.raphson?.store.flush();
  });
  await settled(page);
}

/**
 * Opens a page of the folder; `hash` without the #. Every panel is open, so that a test sees them all; `folded`: only
 * those that the hash says, as a reader meets the page; `ready`: what is there once it is drawn. Fails on any error in the page's console.
 */
export async function open(browser, name, { hash = "", size = { width: 1280, height: 900 }, folded = false, ready = '[data-panel="local"] svg [data-role="point"]', ...options } = {}) {
  const context = await browser.newContext({ viewport: size, bypassCSP: true, ...options });
  const page = await context.newPage();
  if (options.javaScriptEnabled !== false) await patient(page);
  page.errors = [];
  page.requests = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
  page.on("request", (request) => page.requests.push(request.url()));
  await page.goto(`${pathToFileURL(`${FOLDER}/${name}.html`)}${hash ? `#${hash}` : ""}`);
  if (options.javaScriptEnabled !== false) await page.waitForSelector(ready, { state: "attached" });
  if (!folded && options.javaScriptEnabled !== false) await unfold(page);
  page.finish = () => context.close();
  return page;
}

/** The geometry of a panel's SVG in pixels: arrows, the ellipse or curves of a role, the point. */
export function geometry(page, panel, level = "model-level") {
  return page.evaluate(
    ([panel, level]) => {
      const svg = document.querySelector(`[data-panel="${panel}"] svg`);
      const numbers = (element, ...names) => names.map((name) => Number(element.getAttribute(name)));
      const arrow = (role) => {
        const line = svg.querySelector(`g[data-role="${role}"] line, line[data-role="${role}"]`);
        if (!line) return null;
        const [x1, y1, x2, y2] = numbers(line, "x1", "y1", "x2", "y2");
        const group = line.closest("[data-x2]") ?? line;
        const exact = group.hasAttribute("data-x2") ? numbers(group, "data-x2", "data-y2") : [x2, y2];
        return { tail: [x1, y1], head: exact };
      };
      const ellipses = [...svg.querySelectorAll(`ellipse[data-role="${level}"]`)].map((e) => {
        const [cx, cy, rx, ry] = numbers(e, "cx", "cy", "rx", "ry");
        const turn = /rotate\(([-\d.e]+)/.exec(e.getAttribute("transform") ?? "");
        return { cx, cy, rx, ry, angle: (turn ? Number(turn[1]) : 0) * (Math.PI / 180), lambda: e.dataset.lambda, semi: e.dataset.semi };
      });
      const curves = [...svg.querySelectorAll(`path[data-role="${level}"]`)].map((path) =>
        [...path.getAttribute("d").matchAll(/([ML])?\s*(-?[\d.]+(?:e-?\d+)?)[ ,]+(-?[\d.]+(?:e-?\d+)?)/g)].map((m) => [Number(m[2]), Number(m[3])]),
      );
      const point = svg.querySelector('[data-role="point"]');
      const dot = point && (point.matches("circle") ? point : point.querySelector("circle"));
      return {
        gradient: arrow("minus-gradient"), newton: arrow("newton"), ellipses, curves,
        point: dot ? numbers(dot, "cx", "cy") : null, roles: [...new Set([...svg.querySelectorAll("[data-role]")].map((e) => e.dataset.role))],
      };
    },
    [panel, level],
  );
}

/** Direction of the level's tangent at a point that lies on it, and how far off it the point is, in pixels. */
export function tangent(found, [x, y]) {
  let best = { distance: Infinity, direction: [1, 0] };
  for (const e of found.ellipses) {
    const [c, s] = [Math.cos(e.angle), Math.sin(e.angle)];
    const [u, v] = [c * (x - e.cx) + s * (y - e.cy), -s * (x - e.cx) + c * (y - e.cy)];
    const [nu, nv] = [u / e.rx ** 2, v / e.ry ** 2];
    const normal = [c * nu - s * nv, s * nu + c * nv];
    const length = Math.hypot(...normal);
    const distance = Math.abs(((u / e.rx) ** 2 + (v / e.ry) ** 2 - 1) / (2 * length));
    if (distance < best.distance) best = { distance, direction: [-normal[1] / length, normal[0] / length] };
  }
  for (const curve of found.curves) {
    curve.forEach(([px, py], i) => {
      const distance = Math.hypot(px - x, py - y);
      if (distance >= best.distance || i === 0 || i === curve.length - 1) return;
      const [a, b] = [curve[i - 1], curve[i + 1]];
      // The tangent of the parabola through three neighbours: second order also where they are unevenly spaced.
      const [p, q] = [Math.hypot(px - a[0], py - a[1]), Math.hypot(b[0] - px, b[1] - py)];
      const d = [0, 1].map((k) => (((b[k] - curve[i][k]) / q) * p + ((curve[i][k] - a[k]) / p) * q) / (p + q));
      best = { distance, direction: d.map((t) => t / Math.hypot(...d)) };
    });
  }
  return best;
}

/** Degrees between two lines, 0 to 90, or between two directions, 0 to 180. */
export function degrees(u, v, lines = false) {
  const angle = (Math.atan2(Math.abs(u[0] * v[1] - u[1] * v[0]), u[0] * v[0] + u[1] * v[1]) * 180) / Math.PI;
  return lines ? Math.min(angle, 180 - angle) : angle;
}

export const between = (a, b) => [b[0] - a[0], b[1] - a[1]];
