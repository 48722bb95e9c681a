// why: its text is sent elsewhere
await page.evaluate(() => document.title.trim());
await this.page.evaluate(async function () { return [1].map((n) => print(n)); });
await page.$$eval("a", (all) => all.map((a) => a.getHref()));
await driver.executeScript(function () { return print(document.title); });
