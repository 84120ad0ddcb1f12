// What an organiser does in a browser, from the order to the end, on a telephone's screen.
import { strict as assert } from "node:assert";
import { ask, look, passed, visit } from "./browser.mjs";

const [base, day, time] = process.argv.slice(2);

/// With the keyboard alone, to the element of that id.
async function tabTo(page, id) {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${id} is not reached by Tab`);
}

async function retype(page, id, text) {
  await tabTo(page, id);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

// ── an order with the keyboard alone, by somebody whom nobody knows ──
const page = await visit();
await page.goto(base);
await look(page, "order");
const [year, month, date] = day.split("-");
await tabTo(page, "day");
await page.keyboard.type(`${month}${date}${year}`);
await tabTo(page, "time");
const [hour, minute] = time.split(":").map(Number);
const twelve = [hour % 12 || 12, minute].map((part) => String(part).padStart(2, "0")).join("");
await page.keyboard.type(`${twelve}${hour < 12 ? "AM" : "PM"}`);
await retype(page, "minutes", "30");
await retype(page, "people", "1");
await retype(page, "phone", "+420606111222");
await page.locator("#free", { hasText: `conf ${date}${month} ${time.replace(":", "")} 30 1` }).waitFor();
await tabTo(page, "submit");
await page.keyboard.press("Enter");
await page.locator("#people-error").waitFor();
assert.equal(await page.evaluate(() => document.activeElement.id), "people", "the wrong field has the focus");
assert.equal(await page.inputValue("#phone"), "+420606111222", "the rest is kept");
await look(page, "order-fault");
await page.keyboard.press("Control+A");
await page.keyboard.type("2");
await tabTo(page, "submit");
await page.keyboard.press("Enter");

// ── the code ──
await page.waitForURL("**/sign-in/code");
await look(page, "code");
const code = await ask("code");
await page.keyboard.type(code === "000000" ? "111111" : "000000");
await page.keyboard.press("Enter");
await page.locator("#code-error").waitFor();
await page.keyboard.type(code);
await page.keyboard.press("Enter");
await page.waitForURL(/ordered=1$/);
await page.getByText("Booked.").waitFor();
await look(page, "ordered");
const number = page.url().match(/conferences\/(\d+)/)[1];

// ── the codes on demand, a caller with them, the live room ──
assert.ok(!(await page.content()).includes("Organiser's password"));
await page.getByRole("button", { name: "Show PIN and password" }).click();
const shared = (await page.locator("#codes code").nth(1).textContent()).replace("#", "");
await look(page, "codes");
await page.fill("#contact", "606 777 888");
await page.getByRole("button", { name: "Invite" }).click();
await page.getByText("The invitation is on its way.").waitFor();
const pin = await ask("guest");
assert.notEqual(pin, shared, "a guest's PIN is their own");
assert.equal(await ask(`caller ${number} ${pin}`), "calls");
await page.getByRole("link", { name: "Who is inside" }).click();
// It comes by itself.
await page.locator("#live", { hasText: "+420…888" }).waitFor({ timeout: 60_000 });
// And when the conference begins, the caller is in.
await page.locator("#live", { hasText: "1 / 2" }).waitFor({ timeout: 120_000 });
await page.locator("#live", { hasText: "speaks" }).waitFor();
await look(page, "live");
await page.getByRole("button", { name: "Mute +420…888" }).click();
await page.locator("#live li", { hasText: "muted" }).waitFor();
await page.getByRole("button", { name: "Let speak +420…888" }).click();
await page.getByRole("button", { name: "Mute +420…888" }).waitFor();
await page.getByRole("button", { name: "Lecture" }).click();
await page.locator("#live", { hasText: "Lecture: only the organiser speaks" }).waitFor();
await page.getByRole("button", { name: "Let everybody speak" }).click();
await page.getByRole("button", { name: "Lock", exact: true }).click();
await page.locator("#live", { hasText: "Locked." }).waitFor();
const ends = async () => (await page.locator("#live").textContent()).match(/Ends at (\d\d:\d\d)/)[1];
const before = await ends();
await page.getByRole("button", { name: "Extend" }).click();
for (let looks = 0; (await ends()) === before; looks += 1) {
  assert.ok(looks < 100, "the end moves");
  await page.waitForTimeout(200);
}
await page.getByRole("button", { name: "Drop +420…888" }).click();
await page.locator("#live", { hasText: "Nobody is here." }).waitFor();
await look(page, "live-empty");
await page.goto(`${base}/conferences/${number}`);
await page.getByText("Who called, and what it cost").waitFor();
// The edge's record is on its way, and its price.
for (let looks = 0; !(await page.locator("tr", { hasText: /888.*\d\.\d{4}/ }).count()); looks += 1) {
  assert.ok(looks < 60, "the call is on the statement");
  await page.waitForTimeout(500);
  await page.reload();
}
await page.getByRole("button", { name: "Take back the PIN of +420…888" }).click();
await page.locator("li", { hasText: "taken back" }).waitFor();
await look(page, "statement");

// ── a full slot is answered with offers, and one is taken ──
async function order(at, people) {
  await page.goto(base);
  await page.fill("#day", at);
  await page.fill("#time", "10:00");
  await page.fill("#people", String(people));
  await page.click("#submit");
}
const tomorrow = await ask("tomorrow");
await order(tomorrow, 10);
await page.waitForURL(/ordered=1$/);
await order(tomorrow, 10);
await page.waitForURL("**/offers");
await look(page, "offers");
await page.getByRole("button", { name: "Take 1" }).click();
await page.waitForURL(/ordered=1$/);
const offered = page.url().match(/conferences\/(\d+)/)[1];

// ── changed, repeated, cancelled ──
await page.getByText("Change time, length or people").click();
await page.fill("#people", "4");
await look(page, "change");
await page.getByRole("button", { name: "Change", exact: true }).click();
await page.getByText("4 people").waitFor();
await page.getByText("Repeat every week").click();
await page.selectOption("#weeks", "2");
await page.getByRole("button", { name: "Order", exact: true }).click();
await page.locator("li", { hasText: "booked" }).nth(1).waitFor();
await look(page, "weekly");
await page.goto(`${base}/c/${offered}`);
await page.getByText("Cancel the conference").click();
await page.getByRole("button", { name: "Yes, cancel it" }).click();
await page.locator("dd", { hasText: "cancelled" }).waitFor();
await page.goto(`${base}/conferences?lang=cs`);
assert.equal(await page.locator("html").getAttribute("lang"), "cs");
await look(page, "conferences-cs");
await page.goto(base);
await look(page, "order-cs");
await page.getByRole("button", { name: "Odhlásit" }).click();
await page.goto(`${base}/conferences/${offered}`);
await page.waitForURL(/sign-in\?next=/);
await look(page, "sign-in-cs");

// ── another browser: a link by e-mail, without JavaScript ──
const plain = await visit({ javaScriptEnabled: false });
await plain.goto(base);
await plain.fill("#day", tomorrow);
await plain.fill("#time", "15:00");
await plain.fill("#people", "3");
await plain.fill("#email", "jana@example.com");
await plain.getByRole("button", { name: "Look again" }).click();
await plain.locator(".slots .now", { hasText: "15:00" }).waitFor();
await plain.locator("button[data-time='15:30']").click();
assert.equal(await plain.inputValue("#time"), "15:30");
assert.equal(await plain.inputValue("#email"), "jana@example.com");
await plain.click("#submit");
await plain.waitForURL("**/sign-in/sent");
await plain.goto(await ask("link"));
await plain.locator("main button").click();
await plain.waitForURL(/ordered=1$/);
const foreign = await plain.goto(`${base}/conferences/${number}`);
assert.equal(foreign.status(), 404, "somebody else's conference");

await passed();
