/* app.js - small comforts; every page works without it. */
(function () {
	"use strict";
	var doc = document;

	doc.documentElement.classList.add("js");

	/* data-copy: put that text on the clipboard and say so for a moment */
	doc.addEventListener("click", function (e) {
		var b = e.target.closest("[data-copy], [data-print]");
		if (!b) return;
		if (b.hasAttribute("data-print")) { window.print(); return; }
		if (!navigator.clipboard) return;
		navigator.clipboard.writeText(b.getAttribute("data-copy")).then(function () {
			var was = b.textContent;
			b.textContent = "✓";
			setTimeout(function () { b.textContent = was; }, 1200);
		});
	});

	/* data-confirm: ask first; and never send a form twice by impatience (data-again: its answer is a file, the page stays) */
	doc.addEventListener("submit", function (e) {
		var form = e.target, ask = form.getAttribute("data-confirm");
		if (form.dataset.sent || (ask && !window.confirm(ask))) { e.preventDefault(); return; }
		if (form.method.toLowerCase() === "post" && !form.hasAttribute("data-again")) form.dataset.sent = "1";
	});
	/* data-lines: how many different lines are in the box, for who scans without looking */
	doc.querySelectorAll("[data-lines]").forEach(function (box) {
		var out = doc.getElementById(box.getAttribute("data-lines"));
		function count() {
			var seen = new Set(box.value.split("\n").map(function (s) { return s.trim(); }).filter(Boolean));
			out.textContent = seen.size ? seen.size + " " + out.getAttribute("data-unit") : "";
		}
		box.addEventListener("input", count);
		count();
	});
	window.addEventListener("pageshow", function () {
		doc.querySelectorAll("form[data-sent]").forEach(function (f) { delete f.dataset.sent; });
	});
}());
