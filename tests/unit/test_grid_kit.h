/* tests/unit/test_grid_kit.h - for the tests of grid/: bytes that grow, a small zip writer, and what reading a file gives as one text. */
#ifndef TEST_GRID_KIT_H
#define TEST_GRID_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "grid/grid.h"

#define B(x) ((struct str){ x, sizeof(x) - 1 })

struct bytes { char *p; size_t n, cap; };

static inline void add(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = 2 * (b->n + n) + 256;
		b->p = realloc(b->p, b->cap);
		assert_non_null(b->p);
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void addz(struct bytes *b, const char *z) { add(b, z, strlen(z)); }

static inline PRINTF(2, 3) void addf(struct bytes *b, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	addz(b, line);
}

static inline void drop(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ 0 };
}

/* ---- zip: APPNOTE 4.3.7 and following ---- */

struct zip_out {
	struct bytes file, directory;
	unsigned parts;
	uint16_t flag;          /* for the next part: 1 says encrypted */
	int32_t method;         /* for the next part: 8 deflated; 0 stored; others are only claimed */
	uint32_t crc_error;     /* for the next part */
	uint32_t claim;         /* for the next part: its unpacked size, 0 for the true one */
};

static inline void le(struct bytes *b, uint64_t v, size_t n)
{
	for (; n--; v >>= 8)
		add(b, &(char){ (char)v }, 1);
}

static inline void zip_head(struct bytes *to, const struct zip_out *z, const char *name, uint32_t crc, size_t packed, size_t n)
{
	le(to, 20, 2);
	le(to, z->flag, 2);
	le(to, (uint64_t)z->method, 2);
	le(to, 0, 4);
	le(to, crc ^ z->crc_error, 4);
	le(to, packed, 4);
	le(to, z->claim ? z->claim : n, 4);
	le(to, strlen(name), 2);
	le(to, 0, 2);
}

static inline void zip_add(struct zip_out *z, const char *name, const char *p, size_t n)
{
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)p, (uInt)n);
	size_t at = z->file.n;
	uLong packed = compressBound(n) + 64;
	char *out = malloc(packed);
	z_stream s = { 0 };

	assert_non_null(out);
	if (z->method == 0) {
		memcpy(out, p, n);
		packed = n;
	} else {
		assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
		s.next_in = (Bytef *)(uintptr_t)p;
		s.avail_in = (uInt)n;
		s.next_out = (Bytef *)out;
		s.avail_out = (uInt)packed;
		assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
		packed = s.total_out;
		deflateEnd(&s);
	}
	add(&z->file, "PK\3\4", 4);
	zip_head(&z->file, z, name, crc, packed, n);
	addz(&z->file, name);
	add(&z->file, out, packed);
	free(out);
	add(&z->directory, "PK\1\2\24\0", 6);
	zip_head(&z->directory, z, name, crc, packed, n);
	le(&z->directory, 0, 10);
	le(&z->directory, at, 8 - 4);
	addz(&z->directory, name);
	z->parts++;
}

static inline struct bytes zip_done(struct zip_out *z)
{
	size_t at = z->file.n;

	add(&z->file, z->directory.p, z->directory.n);
	add(&z->file, "PK\5\6\0\0\0\0", 8);
	le(&z->file, z->parts, 2);
	le(&z->file, z->parts, 2);
	le(&z->file, z->directory.n, 4);
	le(&z->file, at, 4);
	le(&z->file, 0, 2);
	drop(&z->directory);
	return z->file;
}

/* ---- a workbook; NULL: the usual part ---- */

struct workbook { const char *sheet, *shared, *styles, *workbook, *types; };

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define TYPES "<Types><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
#define RELS_ROOT "<Relationships><Relationship Id=\"r1\" Type=\"" RELATION "officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
#define RELS_BOOK "<Relationships><Relationship Id=\"r1\" Type=\"" RELATION "worksheet\" Target=\"worksheets/sheet1.xml\"/>" \
	"<Relationship Id=\"r2\" Type=\"" RELATION "sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>" \
	"<Relationship Id=\"r3\" Type=\"" RELATION "styles\" Target=\"./styles.xml\"/>" \
	"<Relationship Id=\"r4\" Type=\"" RELATION "worksheet\" Target=\"../xl/worksheets/sheet2.xml\"/></Relationships>"
