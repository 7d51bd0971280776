/* grid/xlsx.c - the XML of a package's parts: expat in pieces, pausing whenever a row is complete.
 *
 * The only file that includes expat.h. A part from outside may not declare a document type (so there are no entities), nest deeply, hold
 * an endless tag, or invent names without end: the parser keeps every name it has met. Events may not jump out. Owner: the opener.
 */
#include <expat.h>

#include "inner.h"

enum { DEPTH = 64, TOKEN = 1 << 20, SLOTS = 4096, NAMES = 2000 };

struct xml {
	XML_Parser p;
	struct zip *zip;
	const struct xml_events *on;
	void *ctx;
	unsigned depth;
	bool paused, last, over;
	uint64_t fed;
	enum err trouble;
	struct why why;
	uint64_t seen[SLOTS];   /* attribute names by address (the parser keeps one of each), strange elements by hash; 0: free */
	unsigned names;
};

static void fail(struct xml *x, enum err e, struct why why)
{
	if (!x->trouble) {
		x->trouble = e;
		x->why = why;
	}
	XML_StopParser(x->p, XML_FALSE);
}

/* ---- names ---- */

static void count_name(struct xml *x, uint64_t key)
{
	size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52);

	for (; x->seen[i]; i = (i + 1) % SLOTS)
		if (x->seen[i] == key)
			return;
	if (x->names < NAMES) {         /* so the table never fills */
		x->seen[i] = key;
		x->names++;
	} else {
		fail(x, E_BAD, WHY("文件里的标签名太多，不是正常的表格", "the file uses too many names to be a workbook"));
	}
}

static const char *local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

const char *xml_att(const char **atts, const char *name)
{
	for (; *atts; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

const char *xml_att_prefixed(const char **atts, const char *name)
{
	for (; *atts; atts += 2)
		if (local(atts[0]) != atts[0] && strcmp(local(atts[0]), name) == 0)
			return atts[1];
	return NULL;
}

bool xml_true(const char *v) { return v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0); }

/* ---- events ---- */

static void act(struct xml *x, enum xml_go go)
{
	if (go == XML_GO || go == XML_STRANGE)
		return;
	x->over = go == XML_OVER;
	x->paused = go == XML_PAUSE;
	XML_StopParser(x->p, x->paused);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **atts)
{
	struct xml *x = ctx;
	enum xml_go go;

	if (x->trouble || x->over)
		return;
	if (++x->depth > DEPTH) {
		fail(x, E_BAD, WHY("文件的标签嵌套太深，不是正常的表格", "the file nests too deeply to be a workbook"));
		return;
	}
	for (const char **a = atts; *a; a += 2)
		count_name(x, (uint64_t)(uintptr_t)*a);
	if (x->trouble)
		return;
	go = x->on->start(x->ctx, local(name), atts);
	if (go == XML_STRANGE)
		count_name(x, str_hash(str_of(name), 0) | 1);
	act(x, go);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct xml *x = ctx;

	if (x->trouble || x->over)
		return;
	x->depth--;
	act(x, x->on->end(x->ctx, local(name)));
}

static void XMLCALL on_text(void *ctx, const XML_Char *p, int n)
{
	struct xml *x = ctx;

	if (!x->trouble && !x->over && x->on->text)
		x->on->text(x->ctx, p, (size_t)n);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)subset;
	fail(ctx, E_BAD, WHY("文件里有文档类型声明，表格不该有；不予读取", "the file declares a document type, which no workbook does"));
}

/* ---- running ---- */

enum err xml_open(struct zip *z, const char *part, const struct xml_events *on, void *ctx, struct xml **ret)
{
	struct xml *x;
	enum err e = zip_part(z, part);

