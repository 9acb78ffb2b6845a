/** One script and one style sheet, without names that depend on their content: Python puts both into a file. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const web = fileURLToPath(new URL("../src/raphson/picture/web", import.meta.url));

export default defineConfig({
  build: {
    outDir: process.env.RAPHSON_WEB ?? web,
    // The folder is Python's as well: only report.js and report.css are ours.
    emptyOutDir: false,
    target: "es2022",
    minify: true,
    cssMinify: true,
    lib: { entry: "src/app/main.ts", formats: ["iife"], name: "raphsonReport", fileName: () => "report.js", cssFileName: "report" },
  },
  server: { fs: { allow: [".."] } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
