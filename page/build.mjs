// Builds the page into one file: `node build.mjs OUT`. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const [out] = process.argv.slice(2);
const here = new URL(".", import.meta.url).pathname;

async function bundled(entry) {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${here}src/${entry}`],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    target: ["es2022", "chrome109", "firefox115", "safari16.4"],
    charset: "ascii",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const packages = Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return { text: outputFiles[0].text.trim(), packages };
}

async function licence(name) {
  const about = JSON.parse(await readFile(`${here}node_modules/${name}/package.json`, "utf8"));
  const text = await readFile(`${here}node_modules/${name}/LICENSE`, "utf8");
  return `${about.name} ${about.version} (${about.license})\n\n${text.trim()}`;
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const script = await bundled("main.tsx");
const style = await bundled("style.css");
const licences = await Promise.all([...new Set(script.packages)].sort().map(licence));
for (const text of [script.text, style.text]) {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error("a text would end the element it is in");
}
if (licences.some((text) => text.includes("--"))) throw new Error("a licence would end the comment it is in");
const policy = [
  "default-src 'none'",
  `script-src ${hash(script.text)}`,
  `style-src ${hash(style.text)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const page = (await readFile(`${here}src/page.html`, "utf8"))
  .replace("{{policy}}", () => policy)
  .replace("{{licences}}", () => licences.join("\n\n"))
  .replace("{{style}}", () => style.text)
  .replace("{{script}}", () => script.text);
await writeFile(out, page);
