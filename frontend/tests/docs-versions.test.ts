// @vitest-environment jsdom
/** The switch between versions of the documentation: a script of the site (docs/_static), tried without a site. */

import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";

const SCRIPT = readFileSync("../docs/_static/versions.js", "utf8");

let asked: string[], gone: string[];

/** Runs the script on a page; `list`: what lies beside the site (null: nothing); `there`: which pages other versions have. */
async function run(page: string, list: unknown, there: string[] = [], root = "../"): Promise<HTMLSelectElement | null> {
  document.documentElement.dataset.content_root = root;
  document.body.innerHTML = '<p class="versions" data-version="0.1.0" data-latest="latest">Version <span>0.1.0</span></p>';
  const location = { href: page, pathname: new URL(page).pathname, hash: "#here", assign: (to: URL | string) => gone.push(String(to)) };
  const fetch = async (url: URL): Promise<unknown> => {
    asked.push(String(url));
    if (String(url).endsWith("versions.json")) {
      if (list === null) throw new TypeError("no network");
      return { ok: list !== 404, json: async () => { if (list === "broken") throw new SyntaxError("no JSON"); return list; } };
    }
    return { ok: there.includes(String(url)) };
  };
  new Function("document", "location", "fetch", "URL", "Option", SCRIPT)(document, location, fetch, URL, window.Option);
  await new Promise((done) => setTimeout(done));
  return document.querySelector("select");
}

async function chosen(select: HTMLSelectElement, folder: string): Promise<string> {
  select.value = folder;
  select.dispatchEvent(new Event("change"));
  await new Promise((done) => setTimeout(done));
  return gone.at(-1)!;
}

const LIST = [{ version: "0.2.0", folder: "latest" }, { version: "0.2.0", folder: "0.2" }, { version: "0.1.0", folder: "0.1" }];
const HERE = "https://example.org/raphson/0.1/zh/tutorial.html";

beforeEach(() => {
  [asked, gone] = [[], []];
});

describe("the version of a site", () => {
  it.each([[null], [404], ["broken"], [[]], [{}], [[{ version: "0.1.0", folder: "html" }]], [[{ version: "0.1.0", folder: "0.1" }, { version: "0.1.0", folder: "latest" }]]])("is said alone where the list is %j", async (list) => {
    expect(await run(HERE, list)).toBeNull();
    expect(document.querySelector(".versions")!.textContent).toBe("Version 0.1.0");
  });
  it("can be changed where there are others; this one is chosen at first", async () => {
    const select = (await run(HERE, LIST))!;
    expect([...select.options].map((option) => option.text)).toEqual(["0.2.0 (latest)", "0.2.0", "0.1.0"]);
    expect(select.value).toBe("0.1");
    expect(select.getAttribute("aria-label")).toBe("Version");
    expect(asked).toEqual(["https://example.org/raphson/versions.json"]);
  });
  it("leads to the same page where the other version has it, else to its first", async () => {
    const select = (await run(HERE, LIST, ["https://example.org/raphson/latest/zh/tutorial.html"]))!;
    expect(await chosen(select, "latest")).toBe("https://example.org/raphson/latest/zh/tutorial.html#here");
    expect(await chosen(select, "0.2")).toBe("https://example.org/raphson/0.2/index.html");
  });
  it("is found from the first page, too, and from a folder that is in no list", async () => {
    const select = (await run("https://example.org/next/index.html", LIST, [], "./"))!;
    expect(asked).toEqual(["https://example.org/versions.json"]);
    expect([...select.options].map((option) => option.text)).toEqual(["0.1.0", "0.2.0 (latest)", "0.2.0", "0.1.0"]);
    expect(await chosen(select, "0.2")).toBe("https://example.org/0.2/index.html");
  });
  it("leads nowhere else, whatever the list says", async () => {
    const select = (await run(HERE, [...LIST, { version: "9", folder: "//evil.example" }, { version: "9", folder: "../.." }, { version: "9", folder: "a/b" }]))!;
    expect([...select.options].map((option) => option.value)).toEqual(["latest", "0.2", "0.1"]);
  });
});