#define BOOK "<workbook xmlns:r=\"x\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
#define ROWS_OF(x) "<worksheet><sheetData>" x "</sheetData></worksheet>"

static inline void zip_book(struct zip_out *z, const struct workbook *w)
{
	const char *part[][2] = {
		{ "[Content_Types].xml", w->types ? w->types : TYPES }, { "_rels/.rels", RELS_ROOT }, { "xl/workbook.xml", w->workbook ? w->workbook : BOOK },
		{ "xl/_rels/workbook.xml.rels", RELS_BOOK }, { "xl/worksheets/sheet1.xml", w->sheet ? w->sheet : ROWS_OF("") },
		{ "xl/sharedStrings.xml", w->shared ? w->shared : "<sst/>" }, { "xl/styles.xml", w->styles ? w->styles : "<styleSheet/>" },
		{ "xl/worksheets/sheet2.xml", ROWS_OF("<row><c t=\"str\"><v>second</v></c></row>") },
	};

	for (size_t i = 0; i < ROWS(part); i++)
		zip_add(z, part[i][0], part[i][1], strlen(part[i][1]));
}

static inline struct bytes book(const struct workbook *w)
{
	struct zip_out z = { .method = 8 };

	zip_book(&z, w);
	return zip_done(&z);
}

/* ---- reading: "1:a|b;" for a line, "2!3;" for one that cannot be read and the column of it, "." the end, "#too-big" another end ---- */

static inline void dump_line(struct bytes *d, enum err e, const struct grid_line *l, enum grid_form f)
{
	if (e == E_BAD) {
		assert_true(l->zh.n && l->en.n && utf8_ok(l->zh));
		addf(d, "%llu!%zu;", (unsigned long long)l->no, l->column);
		return;
	}
	addf(d, "%llu:", (unsigned long long)l->no);
	if (f == GRID_NDJSON)
		add(d, l->raw.p, l->raw.n);
	for (size_t i = 0; i < l->n; i++) {
		addz(d, i ? "|" : "");
		add(d, l->cell[i].p, l->cell[i].n);
	}
	addz(d, ";");
}

static inline struct bytes dump(struct str in, const char *name, const struct grid_limits *limits)
{
	struct grid_source src = grid_of_bytes(&in);
	struct str zh = S(""), en = S("");
	struct bytes d = { 0 };
	struct grid_in *r = NULL;
	struct arena a, line;
	jmp_buf full;
	enum err e;

	arena_init(&a, 1 << 20, &full);
	arena_init(&line, 64 << 20, &full);
	if (setjmp(full))
		fail_msg("an arena is full");
	e = grid_open(&a, &src, str_of(name), limits, &r, &zh, &en);
	if (e) {
		assert_true(zh.n && en.n && utf8_ok(zh));
		addf(&d, "open %s", err_name(e));
	}
	while (!e || e == E_BAD) {
		struct grid_line l;

		if (!r)
			break;
		arena_reset(&line);
		e = grid_next(r, &line, &l);
		if (e == OK || e == E_BAD)
			dump_line(&d, e, &l, grid_form(r));
		else
			addf(&d, "%s%s", e == E_ABSENT ? "." : "#", e == E_ABSENT ? "" : err_name(e));
		assert_true(grid_at(r) <= in.n);
	}
	if (r && e == E_ABSENT)
		assert_int_equal(grid_at(r), in.n);
	grid_close(r);
	arena_end(&a);
	arena_end(&line);
	addz(&d, "");
	add(&d, "", 1);
	return d;
}

static inline void check_dump(const char *what, struct str in, const char *name, const struct grid_limits *limits, const char *want)
{
	struct bytes d = dump(in, name, limits);

	if (strcmp(d.p, want) != 0)
		fail_msg("%s:\n got  %s\n want %s", what, d.p, want);
	drop(&d);
}

#endif
