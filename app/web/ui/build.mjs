// Builds what browsers are given: names carry a hash of the content, manifest.json says which is which.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const here = "app/web/ui/assets";
const out = "app/web/static/built";
mkdirSync(out, { recursive: true });
for (const old of readdirSync(out)) rmSync(`${out}/${old}`, { recursive: true });
const css = `${out}/.app.css`;
execFileSync(
  process.execPath,
  ["node_modules/@tailwindcss/cli/dist/index.mjs", "--input", `${here}/app.css`, "--output", css, "--minify"],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const sources = {
  "app.css": css,
  "app.js": `${here}/app.js`,
  "shopify.js": `${here}/shopify.js`,
};
const manifest = {};
for (const [name, file] of Object.entries(sources)) {
  const content = readFileSync(file);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  manifest[name] = name.replace(/(\.\w+)$/, `-${hash}$1`);
  writeFileSync(`${out}/${manifest[name]}`, content);
  writeFileSync(`${out}/${manifest[name]}.gz`, gzipSync(content, { level: 9 }));
}
rmSync(css);
writeFileSync(`${out}/manifest.json`, JSON.stringify(manifest, null, 1));

// The fonts of printed papers.
const fonts = "app/documents/fonts_built";
mkdirSync(fonts, { recursive: true });
for (const [family, name] of [["noto-sans", "NotoSans"], ["noto-sans-arabic", "NotoSansArabic"]]) {
  for (const weight of ["400Regular", "700Bold"]) {
    copyFileSync(`node_modules/@expo-google-fonts/${family}/${weight}/${name}_${weight}.ttf`, `${fonts}/${name}_${weight}.ttf`);
  }
}
