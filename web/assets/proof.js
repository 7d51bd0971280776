/* proof.js - checks the scan page on the visitor's own device, with WebCrypto alone: are the fields shown those a record committed to, is that
 * record in the log, is the log's head signed by the key this device knows? Formats: docs/formats/log.md, docs/formats/record.md.
 *
 * The page says what to compare: [data-proof] the panel with its sentences, [data-proof-record="TYPE"][data-index] each record,
 * [data-field="TYPE.FIELD"] what is shown of it ("TYPE.@o" is the organisation in the leaf itself).
 */
(function () {
	"use strict";
	const panel = document.querySelector("[data-proof]"), memory = "suyuan-log", subtle = window.crypto && window.crypto.subtle;
	if (!panel) return;

	/* ---- saying it ---- */

	function Bad(word, values) { this.word = word; this.values = values || {}; }

	function words(name, values) {
		return panel.querySelector('[data-say="' + name + '"]').textContent.replace(/\{(\w+)\}/g, (all, key) => key in values ? values[key] : all);
	}

	/* state: "busy", "good", "warn" (not checked), "bad". advice: what to do; compared: what was looked at */
	function tell(state, word, values, advice, compared) {
		const note = panel.querySelector("[data-proof-note]"), more = panel.querySelector("[data-proof-more]");
		panel.setAttribute("data-state", state);
		panel.querySelector("[data-proof-said]").textContent = words(word, values || {});
		note.textContent = advice || "";
		note.hidden = !advice;
		more.querySelector("p").textContent = compared || "";
		more.hidden = !compared;
		panel.querySelector("[data-proof-forget]").hidden = word !== "key";
		if (state === "bad") document.querySelector(".verdict").before(panel);     /* where nobody overlooks it */
	}

	/* ---- bytes and hashes ---- */

	const utf8 = s => new TextEncoder().encode(s);
	const hex = b => Array.from(b, x => x.toString(16).padStart(2, "0")).join("");
	const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

	function join(...parts) {
		const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
		let at = 0;
		for (const p of parts) { out.set(p, at); at += p.length; }
		return out;
	}

	function base64(text) { return Uint8Array.from(atob(text), c => c.charCodeAt(0)); }

	/* Only the one spelling: spare bits at the end would be a second text with the same bytes. */
	function base64url(text) {
		const b = base64(text.replace(/-/g, "+").replace(/_/g, "/"));
		if (btoa(String.fromCharCode(...b)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") !== text) throw new Bad("record");
		return b;
	}

	/* GB/T 32905: browsers do not have it, and fields of a 国密 house are hashed with it. */
	function sm3(m) {
		const turn = (x, n) => x << n | x >>> (32 - n), bits = m.length * 8, padded = new Uint8Array((m.length + 72) >> 6 << 6), view = new DataView(padded.buffer);
		let v = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
		padded.set(m);
		padded[m.length] = 0x80;
		view.setUint32(padded.length - 8, Math.floor(bits / 0x100000000));
		view.setUint32(padded.length - 4, bits >>> 0);
		for (let at = 0; at < padded.length; at += 64) {
			const w = [];
			for (let j = 0; j < 16; j++) w.push(view.getUint32(at + 4 * j));
			for (let j = 16; j < 68; j++) {
				const x = w[j - 16] ^ w[j - 9] ^ turn(w[j - 3], 15);
				w.push(x ^ turn(x, 15) ^ turn(x, 23) ^ turn(w[j - 13], 7) ^ w[j - 6]);
			}
			let [a, b, c, d, e, f, g, h] = v;
			for (let j = 0; j < 64; j++) {
				const early = j < 16, s1 = turn(turn(a, 12) + e + turn(early ? 0x79cc4519 : 0x7a879d8a, j % 32) | 0, 7), s2 = s1 ^ turn(a, 12);
				const t1 = (early ? a ^ b ^ c : (a & b) | (a & c) | (b & c)) + d + s2 + (w[j] ^ w[j + 4]) | 0;
				const t2 = (early ? e ^ f ^ g : (e & f) | (~e & g)) + h + s1 + w[j] | 0;
				[a, b, c, d, e, f, g, h] = [t1, a, turn(b, 9), c, t2 ^ turn(t2, 9) ^ turn(t2, 17), e, turn(f, 19), g];
			}
			v = v.map((x, i) => x ^ [a, b, c, d, e, f, g, h][i]);
		}
		const out = new DataView(new ArrayBuffer(32));
		v.forEach((x, i) => out.setUint32(4 * i, x));
		return new Uint8Array(out.buffer);
	}

	async function sha256(...parts) { return new Uint8Array(await subtle.digest("SHA-256", join(...parts))); }

	const named = { sha256, sm3: async (...parts) => sm3(join(...parts)) };       /* of fields, as `h` of the leaf says */

	/* Root of a list of leaf hashes, split as RFC 6962 does. */
	async function root(hash, leaf) {
		if (leaf.length === 1) return leaf[0];
		let k = 1;
		while (k * 2 < leaf.length) k *= 2;
		return hash([0x11], await root(hash, leaf.slice(0, k)), await root(hash, leaf.slice(k)));
	}

	/* Root from a leaf hash and its path; RFC 9162, 2.1.3.2. Sizes stay below 2^53, so no shifts. */
	async function fold(hash, index, size, path) {
		let at = index, last = size - 1;
		for (const p of path) {
			if (last === 0) throw new Bad("tree");
			if (at % 2 || at === last) {
				hash = await sha256([1], p, hash);
				while (at % 2 === 0 && at !== 0) { at /= 2; last = Math.floor(last / 2); }
			} else {
				hash = await sha256([1], hash, p);
			}
			at = Math.floor(at / 2);
			last = Math.floor(last / 2);
		}
		if (last !== 0) throw new Bad("tree");
		return hash;
	}

	/* ---- the log ---- */

	async function get(path, missing) {
		let r;
		try {
			r = await fetch(path, { credentials: "omit", cache: "no-cache" });
			if (r.ok) return await r.text();
		} catch (x) {
			throw new Bad("net");
		}
		throw new Bad(r.status === 404 && missing ? missing : "net");
	}

	/* name+id+base64(type || key); its own text is kept to know it again */
	async function keyOf(text) {
		const at = text.indexOf("+"), to = text.indexOf("+", at + 1), raw = base64(text.slice(to + 1)), name = text.slice(0, at);
		const id = (await sha256(utf8(name + "\n"), raw)).slice(0, 4);
		if (raw.length !== 33 || raw[0] !== 1 || hex(id) !== text.slice(at + 1, to)) throw new Bad("signature");
		let key = null;
		try {
			key = await subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
		} catch (x) { /* this browser has no Ed25519: said at the end */ }
		return { text, name, id, key };
	}

	async function checkpoint(note, key) {
		const end = note.indexOf("\n\n"), body = note.slice(0, end + 1), line = body.split("\n");
		if (end < 0 || line[0] !== key.name || !/^(0|[1-9]\d{0,14})$/.test(line[1])) throw new Bad("signature");
		const head = { size: Number(line[1]), root: base64(line[2]) };
		if (!key.key) return head;
		for (const s of note.slice(end + 2).split("\n")) {
			const word = s.split(" "), raw = word.length === 3 && word[0] === "—" && word[1] === key.name ? base64(word[2]) : [];
			if (raw.length === 68 && same(raw.slice(0, 4), key.id) && await subtle.verify("Ed25519", key.key, raw.slice(4), utf8(body))) return head;
		}
		throw new Bad("signature");
	}

	/* ---- a record ---- */

	async function slotHash(hash, text) {
		return text[0] === ":" ? base64url(text.slice(1)) : hash([0x10], await hash(utf8(text)));
	}

	/* The fields a receipt shows, after its leaf, path and head were checked. */
	async function record(type, index, key) {
		const text = await get("/log/receipt/" + index, "absent"), end = text.indexOf("\n\n"), line = text.slice(0, end).split("\n");
		if (line[0] !== "c2sp.org/tlog-proof@v1" || !line[1].startsWith("extra ") || line[2] !== "index " + index) throw new Bad("other");
		const head = await checkpoint(text.slice(end + 2), key), extra = JSON.parse(new TextDecoder().decode(base64(line[1].slice(6))));
		const bytes = base64(extra.leaf), leaf = JSON.parse(new TextDecoder().decode(bytes));
		const top = await fold(await sha256([0], bytes), index, head.size, line.slice(3).map(base64));
		if (index >= head.size || !same(top, head.root)) throw new Bad("tree");
		if (leaf.k.split("/")[1] !== type) throw new Bad("other");
		const hash = named[leaf.h];
		if (!hash) throw new Bad("hash");
		if (!extra.slots || extra.slots.length !== leaf.n) throw new Bad("record");
		const hashes = [];
		for (const s of extra.slots) hashes.push(await slotHash(hash, s));
		if (!same(await root(hash, hashes), base64url(leaf.r))) throw new Bad("record");
		const fields = { "@o": leaf.o };
		for (const s of extra.slots)
			if (s[0] !== ":") {
				const said = JSON.parse(new TextDecoder().decode(base64url(s)));
				fields[said[1]] = said[2];
			}
		return { index, at: leaf.a, size: head.size, fields };
	}

	/* ---- the page ---- */

	const plain = s => s.replace(/\s+/g, " ").trim();

	function label(el) {
		const row = el.closest("dl > div"), dt = row && row.querySelector("dt");
		return el.getAttribute("data-label") || (dt ? plain(dt.textContent) : plain(el.textContent));
	}

	/* Everything the page shows of that record has to be in it, letter for letter; the labels of what was compared. */
	function compare(type, fields) {
		const seen = [];
		document.querySelectorAll('[data-field^="' + type + '."]').forEach(el => {
			const said = fields[el.getAttribute("data-field").slice(type.length + 1)], items = Array.from(el.querySelectorAll(".item"), x => plain(x.textContent));
			const shown = items.length ? items : [plain(el.textContent)];
			const want = (Array.isArray(said) ? said : [said]).map(x => plain(String(x)));
			if (said === undefined && el.getAttribute("data-field").endsWith(".@o")) return;
			if (said === undefined || shown.join("\n") !== want.join("\n")) throw new Bad("field", { what: label(el) });
			if (!seen.includes(label(el))) seen.push(label(el));
		});
		return seen;
	}

	function chinaDay(at) { return new Date(Date.parse(at) + 8 * 3600000).toISOString().slice(0, 10); }

	/* ---- what this device remembers of the log ---- */

	function remembered() {
		try { return JSON.parse(localStorage.getItem(memory)); } catch (x) { return null; }
	}

	function remember(key, head) {
		try { localStorage.setItem(memory, JSON.stringify({ vkey: key.text, size: head.size, root: hex(head.root) })); } catch (x) { /* private window */ }
	}

	/* ---- all of it ---- */

	async function check() {
		const key = await keyOf((await get("/log/vkey")).split("\n")[0]), before = remembered();
		if (before && before.vkey !== key.text) throw new Bad("key");
		const head = await checkpoint(await get("/log/checkpoint"), key);
		if (before && (head.size < before.size || (head.size === before.size && hex(head.root) !== before.root))) throw new Bad("fork");
		const records = [], labels = [];
		for (const el of document.querySelectorAll("[data-proof-record]")) {
			const type = el.getAttribute("data-proof-record");
			if (!document.querySelector('[data-field^="' + type + '."]')) continue;
			const r = await record(type, Number(el.getAttribute("data-index")), key);
			labels.push(...compare(type, r.fields));
			records.push(r);
		}
		if (!records.length || !labels.length) { tell("warn", "nothing"); return; }
		const list = x => Array.from(new Set(x)).join(words("and", {}));
		const note = words("note", { n: labels.length, what: list(labels) });
		if (!key.key) { tell("warn", "noed", {}, "", note); return; }
		remember(key, head);
		tell("good", "good", { date: list(records.map(r => chinaDay(r.at))), index: list(records.map(r => r.index)), size: head.size }, "", note);
	}

	function run() {
		tell("busy", "busy");
		check().catch(x => {
			const bad = x instanceof Bad ? x : new Bad("record"), calm = bad.word === "net" || bad.word === "hash";
			tell(calm ? "warn" : "bad", bad.word, bad.values, calm ? "" : words(bad.word === "key" || bad.word === "fork" ? "advice-log" : "advice", {}));
		});
	}

	panel.querySelector("[data-proof-forget]").addEventListener("click", () => {
		try { localStorage.removeItem(memory); } catch (x) { /* nothing was kept */ }
		run();
	});
	if (subtle) run();
	else tell("warn", window.isSecureContext === false ? "insecure" : "nocrypto");
}());
