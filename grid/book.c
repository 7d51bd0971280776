/* grid/book.c - what all sheets of a workbook share: which sheet is the first to be seen, how styles show numbers, the shared texts.
 *
 * Parts are found by the relations of the package, not by their usual names. Everything here is from malloc, bounded by limits, and
 * belongs to struct book until book_close. Pure.
 */
#include "inner.h"

enum { TEXTS = 10000, STYLES = 65536, PATH = 256 };

/* ---- relations ---- */

struct relation { char *id, *target; bool worksheet, office, shared, styles; };
struct relations {
	struct relation *r;
	size_t n;
	char base[PATH];        /* folder of the part that relates, with its last slash */
	enum err e;
};

static bool ends(const char *s, const char *with) { return str_ends(str_of(s), with); }

/* The part a target names: absolute, or beside the part that relates; each ../ goes one folder up. */
static char *resolve(const char *base, const char *target)
{
	size_t n = strlen(base);
	char *path;

	if (*target == '/') {
		n = 0;
		target++;
	}
	while (strncmp(target, "../", 3) == 0 || strncmp(target, "./", 2) == 0) {
		bool up = target[1] == '.';

		target += up ? 3 : 2;
		if (up && n) {
			do
				n--;
			while (n && base[n - 1] != '/');
		}
	}
	path = calloc(1, n + strlen(target) + 1);
	if (path) {
		memcpy(path, base, n);
		memcpy(path + n, target, strlen(target));
	}
	return path;
}

static enum xml_go relation_start(void *ctx, const char *name, const char **atts)
{
	struct relations *all = ctx;
	const char *id = xml_att(atts, "Id"), *target = xml_att(atts, "Target"), *type = xml_att(atts, "Type"), *mode = xml_att(atts, "TargetMode");
	struct relation *r;

	if (strcmp(name, "Relationship") != 0)
		return strcmp(name, "Relationships") == 0 ? XML_GO : XML_STRANGE;
	if (!id || !target || !type || (mode && strcmp(mode, "External") == 0) || all->n == TEXTS)
		return XML_GO;
	r = realloc(all->r, (all->n + 1) * sizeof(*r));
	if (!r) {
		all->e = E_BUSY;
		return XML_OVER;
	}
	all->r = r;
	r += all->n++;
	*r = (struct relation){ .id = strdup(id), .target = resolve(all->base, target), .worksheet = ends(type, "/worksheet"),
	                        .office = ends(type, "/officeDocument"), .shared = ends(type, "/sharedStrings"), .styles = ends(type, "/styles") };
	if (!r->id || !r->target)
		all->e = E_BUSY;
	return all->e ? XML_OVER : XML_GO;
}

static enum xml_go nothing(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return XML_GO;
}

static void relations_end(struct relations *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->r[i].id);
		free(all->r[i].target);
	}
	free(all->r);
	*all = (struct relations){ 0 };
}

/* The relations of a part; part "" stands for the package. */
static enum err relations_of(struct zip *z, const char *part, struct relations *ret, struct why *why)
{
	static const struct xml_events on = { relation_start, nothing, NULL };
	const char *slash = strrchr(part, '/');
	size_t folder = slash ? (size_t)(slash - part) + 1 : 0;
	char path[PATH + 16];
	enum err e;

	*ret = (struct relations){ 0 };
	if (strlen(part) >= PATH)
		return E_CORRUPT;
	memcpy(ret->base, part, folder);
	snprintf(path, sizeof(path), "%.*s_rels/%s.rels", (int)folder, part, part + folder);
	e = xml_whole(z, path, &on, ret, why);
	return e ? e : ret->e;
}

static const struct relation *related(const struct relations *all, const char *id)
{
	for (size_t i = 0; id && i < all->n; i++)
		if (strcmp(all->r[i].id, id) == 0)
			return &all->r[i];
	return NULL;
}

/* ---- xl/workbook.xml ---- */

struct loading {
	struct book *b;
	const struct grid_limits *l;
	struct relations rel;
	enum err e;
	/* styles */
	struct { unsigned id; unsigned char shows; } *formats;
	size_t n_formats;
	bool cell_styles;
	/* shared texts */
	bool in_text;
	unsigned skip;          /* depth inside phonetic hints */
	size_t text_from;       /* of the text being read */
};

static enum xml_go workbook_start(void *ctx, const char *name, const char **atts)
{
	struct loading *in = ctx;
	const char *state = xml_att(atts, "state");
	const struct relation *r;

	if (strcmp(name, "workbookPr") == 0) {
		in->b->from_1904 = xml_true(xml_att(atts, "date1904"));
	} else if (strcmp(name, "sheet") == 0) {
		r = related(&in->rel, xml_att_prefixed(atts, "id"));
		if (!in->b->sheet && r && r->worksheet && (!state || strcmp(state, "visible") == 0))
			in->b->sheet = strdup(r->target);
	} else {
		return XML_STRANGE;
	}
	return XML_GO;
}

