/* Opens a page in the distribution's browser, with some answers of the server changed on the way, and says what the panel of proofs said.
 *   node browser.js '{"url": ..., "steps": [{"change": {"/log/receipt/": ["from", "to"]}, "script": true, ...}]}'
 * One browser context for all steps, so that what the page remembers is there in the next one. Prints one JSON line a step. */
"use strict";
const { chromium } = require("playwright-core");
const { steps, args } = JSON.parse(process.argv[2]);

async function pass(route, step) {
	const path = new URL(route.request().url()).pathname;
	for (const [start, change] of Object.entries(step.change || {}))
		if (path.startsWith(start)) {
			if (change.status) return route.fulfill({ status: change.status, body: change.body || "" });
			if (change.cut) return route.abort();
			const r = await route.fetch(), text = await r.text(), made = change.body !== undefined ? change.body : text.replace(change.from, change.to);
			if (made === text) throw new Error("nothing to change in " + path);
			return route.fulfill({ response: r, body: made });
		}
	return route.continue();
}

(async () => {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", ...(args || [])] });
	const contexts = {};
	for (const step of steps) {
		const name = JSON.stringify([step.who || "", step.script !== false, step.lang || "zh-CN", step.dark || false]);
		const context = contexts[name] = contexts[name] || await browser.newContext({ javaScriptEnabled: step.script !== false, locale: step.lang || "zh-CN",
			viewport: { width: step.width || 390, height: 844 }, colorScheme: step.dark ? "dark" : "light" });
		const page = await context.newPage(), errors = [];
		page.on("pageerror", e => errors.push(e.message));
		page.on("console", m => { if (/Content Security Policy/.test(m.text())) errors.push(m.text()); });
		if (step.before) await page.addInitScript(step.before);
		await page.route("**/*", route => pass(route, step).catch(e => { errors.push(e.message); return route.abort(); }));
		await page.goto(step.url);
		const panel = page.locator("[data-proof]");
		if (step.script !== false) await page.waitForFunction(() => !["off", "busy"].includes(document.querySelector("[data-proof]").dataset.state), null, { timeout: 20000 });
		if (step.press) {
			await page.locator(step.press).click();
			await page.waitForFunction(() => document.querySelector("[data-proof]").dataset.state === "good", null, { timeout: 20000 });
		}
		if (step.shot) await page.screenshot({ path: step.shot, fullPage: true });
		const out = { state: await panel.getAttribute("data-state"), said: await page.locator("[data-proof-said]").innerText(), errors,
			note: await page.locator("[data-proof-note]").textContent(), compared: await page.locator("[data-proof-more] p").textContent(),
			color: await page.locator("[data-proof-said]").evaluate(e => getComputedStyle(e).color).catch(() => ""),
			wide: await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth).catch(() => false) };
		console.log(JSON.stringify(out));
		await page.close();
	}
	await browser.close();
})().catch(e => { console.error(e); process.exit(1); });
