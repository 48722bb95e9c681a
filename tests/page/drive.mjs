// Does in Chromium what is asked on standard input, one JSON object a line, and answers each with one line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let page;
let seen;

const actions = {
  async open({ url, options }) {
    await page?.context().close();
    const context = await browser.newContext(options);
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    seen = { console: [], requests: [], dialogs: 0 };
    page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => seen.console.push(`${error.name}: ${error.message}`));
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("dialog", (dialog) => {
      seen.dialogs++;
      return dialog.dismiss();
    });
    await page.goto(url);
    await page.locator("#page[data-ready]").waitFor();
  },
  click: ({ selector, options }) => page.locator(selector).first().click(options),
  double: ({ selector, options }) => page.locator(selector).first().dblclick(options),
  hover: ({ selector, options }) => page.locator(selector).first().hover(options),
  fill: ({ selector, text }) => page.locator(selector).fill(text),
  choose: ({ selector, text }) => page.locator(selector).first().selectOption(text),
  press: ({ key }) => page.keyboard.press(key),
  see: ({ selector, text }) => page.locator(selector).filter({ hasText: text ?? "" }).first().waitFor(),
  text: ({ selector }) => page.locator(selector).first().innerText(),
  texts: ({ selector }) => page.locator(selector).allInnerTexts(),
  evaluate: ({ script }) => page.evaluate(script),
  // Not by `waitForFunction`: that would evaluate a text inside of the page, which its policy forbids.
  async until({ script }) {
    for (const end = Date.now() + 30_000; !(await page.evaluate(script)); await page.waitForTimeout(20)) {
      if (Date.now() > end) throw new Error("it does not become true");
    }
  },
  media: ({ options }) => page.emulateMedia(options),
  async drag({ from, to }) {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 5 });
    await page.mouse.up();
  },
  async wheel({ at, by, key }) {
    await page.mouse.move(...at);
    if (key) await page.keyboard.down(key);
    await page.mouse.wheel(...by);
    if (key) await page.keyboard.up(key);
  },
  picture: ({ path }) => page.screenshot({ path }).then(() => null),
  pdf: async () => (await page.pdf()).length,
  seen: () => seen,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await actions[action](rest)) ?? null };
  } catch (error) {
    answer = { error: `${action} ${JSON.stringify(rest).slice(0, 200)}: ${error.message.slice(0, 600)}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
