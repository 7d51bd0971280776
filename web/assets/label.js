/* label.js - checks a signed label on the visitor's own device (WebCrypto Ed25519); nothing leaves it. docs/formats/label.md. */
(function () {
	"use strict";
	var form = document.querySelector("[data-label-key]"), said = form.querySelector("[data-label-said]"), here = form.querySelector("[data-label-here]");

	function bytes(base64) {
		return Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), function (c) { return c.charCodeAt(0); });
	}

	/* A link of path and 8030 alone, or an element string with 8030 at its end: what labels of this platform are. */
	function parts(text) {
		var m = /^https?:\/\/[^/?#]+((?:\/\d{2,4}\/[^/?#]+)+)\?8030=([A-Za-z0-9_-]{86})$/.exec(text), e;
		if (m) {
			e = m[1].slice(1).split("/");
			for (var i = 0, out = ""; i < e.length; i += 2) out += "(" + e[i] + ")" + decodeURIComponent(e[i + 1]).replace(/\(/g, "\\(");
			return { said: out, mark: m[2] };
		}
		m = /^((?:\(\d{2,4}\)(?:[^(]|\\\()+)+)\(8030\)([A-Za-z0-9_-]{86})$/.exec(text);
		return m && { said: m[1], mark: m[2] };
	}

	function tell(word) { said.textContent = said.getAttribute("data-" + word); }

	/* base64 of 64 bytes has four spare bits at its end: they have to be zero, or a second spelling would pass */
	function check() {
		var p, raw = bytes(form.getAttribute("data-label-key").split("+").slice(2).join("+")).slice(1);
		try { p = parts(form.elements.text.value.trim()); } catch (x) { p = null; }
		if (!p) { tell("none"); return; }
		if ("AQgw".indexOf(p.mark[85]) < 0) { tell("bad"); return; }
		crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]).then(function (key) {
			return crypto.subtle.verify("Ed25519", key, bytes(p.mark), new TextEncoder().encode(p.said));
		}).then(function (ok) { tell(ok ? "good" : "bad"); }, function () { tell("cannot"); });
	}

	if (!window.crypto || !crypto.subtle) { tell("cannot"); return; }
	here.hidden = false;
	here.addEventListener("click", check);
}());
