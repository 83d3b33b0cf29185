// What a browser loads before it shows anything: the limit is part of the product.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 170;
const folder = new URL("dist/page/", import.meta.url);
const read = (path) => readFileSync(new URL(path.replace(/^\//, ""), folder));
const packed = (path) => gzipSync(read(path), { level: 9 }).length / 1000;

const document = read("index.html").toString();
const named = Array.from(document.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g), ([, path]) => path);
// Scripts that an entry imports at once are loaded with it.
const scripts = new Set(named.filter((path) => path.endsWith(".js")));
for (const script of scripts) {
  for (const [, other] of read(script)
    .toString()
    .matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
    scripts.add(`/assets/${other}`);
  }
}
const sum = (paths) => Array.from(paths).reduce((total, path) => total + packed(path), 0);
const js = sum(scripts);
const css = sum(named.filter((path) => path.endsWith(".css")));
process.stdout.write(
  `first load, gzip: ${js.toFixed(1)} kB of scripts (at most ${LIMIT_KB}), ${css.toFixed(1)} kB of styles\n`,
);
if (js > LIMIT_KB) process.exit(1);
