/* mod/trace/stream.c - the codes of a pack as lines, written while they are sent: millions a second in the plain form. */
#include "mod/trace/print.h"

enum { LINE = SEALED_TEXT + 1, AHEAD = 256 };

enum format { AS_TEXT, AS_CSV, AS_NDJSON };

struct code_stream {
	struct stream s;
	struct kernel *k;
	struct pack pack;
	uint32_t at, count;
	enum format format;
	bool plain;                   /* text lines of bare codes */
	bool headed;
	struct spell spell;
	struct sign_key *key;
	const struct str *texts;      /* codes that came with the goods */
	struct arena life, line;
};

/* Spreadsheets and parsers get what stands on the label, whatever a batch number holds. */
static void put_csv(struct buf *b, struct str s)
{
	if (str_find(s, ',') == s.n && str_find(s, '"') == s.n) {
		buf_add(b, s);
		return;
	}
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

static struct str line_of(struct code_stream *s, struct str code, struct str text)
{
	struct buf b = buf_in(&s->line, code.n + 2 * text.n + 64);

	if (s->format == AS_TEXT) {
		buf_add(&b, text);
		buf_char(&b, '\n');
	} else if (s->format == AS_CSV) {
		put_csv(&b, code);
		if (s->spell.form != FORM_CODE) {
			buf_char(&b, ',');
			put_csv(&b, text);
		}
		buf_z(&b, "\r\n");
	} else {
		buf_z(&b, "{\"code\":");
		buf_json(&b, code);
		if (s->spell.form != FORM_CODE) {
			buf_fmt(&b, ",\"%s\":", form_name(s->spell.form));
			buf_json(&b, text);
		}
		buf_z(&b, "}\n");
	}
	return buf_str(&b);
}

/* One line at `to`; 0: it does not fit any more. */
static size_t put_line(struct code_stream *s, struct str code, char *to, size_t room, bool *ret_bad)
{
	struct str text = code, line;

	arena_reset(&s->line);
	*ret_bad = !s->texts && spell_text(&s->line, &s->spell, s->key, code.p, &text);
	if (*ret_bad)
		return 0;
	line = line_of(s, code, text);
	if (line.n > room)
		return 0;
	memcpy(to, line.p, line.n);
	return line.n;
}

static int64_t pull_lines(struct code_stream *s, char *to, size_t cap)
{
	char codes[AHEAD * LINE];
	uint32_t n = s->count - s->at < AHEAD ? s->count - s->at : AHEAD;
	size_t done = 0, wrote = 1;
	bool bad = false;

	if (!s->headed && s->format == AS_CSV)
		done = (size_t)snprintf(to, cap, s->spell.form == FORM_CODE ? "code\r\n" : "code,%s\r\n", form_name(s->spell.form));
	s->headed = true;
	if (!s->texts && n && code_write_lines(s->k, s->pack.key, s->pack.grain, s->pack.number, s->at, n, codes))
		return -1;
	for (uint32_t i = 0; i < n && wrote; i++) {
		wrote = put_line(s, s->texts ? s->texts[s->at] : (struct str){ codes + i * LINE, SEALED_TEXT }, to + done, cap - done, &bad);
		done += wrote;
		s->at += wrote > 0;
	}
	return bad || (!done && s->at < s->count) ? -1 : (int64_t)done;
}

static int64_t pull_codes(void *ctx, char *to, size_t cap)
{
	struct code_stream *s = ctx;
	size_t n = cap / LINE;

	if (!s->plain)
		return pull_lines(s, to, cap);
	if (n > s->count - s->at)
		n = s->count - s->at;
	if (n && code_write_lines(s->k, s->pack.key, s->pack.grain, s->pack.number, s->at, (uint32_t)n, to))
		return -1;
	s->at += (uint32_t)n;
	return (int64_t)(n * LINE);
}

static void stream_end(void *ctx)
{
	struct code_stream *s = ctx;

	sign_key_free(s->key);
	arena_end(&s->life);
	arena_end(&s->line);
	free(s);
}

/* What the stream needs after the call has ended goes into its own memory. */
static void keep_texts(struct code_stream *s, const struct str *texts, size_t n)
{
	struct str *kept = TAKE(&s->life, struct str, n + 1);

	for (size_t i = 0; i < n; i++)
		kept[i] = str_copy(&s->life, texts[i]);
	s->texts = kept;
	s->count = (uint32_t)n;
}

static void keep_spell(struct code_stream *s, const struct spell *from)
{
	s->spell = *from;
	s->spell.before = str_copy(&s->life, from->before);
	s->spell.after = str_copy(&s->life, from->after);
	s->spell.said_before = str_copy(&s->life, from->said_before);
	s->spell.said_after = str_copy(&s->life, from->said_after);
}

enum { STREAM_id, STREAM_format, STREAM_form };

static enum err spelled(struct call *c, const struct pack *p, enum form f, struct spell *ret)
{
	const char *zh, *en;
	struct goods g;
	enum err e = goods_of(c, p, &g);

	if (!e)
		e = spell_open(c, p, &g, f, ret, &zh, &en);
	return e == E_BAD ? call_trouble(c, STREAM_form, zh, en) : e;
}

static struct code_stream *stream_new(struct call *c, const struct pack *p, enum format format, enum form form, const struct spell *spell)
{
	static const char *const media[] = { "text/plain; charset=utf-8", "text/csv; charset=utf-8", "application/x-ndjson" };
	struct code_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct code_stream){ .k = c->k, .pack = *p, .count = (uint32_t)p->count, .format = format,
		.plain = format == AS_TEXT && form == FORM_CODE && !p->theirs };
	arena_init(&s->life, SIZE_MAX / 2, NULL);
	arena_init(&s->line, 1 << 20, NULL);
	s->s = (struct stream){ pull_codes, stream_end, s, media[format] };
	keep_spell(s, spell);
	return s;
}

/* The codes of a pack are secrets of its owner until they are on the goods: SCOPE_OWN decides, the log never holds one. */
enum err pack_stream(struct call *c)
{
	static const char *const ends[] = { "txt", "csv", "ndjson" };
	const struct value *v = c->in;
	enum format format = !v[STREAM_format].n ? AS_TEXT : str_is(v[STREAM_format].list[0], "csv") ? AS_CSV
	                     : str_is(v[STREAM_format].list[0], "ndjson") ? AS_NDJSON : AS_TEXT;
	enum form form = v[STREAM_form].n ? form_of(v[STREAM_form].list[0]) : format == AS_TEXT ? FORM_CODE : FORM_URL;
	const struct str *texts = NULL;
	struct code_stream *s;
	struct spell spell;
	size_t n = 0;
	struct pack p;
	enum err e = pack_get(c, v[STREAM_id].i, &p);

	if (!e && p.theirs && !v[STREAM_form].n)
		form = FORM_CODE;
	if (!e)
		e = spelled(c, &p, form, &spell);
	if (!e && p.theirs)
		e = pack_texts(c, p.record, &texts, &n);
	if (e)
		return e;
	s = stream_new(c, &p, format, form, &spell);
	if (!s)
		return E_IO;
	if (texts)
		keep_texts(s, texts, n);
	if (form == FORM_SIGNED)
		e = mark_begin(c->k, &s->key);
	if (e)
		stream_end(s);
	else
		c->stream = &s->s;
	c->file_name = str_fmt(c->arena, "追溯码-%.*s.%s", STR_ARG(id_str(c->arena, p.record)), ends[format]);
	return e;
}
