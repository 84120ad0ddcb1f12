// What the tests in a browser share: Debian's Chromium, pages that fail when it complains, pictures, and questions to the
// Rust test that started them (a line `ASK what` on standard output, a line on standard input).
import { createInterface } from "node:readline";
import { strict as assert } from "node:assert";
import { chromium } from "playwright-core";
import axe from "axe-core";

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const shots = process.env.KONF_SHOTS;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(what) {
  console.log(`ASK ${what}`);
  const { value } = await lines.next();
  assert.ok(value, `an answer to ${what}`);
  return value;
}

process.on("uncaughtException", async (error) => {
  console.error(error);
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    console.error(page.url(), await page.innerText("body").catch(String));
  }
  process.exit(1);
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    // The fields of a date are in this language's order, whatever the page's is.
    "--lang=en-US"],
});

/// A page in which anything that the browser complains of, such as a blocked script, fails the test.
const complaints = [];
export async function visit(options = {}) {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Prague", viewport: PHONE, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    // The directory's own pages, where somebody signs in.
    if (new URL(page.url()).pathname.startsWith("/interaction/")) return;
    const status = /status of (401|403|404|409|410|422|429)/.test(message.text());
    if (message.type() === "error" && !status) complaints.push(`${page.url()}: ${message.text()}`);
  });
  return page;
}

/// No fault by WCAG 2.2 AA, nothing wider than the screen.
export async function look(page, name) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  const faults = found.violations.map((fault) =>
    `${fault.id}: ${fault.help}: ${fault.nodes.map((node) => node.html).join(" | ")}`);
  assert.deepEqual(faults, [], `${name} (${page.url()})`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} is wider than the screen by ${wide}`);
  if (shots) await picture(page, name);
}

async function picture(page, name) {
  const address = page.url();
  for (const [width, viewport] of [["360", PHONE], ["1280", DESK]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(PHONE);
  assert.equal(page.url(), address);
}

/// The end of a test that has passed.
export async function passed() {
  assert.deepEqual(complaints, []);
  await browser.close();
  console.log("PASSED");
  process.exit(0);
}
