// Files a product and a batch with its test report, orders codes, scans one, keeps the receipt. Node 18 or newer, nothing to install.
//
//   SUYUAN_TOKEN=sy_... node file_batch.mjs https://suyuan.example.com report.pdf receipt.txt
//   SUYUAN_LOGIN=... SUYUAN_PASSWORD=... node file_batch.mjs ...      logs in instead
import { readFile, writeFile } from "node:fs/promises";

const [base, report, receipt] = process.argv.slice(2);
let token = process.env.SUYUAN_TOKEN;

class Refused extends Error {
	constructor(path, problem) {
		const fields = (problem.errors ?? []).map((e) => `  ${e.field} (${e.clause}): ${e.zh}`);
		super([`${path}: ${problem.status} ${problem.type}: ${problem.zh}`, ...fields].join("\n"));
		this.problem = problem;
	}
}

// What did not arrive is sent again as it was: the key makes sure that nothing is done twice.
async function ask(path, { body, type, key, tries = 3 } = {}) {
	const headers = { Accept: "application/json" };
	if (token) headers.Authorization = `Bearer ${token}`;
	if (body) headers["Content-Type"] = type ?? "application/json";
	if (key) headers["Idempotency-Key"] = key;
	try {
		const answer = await fetch(base + path, { method: body ? "POST" : "GET", headers, body, signal: AbortSignal.timeout(60_000) });
		if (answer.status === 429 || answer.status === 503) throw new Error(`busy: ${answer.status}`);
		if (!answer.ok) throw new Refused(path, await answer.json());
		return answer.headers.get("Content-Type").startsWith("application/json") ? answer.json() : answer.text();
	} catch (why) {
		if (why instanceof Refused || tries <= 1) throw why;
		await new Promise((go) => setTimeout(go, 2000));
		return ask(path, { body, type, key, tries: tries - 1 });
	}
}

const post = (path, key, fields) => ask(path, { body: JSON.stringify(fields), key });

async function main() {
	if (!receipt) throw new Error("usage: SUYUAN_TOKEN=sy_... node file_batch.mjs URL REPORT.pdf RECEIPT");
	if (!token)
		({ token } = await post("/v1/sessions", undefined, { login: process.env.SUYUAN_LOGIN, password: process.env.SUYUAN_PASSWORD }));
	const product = await post("/v1/products", "example-node-product-1", {
		product_name: "重要用途钢丝绳",
		product_type: "steel_wire_ropes_01",
		specification_model: "6×19S+IWR-18-1870",
		warranty_period: "不涉及",
		mandatory_national_standard: ["无适用的强制性国家标准"],
		standard_applied: ["GB/T 20118-2017"],
		licence_or_ccc_certificate_no: "(苏)XK05-005-00001",
		manual_or_warning: "不涉及",
	});
	const { file } = await ask("/v1/files", { body: await readFile(report), type: "application/pdf", key: "example-node-report-1" });
	const batch = await post("/v1/batches", "example-node-batch-1", {
		product: product.id,
		trace_code: "platform",
		production_date: "2026-11-01",
		factory_batch_or_serial_no: "N-20261101",
		inspection_report: file,
		report_kind: ["factory"],
		report_no: "R-N-1",
		report_date: "2026-11-01",
		report_issuer: "本厂检验室",
		report_conclusion: "合格",
		withhold: ["inspection_report"],
	});
	const pack = await post("/v1/packs", "example-node-pack-1", { batch: batch.id, grain: ["item"], count: 100 });
	const [code] = (await ask(`/v1/packs/${pack.id}/codes`)).split("\n");
	const scan = await ask(`/c/${code}`);
	console.log(`product ${product.id}\nbatch ${batch.id}\ncode ${code}\nverdict ${scan.verdict}`);
	await writeFile(receipt, await ask(`/v1/receipts/${batch.id}`));
}

main().catch((why) => {
	console.error(why.message);
	process.exitCode = 1;
});
