// Opens pages in Chromium and uses them. One line of JSON in (what to open and to do), one line out (what was seen).
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

const wordsOf = (error) => `${error.name}: ${error.message}`;
// Where code stands in a bundle is no part of what a page does.
const withoutPlaces = (text) => text.replace(/\n +at .*/g, "").replace(/https?:\/\/\S+?:\d+:\d+/g, "PLACE");

const actions = {
  click: (page, selector) => page.click(selector),
  fill: (page, selector, text) => page.fill(selector, text),
  see: (page, selector, text) => page.locator(selector, { hasText: text }).first().waitFor(),
  edit: async (_page, path, before, after) =>
    writeFile(path, (await readFile(path, "utf8")).replace(before, () => after)),
};

async function use(page, { url, settings, steps }) {
  const seen = { doms: [], console: [], errors: [], requests: [], failed: "" };
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => seen.console.push(`${message.type()}: ${withoutPlaces(message.text())}`));
  page.on("pageerror", (error) => seen.errors.push(wordsOf(error)));
  page.on("request", (request) => seen.requests.push(`${request.method()} ${request.url()}`));
  if (settings) await page.addInitScript(`globalThis.TELEMETRY_INJECT = ${JSON.stringify(settings)}`);
  try {
    await page.goto(url);
    for (const [action, ...rest] of steps) {
      await actions[action](page, ...rest);
      if (action === "see") seen.doms.push(await page.evaluate("document.title + document.body.innerHTML"));
    }
    await page.goto("about:blank");
  } catch (error) {
    seen.failed = wordsOf(error);
  }
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const page = await (await browser.newContext()).newPage();
  process.stdout.write(`${JSON.stringify(await use(page, order))}\n`);
}
await browser.close();
