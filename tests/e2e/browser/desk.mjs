// The operators' desk in a browser: signing in by the company's directory, then every page.
import { strict as assert } from "node:assert";
import { ask, look, passed, visit } from "./browser.mjs";
import { provider } from "./provider.mjs";

const directory = await provider();
const base = await ask(`konf ${directory.port}`);
directory.open(`${base}/desk/oidc/return`);

async function signIn(name) {
  const page = await visit();
  await page.goto(`${base}/desk`);
  await look(page, "desk-sign-in");
  await page.getByRole("link", { name: "Sign in with the company's account" }).click();
  await page.fill("input[name=login]", name);
  await page.fill("input[name=password]", "any");
  await page.click("button[type=submit]");
  // What Konf learns of somebody has to be allowed.
  await page.getByRole("button", { name: "Continue" }).click();
  return page;
}

// ── somebody of another group, and one who was never at the provider ──
const stranger = await signIn("marketa");
await stranger.getByText("You are oidc:marketa, who may not use the desk.").waitFor();
await look(stranger, "desk-refused");
await stranger.goto(`${base}/desk/oidc/return?code=x&state=y`);
await stranger.getByText("was not begun in this browser").waitFor();
await stranger.goto(`${base}/desk`);
await stranger.locator("#password").waitFor();

// ── an operator ──
const page = await signIn("desk-jana");
await page.waitForURL(`${base}/desk`);
await page.getByText("oidc:desk-jana").waitFor();
const addresses = await page.locator("nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
assert.ok(addresses.length >= 7, `an operator has ${addresses.length} pages`);
assert.ok(!addresses.includes("/desk/operators"), "who may sign in is an administrator's business");
const number = await ask("number");
for (const language of ["en", "cs"]) {
  for (const address of [...addresses, `/desk/search?q=${number}`]) {
    await page.goto(`${base}${address}${address.includes("?") ? "&" : "?"}lang=${language}`);
    await look(page, `desk${address.replace(/\/desk|\?.*/g, "").replaceAll("/", "-")}-${language}`);
  }
}

// ── what is live comes by itself ──
await page.goto(`${base}/desk/requests?lang=en`);
await page.evaluate(() => { window.wasHere = true; });
await ask("request");
await page.locator("main", { hasText: "…444" }).waitFor();
assert.ok(await page.evaluate(() => window.wasHere), "the page was loaded anew");
await page.getByRole("button", { name: "Sign out" }).click();
await page.locator("#password").waitFor();
await passed();
