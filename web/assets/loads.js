/* loads.js - big tables go up in pieces, and go on where they stopped. Without it a table goes up whole, as any file of a form. */
(function () {
	"use strict";
	var WHOLE = 16 * 1048576, PIECE = 4 * 1048576, STEP = 65536, TRIES = 6, WAIT_MS = 1000;
	var form = document.querySelector("form[data-table], form[data-resume]");
	if (!form || !window.fetch || !window.Promise) return;
	var box = form.querySelector("[data-sending]"), bar = box.querySelector("progress"), told = box.querySelector("[data-sent]");
	var failed = box.querySelector("[data-failed]");

	function megabytes(n) { return (n / 1048576).toFixed(1) + " MB"; }
	function show(at, size) {
		box.hidden = false;
		failed.hidden = true;
		bar.value = size ? at * 100 / size : 0;
		told.textContent = megabytes(at) + " / " + megabytes(size);
	}
	function post(path, body, type) {
		var headers = { "Accept": "application/json", "X-CSRF": form.elements.csrf.value };
		if (type) headers["Content-Type"] = type;
		return fetch(path, { method: "POST", headers: headers, body: body, credentials: "same-origin" }).then(function (r) {
			return r.json().then(function (o) {
				if (r.ok) return o;
				throw { status: r.status, words: document.documentElement.lang === "en" ? o.en : o.zh, errors: o.errors || [] };
			});
		});
	}
	/* The same piece at the same place may go twice: what is lost on the way is sent again. */
	function piece(id, file, at, tries) {
		return post("/v1/loads/" + id + "/data?at=" + at, file.slice(at, at + PIECE), "application/octet-stream").catch(function (why) {
			if (tries <= 1 || (why.status && why.status < 500 && why.status !== 429)) throw why;
			return new Promise(function (go) { setTimeout(go, WAIT_MS * (TRIES - tries + 1)); }).then(function () { return piece(id, file, at, tries - 1); });
		});
	}
	function pieces(id, file, at) {
		show(at, file.size);
		if (at >= file.size)
			return post("/v1/loads/" + id + "/check", "{}", "application/json").then(function () { window.location.href = "/ui/loads/" + id; });
		return piece(id, file, at, TRIES).then(function () { return pieces(id, file, Math.min(at + PIECE, file.size)); });
	}
	function gave_up(why) {
		delete form.dataset.sent;
		form.querySelector("[type=submit]").disabled = false;
		if (why && why.words) failed.textContent = [why.words].concat((why.errors || []).map(function (e) {
			return document.documentElement.lang === "en" ? e.en : e.zh;
		})).join(" · ");
		box.hidden = false;
		failed.hidden = false;
	}

	form.addEventListener("submit", function (e) {
		var file = form.elements.table.files[0], resumed = form.getAttribute("data-resume"), sent = +form.getAttribute("data-size"), begun, data;
		if (!file || (!resumed && file.size <= WHOLE)) return;
		e.preventDefault();
		form.querySelector("[type=submit]").disabled = true;
		if (resumed) {
			begun = Promise.resolve({ id: resumed });
			sent = sent > file.size ? 0 : sent - sent % STEP;
		} else {
			sent = 0;
			data = new FormData(form);
			data.delete("table");
			data.append("table_name", file.name);
			begun = post(form.getAttribute("action"), data);
		}
		show(sent, file.size);
		begun.then(function (load) {
			form.setAttribute("data-resume", load.id);      /* a second try goes on with the same load */
			return pieces(load.id, file, sent);
		}).catch(gave_up);
	});
}());