	if (e)
		return e;
	x = calloc(1, sizeof(*x));
	if (!x)
		return E_BUSY;
	*x = (struct xml){ .p = XML_ParserCreate(NULL), .zip = z, .on = on, .ctx = ctx };
	if (!x->p) {
		free(x);
		return E_BUSY;
	}
	XML_SetUserData(x->p, x);
	XML_SetElementHandler(x->p, on_start, on_end);
	XML_SetCharacterDataHandler(x->p, on_text);
	XML_SetStartDoctypeDeclHandler(x->p, on_doctype);
	*ret = x;
	return OK;
}

static const struct why broken = { "文件不完整或已损坏；请重新保存后再上传", "the file is incomplete or damaged; save it again" };

/* The next piece into the parser. An unfinished tag is read anew with each piece, so its length is bounded. */
static enum XML_Status feed(struct xml *x)
{
	void *to = XML_GetBuffer(x->p, (int)GRID_PIECE);
	int64_t n = to ? zip_read(x->zip, to, GRID_PIECE) : -1;
	enum XML_Status st;
	XML_Index at;

	if (n < 0) {
		fail(x, to ? E_CORRUPT : E_BUSY, broken);
		return XML_STATUS_ERROR;
	}
	x->fed += (uint64_t)n;
	x->last = n == 0;
	st = XML_ParseBuffer(x->p, (int)n, x->last);
	at = XML_GetCurrentByteIndex(x->p);
	if (st == XML_STATUS_OK && at >= 0 && x->fed > (uint64_t)at + TOKEN) {
		fail(x, E_BAD, WHY("文件里有过长的标签，不是正常的表格", "the file holds a tag too long for a workbook"));
		return XML_STATUS_ERROR;
	}
	return st;
}

/* What is left of a part counts only for its checksum. */
static enum err drain(struct xml *x)
{
	char buf[4096];
	int64_t n;

	do
		n = zip_read(x->zip, buf, sizeof(buf));
	while (n > 0);
	return n < 0 ? E_CORRUPT : E_ABSENT;
}

enum err xml_run(struct xml *x, struct why *why)
{
	enum XML_Status st = XML_STATUS_OK;

	*why = broken;
	while (!x->trouble && !x->over) {
		if (x->paused) {
			x->paused = false;
			st = XML_ResumeParser(x->p);
		} else if (x->last) {
			return E_ABSENT;
		} else {
			st = feed(x);
		}
		if (x->paused)
			return OK;
		if (st == XML_STATUS_ERROR && !x->over)
			fail(x, E_CORRUPT, broken);
	}
	if (x->over && !x->trouble)
		return x->last ? E_ABSENT : drain(x);
	*why = x->why;
	return x->trouble;
}

void xml_close(struct xml *x)
{
	if (!x)
		return;
	XML_ParserFree(x->p);
	free(x);
}

enum err xml_whole(struct zip *z, const char *part, const struct xml_events *on, void *ctx, struct why *why)
{
	struct xml *x = NULL;
	enum err e = xml_open(z, part, on, ctx, &x);

	if (e) {
		*why = broken;
		return e;
	}
	e = xml_run(x, why);
	xml_close(x);
	return e == E_ABSENT ? OK : e == OK ? E_INTERNAL : e;
}

/* ---- the escape of characters XML has not ---- */

static int32_t escape_at(const char *p, size_t n)
{
	unsigned char b[2];
	int32_t cp;

	if (n < 7 || p[1] != 'x' || p[6] != '_' || !hex_get((struct str){ p + 2, 4 }, b, 2))
		return -1;
	cp = b[0] << 8 | b[1];
	return cp == 0 || (cp >= 0xd800 && cp <= 0xdfff) ? -1 : cp;
}

size_t xml_unescape(char *p, size_t n)
{
	const char *first = n ? memchr(p, '_', n) : NULL;
	size_t out;

	if (!first)
		return n;
	out = (size_t)(first - p);
	for (size_t i = out; i < n;) {
		int32_t cp = p[i] == '_' ? escape_at(p + i, n - i) : -1;

		if (cp < 0) {
			p[out++] = p[i++];
			continue;
		}
		i += 7;
		out += utf8_put((uint32_t)cp, p + out);
	}
	return out;
}