/* ---- xl/styles.xml ---- */

static unsigned number_of(const char *v)
{
	int64_t n = 0;

	return v && str_to_int(str_of(v), &n) && n >= 0 && n < UINT32_MAX ? (unsigned)n : 0;
}

static bool add_format(struct loading *in, unsigned id, const char *code)
{
	void *p;

	if (in->n_formats == TEXTS)
		return true;
	p = realloc(in->formats, (in->n_formats + 1) * sizeof(*in->formats));
	if (!p)
		return false;
	in->formats = p;
	in->formats[in->n_formats].id = id;
	in->formats[in->n_formats++].shows = (unsigned char)cell_shows(id, code);
	return true;
}

static bool add_style(struct loading *in, unsigned id)
{
	struct book *b = in->b;
	enum shows how = cell_shows(id, NULL);

	if (b->n_shows == STYLES)
		return true;
	if (!b->shows)
		b->shows = malloc(STYLES);
	if (!b->shows)
		return false;
	for (size_t i = 0; i < in->n_formats; i++)
		if (in->formats[i].id == id)
			how = (enum shows)in->formats[i].shows;
	b->shows[b->n_shows++] = (unsigned char)how;
	return true;
}

static enum xml_go styles_start(void *ctx, const char *name, const char **atts)
{
	struct loading *in = ctx;
	const char *code = xml_att(atts, "formatCode");
	bool ok = true;

	if (strcmp(name, "numFmt") == 0 && code)
		ok = add_format(in, number_of(xml_att(atts, "numFmtId")), code);
	else if (strcmp(name, "cellXfs") == 0)
		in->cell_styles = true;
	else if (strcmp(name, "xf") == 0 && in->cell_styles)
		ok = add_style(in, number_of(xml_att(atts, "numFmtId")));
	else
		return XML_STRANGE;
	in->e = ok ? OK : E_BUSY;
	return ok ? XML_GO : XML_OVER;
}

static enum xml_go styles_end(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "cellXfs") == 0 ? XML_OVER : XML_GO;
}

/* ---- xl/sharedStrings.xml ---- */

static enum xml_go shared_start(void *ctx, const char *name, const char **atts)
{
	struct loading *in = ctx;

	(void)atts;
	if (in->skip || strcmp(name, "rPh") == 0) {
		in->skip++;
		return XML_STRANGE;
	}
	if (strcmp(name, "t") == 0)
		in->in_text = true;
	else if (strcmp(name, "si") == 0)
		in->text_from = in->b->text_n;
	else
		return XML_STRANGE;
	return XML_GO;
}

/* A text longer than a cell may be keeps one byte too many, so that the cell that uses it is refused. */
static void shared_text(void *ctx, const char *p, size_t n)
{
	struct loading *in = ctx;
	struct book *b = in->b;
	size_t most = in->text_from + in->l->cell + 1;

	if (!in->in_text || in->skip || in->e)
		return;
	n = n < most - b->text_n ? n : most - b->text_n;
	if (b->text_n + n > b->text_cap) {
		size_t cap = b->text_cap ? b->text_cap * 2 : GRID_PIECE;
		char *to = realloc(b->text, cap > b->text_n + n ? cap : b->text_n + n);

		if (!to) {
			in->e = E_BUSY;
			return;
		}
		b->text = to;
		b->text_cap = cap > b->text_n + n ? cap : b->text_n + n;
	}
	memcpy(b->text + b->text_n, p, n);
	b->text_n += n;
}

static bool start_of_next(struct book *b)
{
	uint32_t *to;

	if (b->n_shared + 1 >= b->start_cap) {
		b->start_cap = b->start_cap ? b->start_cap * 2 : 1024;
		to = realloc(b->start, b->start_cap * sizeof(*to));
		if (!to)
			return false;
		b->start = to;
		b->start[0] = 0;
	}
	b->start[++b->n_shared] = (uint32_t)b->text_n;
	return true;
}

static enum xml_go shared_end(void *ctx, const char *name)
{
	struct loading *in = ctx;
	struct book *b = in->b;

	if (in->skip) {
		in->skip--;
		return XML_GO;
	}
	if (strcmp(name, "t") == 0)
		in->in_text = false;
	if (strcmp(name, "si") != 0)
		return XML_GO;
	if (b->text)
		b->text_n = in->text_from + xml_unescape(b->text + in->text_from, b->text_n - in->text_from);
	if (!in->e && !start_of_next(b))
		in->e = E_BUSY;
	if (!in->e && b->text_n + b->n_shared * sizeof(*b->start) > in->l->shared)
		in->e = E_TOO_BIG;
	return in->e ? XML_OVER : XML_GO;
}

/* ---- together ---- */

