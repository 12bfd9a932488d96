// Runs the TypeScript tests in tests/web with Node's own runner: node ui/tests.mjs
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const root = resolve(web, "../..");
const folder = join(root, "tests/web");
const tests = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
const out = mkdtempSync(join(web, "node_modules/.fairground-tests-"));
try {
  await esbuild.build({
    entryPoints: tests.map((name) => join(folder, name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    alias: { "@fairground": join(web, "ui") },
    nodePaths: [join(web, "node_modules")],
    logLevel: "warning",
  });
  const files = tests.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", cwd: root, env: { ...process.env, FAIRGROUND_ROOT: root } });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
