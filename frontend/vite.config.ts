/** One script and one style sheet, without names that depend on their content: Python puts both into a file. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const web = fileURLToPath(new URL("../src/raphson/picture/web", import.meta.url));

/** `vite build` is the page of reports and of the laboratory; `--mode tour` that of the tour, `--mode map` that of graphs. */
export default defineConfig(({ mode }) => {
  const [name, entry] = mode === "tour" || mode === "map" ? [mode, `src/${mode}/main.ts`] : ["report", "src/app/main.ts"];
  return {
    build: {
      outDir: process.env.RAPHSON_WEB ?? web,
      // The folder is Python's as well: only the scripts, the sheets and the printed tour are ours.
      emptyOutDir: false,
      target: "es2022",
      minify: true,
      cssMinify: true,
      lib: { entry, formats: ["iife"], name: "raphsonReport", fileName: () => `${name}.js`, cssFileName: name },
    },
    server: { fs: { allow: [".."] } },
    // No test measures time: this ends one that hangs, on a machine as loaded as it may be.
    test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 120_000 },
  };
});
