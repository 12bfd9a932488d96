// Builds the front end: styles, the site script and every island, with hashed names and a manifest.
//
//   node build.mjs [--watch]
//
// Entries: css/site.css, ui/site.ts and each MODULE/ui/NAME/main.ts of the repository, which becomes
// MODULE-NAME.js. A sw.ts beside it becomes MODULE-NAME-sw.js, un-hashed, and knows the URLs of all else.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { messagesIn } from "./messages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const modules = join(here, "node_modules");
const target = join(here, "static/build");
const publicPath = "/static/build/";
const moduleParents = ["app", "booths", "ticketing"];
const typefaces = { "BeVietnamPro-Regular.ttf": "400Regular/BeVietnamPro_400Regular.ttf", "BeVietnamPro-SemiBold.ttf": "600SemiBold/BeVietnamPro_600SemiBold.ttf" };

const options = {
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2021", "chrome94", "safari15", "firefox95"],
  charset: "utf8",
  legalComments: "none",
  loader: { ".wasm": "file", ".woff2": "file", ".svg": "dataurl" },
  assetNames: "[name]-[hash]",
  publicPath,
  alias: { "@fairground": join(here, "ui") },
  nodePaths: [modules],
  absWorkingDir: root,
  metafile: true,
  logLevel: "warning",
  // zxing-wasm names Node's own modules in branches that no browser enters.
  external: ["module", "node:module", "fs", "path"],
};

/** Every island: {name, main, worker?} for each MODULE/ui/NAME/main.ts. */
function findIslands() {
  const islands = [];
  for (const parent of moduleParents) {
    for (const module of folders(join(root, parent))) {
      if (parent === "app" && module === "web") continue;
      for (const name of folders(join(root, parent, module, "ui"))) {
        const folder = join(root, parent, module, "ui", name);
        if (!existsSync(join(folder, "main.ts"))) continue;
        const worker = join(folder, "sw.ts");
        islands.push({ name: `${module}-${name}`, main: join(folder, "main.ts"), worker: existsSync(worker) ? worker : null });
      }
    }
  }
  return islands;
}

function folders(path) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

async function build() {
  const started = performance.now();
  const out = join(modules, `.fairground-build-${process.pid}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "fonts/ttf"), { recursive: true });
  try {
    const islands = findIslands();
    const shared = { ...options, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", outdir: out };
    const site = await esbuild.build({
      ...shared,
      splitting: true, // htmx comes only to pages that use it
      entryPoints: [
        { in: join(here, "css/site.css"), out: "site" },
        { in: join(here, "ui/site.ts"), out: "site" },
      ],
    });
    // Islands stand alone: one file each to keep for offline use.
    const rest = await esbuild.build({ ...shared, entryPoints: islands.map(({ name, main }) => ({ in: main, out: name })) });
    const { manifest, messages } = describe({ ...site.metafile.outputs, ...rest.metafile.outputs }, out);
    for (const [name, source] of Object.entries(typefaces)) {
      cpSync(join(modules, "@expo-google-fonts/be-vietnam-pro", source), join(out, "fonts/ttf", name));
      manifest[`fonts/ttf/${name}`] = `fonts/ttf/${name}`;
    }
    await buildWorkers(islands, manifest, out);
    writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
    writeFileSync(join(out, "messages.json"), JSON.stringify(messages, null, 1));
    rmSync(target, { recursive: true, force: true });
    renameSync(out, target);
    console.log(`${Object.keys(manifest).length} assets in ${Math.round(performance.now() - started)} ms`);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The manifest {logical name: file}, and {script name: messages used} from esbuild's own account of what it wrote. */
function describe(outputs, out) {
  const manifest = {};
  const messages = {};
  for (const [path, output] of Object.entries(outputs)) {
    const file = relative(out, join(root, path));
    const suffix = extname(file);
    const logical = /\.(js|css)$/.test(file)
      ? file.replace(/-[0-9A-Z]{8}(\.\w+)$/, "$1")
      : basename(Object.keys(output.inputs)[0] ?? file);
    manifest[logical] = file;
    if (suffix === ".js") {
      const sources = Object.keys(output.inputs).filter((input) => input.endsWith(".ts") && !input.includes("node_modules"));
      messages[logical.slice(0, -suffix.length)] = messagesIn(sources.map((source) => readFileSync(join(root, source), "utf8")));
    }
  }
  return { manifest, messages };
}

/** Service workers come last: each has the URLs of all assets inside, so it changes when any of them does. */
async function buildWorkers(islands, manifest, out) {
  const urls = Object.fromEntries(Object.entries(manifest).map(([name, file]) => [name, publicPath + file]));
  const id = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 12);
  const workers = islands.filter(({ worker }) => worker);
  if (!workers.length) return;
  await esbuild.build({
    ...options,
    format: "iife",
    entryPoints: workers.map(({ name, worker }) => ({ in: worker, out: `${name}-sw` })),
    entryNames: "[name]",
    outdir: out,
    define: { __ASSETS__: JSON.stringify(urls), __BUILD__: JSON.stringify(id) },
  });
  for (const { name } of workers) manifest[`${name}-sw.js`] = `${name}-sw.js`;
}

await build();
if (process.argv.includes("--watch")) {
  let timer;
  const again = (_, file) => {
    if (!file || /node_modules|static[\\/]build|\.py$/.test(file) || !/\.(ts|css)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 80);
  };
  for (const parent of moduleParents) watch(join(root, parent), { recursive: true }, again);
  console.log("watching");
}
