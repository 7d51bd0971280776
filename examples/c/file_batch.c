/* file_batch.c - files a product and a batch with its test report, orders codes, scans one, keeps the receipt.
 *
 *   cc -std=c11 -Wall -Wextra -o file_batch file_batch.c -lcurl
 *   SUYUAN_TOKEN=sy_... ./file_batch https://suyuan.example.com report.pdf receipt.txt
 *
 * Every POST carries an Idempotency-Key: started again with the same number it does nothing twice.
 */
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer { char *text; size_t n; long status; };

static void stop(const char *what, const char *about)
{
	fprintf(stderr, "file_batch: %s: %s\n", what, about ? about : "");
	exit(1);
}

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
	struct answer *a = ctx;
	char *grown = realloc(a->text, a->n + size * n + 1);

	if (!grown)
		return 0;
	a->text = grown;
	memcpy(a->text + a->n, p, size * n);
	a->n += size * n;
	a->text[a->n] = 0;
	return size * n;
}

static struct curl_slist *header(struct curl_slist *list, const char *name, const char *value)
{
	char line[600];

	snprintf(line, sizeof(line), "%s: %s", name, value);
	return curl_slist_append(list, line);
}

/* body NULL: GET. Stops the program when the server refuses, with the server's own words. */
static char *ask(const char *base, const char *path, const char *type, const void *body, size_t n, const char *key)
{
	CURL *c = curl_easy_init();
	struct curl_slist *headers = NULL;
	struct answer a = { NULL, 0, 0 };
	char url[1000], bearer[500];
	CURLcode e;

	if (!c)
		stop("libcurl", "no memory");
	snprintf(url, sizeof(url), "%s%s", base, path);
	snprintf(bearer, sizeof(bearer), "Bearer %s", getenv("SUYUAN_TOKEN"));
	headers = header(headers, "Accept", "application/json");
	headers = header(headers, "Authorization", bearer);
	if (body) {
		headers = header(headers, "Content-Type", type);
		headers = header(headers, "Idempotency-Key", key);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)n);
	}
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
	e = curl_easy_perform(c);
	if (e)
		stop(url, curl_easy_strerror(e));
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a.status);
	if (a.status >= 400)
		stop(url, a.text);              /* problem+json: type, zh, en, and every field at fault in errors */
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return a.text ? a.text : calloc(1, 1);
}

/* A text member of a flat answer. Enough for ids and verdicts; use a JSON library for more. */
static char *member(const char *json, const char *name)
{
	char mark[80], *value;
	const char *at, *end;

	snprintf(mark, sizeof(mark), "\"%s\":\"", name);
	at = strstr(json, mark);
	end = at ? strchr(at + strlen(mark), '"') : NULL;
	if (!end)
		stop("not in the answer", name);
	at += strlen(mark);
	value = calloc(1, (size_t)(end - at) + 1);
	return value ? memcpy(value, at, (size_t)(end - at)) : NULL;
}

static char *post(const char *base, const char *path, const char *key, const char *format, ...)
{
	char body[4000];
	va_list args;

	va_start(args, format);
	vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	return ask(base, path, "application/json", body, strlen(body), key);
}

int main(int argc, char **argv)
{
	static char report[8 << 20];
	const char *base = argc == 4 ? argv[1] : NULL;
	FILE *in = base ? fopen(argv[2], "rb") : NULL, *out;
	size_t n = in ? fread(report, 1, sizeof(report), in) : 0;
	char *product, *file, *batch, *pack, *code, *scan, *receipt, path[300];

	if (!n || !getenv("SUYUAN_TOKEN"))
		stop("SUYUAN_TOKEN=sy_... file_batch URL REPORT.pdf RECEIPT", "a report of at most 8 MB is needed");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	product = member(post(base, "/v1/products", "example-c-product-1",
		"{\"product_name\":\"重要用途钢丝绳\",\"product_type\":\"steel_wire_ropes_01\",\"specification_model\":\"6×19S+IWR-16-1870\","
		"\"warranty_period\":\"不涉及\",\"mandatory_national_standard\":[\"无适用的强制性国家标准\"],\"standard_applied\":[\"GB/T 20118-2017\"],"
		"\"licence_or_ccc_certificate_no\":\"(苏)XK05-005-00001\",\"manual_or_warning\":\"不涉及\"}"), "id");
	file = member(ask(base, "/v1/files", "application/pdf", report, n, "example-c-report-1"), "file");
	batch = member(post(base, "/v1/batches", "example-c-batch-1",
		"{\"product\":\"%s\",\"trace_code\":\"platform\",\"production_date\":\"2026-11-01\",\"factory_batch_or_serial_no\":\"C-20261101\","
		"\"inspection_report\":\"%s\",\"report_kind\":[\"factory\"],\"report_no\":\"R-C-1\",\"report_date\":\"2026-11-01\","
		"\"report_issuer\":\"本厂检验室\",\"report_conclusion\":\"合格\",\"withhold\":[\"inspection_report\"]}", product, file), "id");
	pack = member(post(base, "/v1/packs", "example-c-pack-1", "{\"batch\":\"%s\",\"grain\":[\"item\"],\"count\":100}", batch), "id");
	snprintf(path, sizeof(path), "/v1/packs/%s/codes", pack);
	code = ask(base, path, NULL, NULL, 0, NULL);
	code[strcspn(code, "\r\n")] = 0;        /* one a line; the first will do */
	snprintf(path, sizeof(path), "/c/%s", code);
	scan = ask(base, path, NULL, NULL, 0, NULL);
	printf("product %s\nbatch %s\ncode %s\nverdict %s\n", product, batch, code, member(scan, "verdict"));
	snprintf(path, sizeof(path), "/v1/receipts/%s", batch);
	receipt = ask(base, path, NULL, NULL, 0, NULL);
	out = fopen(argv[3], "wb");
	if (!out || fputs(receipt, out) == EOF || fclose(out))
		stop("cannot write", argv[3]);
	return 0;
}
