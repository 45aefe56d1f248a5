// Writes vendor/echarts.min.js, a classic script that leaves `echarts.init`, for browsers and for QuickJS alike, and
// vendor/built.json: what it was built from, and its hash, which a test holds against the lock file.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";

const licences = {
  echarts: ["LICENSE", "NOTICE"],
  zrender: ["LICENSE"],
  tslib: ["LICENSE.txt"],
};
const versions = await Promise.all(Object.keys(licences).map(async (name) => {
  const { version, license } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
  return `${name} ${version} (${license})`;
}));

await mkdir("vendor", { recursive: true });
await build({
  entryPoints: ["echarts.js"],
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "echarts",
  target: "es2020",
  charset: "ascii",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `/*! ${versions.join(", ")}; licences in experiments/report/vendor */` },
  outfile: "vendor/echarts.min.js",
});
for (const [name, files] of Object.entries(licences)) {
  for (const file of files) {
    await copyFile(`node_modules/${name}/${file}`, `vendor/${name}-${file.replace(".txt", "")}.txt`);
  }
}
const lock = JSON.parse(await readFile("package-lock.json", "utf8"));
const integrity = Object.fromEntries([...Object.keys(licences), "esbuild"].map((name) => [name, lock.packages[`node_modules/${name}`].integrity]));
const sha256 = createHash("sha256").update(await readFile("vendor/echarts.min.js")).digest("hex");
await writeFile("vendor/built.json", `${JSON.stringify({ sha256, integrity }, null, 2)}\n`);