static const struct { const char *part; struct why why; } strangers[] = {
	{ "xl/vbaproject.bin", { "这是带宏的 .xlsm 工作簿；请另存为 .xlsx 或 CSV", "this is an .xlsm workbook with macros; save it as .xlsx or CSV" } },
	{ "xl/workbook.bin", { "这是 .xlsb 工作簿；请另存为 .xlsx 或 CSV", "this is an .xlsb workbook; save it as .xlsx or CSV" } },
	{ "index/document.iwa", { "这是 Numbers 表格；请另存为 .xlsx 或 CSV", "this is a Numbers table; save it as .xlsx or CSV" } },
	{ "index.zip", { "这是 Numbers 表格；请另存为 .xlsx 或 CSV", "this is a Numbers table; save it as .xlsx or CSV" } },
	{ "meta-inf/manifest.xml", { "这是 .ods 表格；请另存为 .xlsx 或 CSV", "this is an .ods table; save it as .xlsx or CSV" } },
	{ "word/document.xml", { "这是 Word 文档，不是表格；请另存为 .xlsx 或 CSV", "this is a Word document, no table; save it as .xlsx or CSV" } },
};

static enum xml_go types_start(void *ctx, const char *name, const char **atts)
{
	const char *type = xml_att(atts, "ContentType");

	if (type && strstr(type, "macroEnabled"))
		*(bool *)ctx = true;
	return strcmp(name, "Override") == 0 || strcmp(name, "Default") == 0 ? XML_GO : XML_STRANGE;
}

static enum err check_kind(struct zip *z, struct why *why)
{
	static const struct xml_events on = { types_start, nothing, NULL };
	bool macros = false;
	enum err e;

	for (size_t i = 0; i < ROWS(strangers); i++)
		if (zip_has(z, strangers[i].part)) {
			*why = strangers[i].why;
			return E_BAD;
		}
	if (!zip_has(z, "[Content_Types].xml")) {
		*why = WHY("这是压缩包，不是表格；请另存为 .xlsx 或 CSV", "this is an archive, no table; save it as .xlsx or CSV");
		return E_BAD;
	}
	e = xml_whole(z, "[Content_Types].xml", &on, &macros, why);
	if (e || !macros)
		return e;
	*why = strangers[0].why;
	return E_BAD;
}

static char *main_part(struct zip *z, struct why *why, enum err *ret)
{
	struct relations rel;
	char *part = NULL;

	*ret = relations_of(z, "", &rel, why);
	for (size_t i = 0; !*ret && !part && i < rel.n; i++)
		if (rel.r[i].office)
			part = strdup(rel.r[i].target);
	relations_end(&rel);
	if (!*ret && !part) {
		*why = WHY("文件里没有工作簿；请另存为 .xlsx 或 CSV", "the package holds no workbook; save it as .xlsx or CSV");
		*ret = E_BAD;
	}
	return part;
}

static enum err load_workbook(struct loading *in, const char *part, struct why *why)
{
	static const struct xml_events on = { workbook_start, nothing, NULL };
	enum err e = relations_of(in->b->zip, part, &in->rel, why);

	if (!e)
		e = xml_whole(in->b->zip, part, &on, in, why);
	if (!e && !in->b->sheet) {
		*why = WHY("工作簿里没有可见的工作表", "the workbook shows no worksheet");
		e = E_BAD;
	}
	return e;
}

/* Styles and shared texts; a workbook may have neither. */
static enum err load_rest(struct loading *in, struct why *why)
{
	static const struct xml_events styles = { styles_start, styles_end, NULL }, shared = { shared_start, shared_end, shared_text };
	enum err e = OK;

	for (size_t i = 0; !e && i < in->rel.n; i++) {
		const struct relation *r = &in->rel.r[i];

		if ((!r->styles || in->b->n_shows) && (!r->shared || in->b->n_shared))
			continue;
		e = xml_whole(in->b->zip, r->target, r->styles ? &styles : &shared, in, why);
		if (!e && in->e) {
			e = in->e;
			*why = e == E_TOO_BIG ? WHY("表格里的文字太多，超过大小上限；请分成几个文件", "the workbook holds more text than the limit; split it")
			                      : WHY(err_zh(e), err_en(e));
		}
	}
	return e;
}

enum err book_open(const struct grid_source *s, const struct grid_limits *l, struct book *ret, struct why *why)
{
	struct book b = { 0 };
	struct loading in = { .b = &b, .l = l };
	char *part = NULL;
	enum err e = zip_open(s, l, &b.zip, why);

	if (!e)
		e = check_kind(b.zip, why);
	if (!e)
		part = main_part(b.zip, why, &e);
	if (!e)
		e = load_workbook(&in, part, why);
	if (!e)
		e = load_rest(&in, why);
	free(part);
	free(in.formats);
	relations_end(&in.rel);
	if (e) {
		book_close(&b);
		return e;
	}
	*ret = b;
	return OK;
}

void book_close(struct book *b)
{
	zip_close(b->zip);
	free(b->sheet);
	free(b->shows);
	free(b->text);
	free(b->start);
}
