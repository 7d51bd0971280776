/* web/tpl.c - templates: parsed once into flat programs, rendered by walking them (language: tpl.h).
 *
 * Never computes, never reads a file, has no unescaped output. A value may stand in text and inside quoted attributes only:
 * where escaping would not help (outside quotes in a tag, inside script or style) the template is refused at start.
 * Owner: the set owns all its memory until tpl_free.
 */
#include "web/tpl.h"

enum { DEPTH = 32, PARTS_OF_NAME = 8 };
enum what { TEXT, VALUE, EACH, IF, JUMP, PART };

struct ins {
	enum what what;
	struct str text[2];              /* TEXT: Chinese and English; equal unless it is a phrase */
	const struct str *names;         /* VALUE, EACH, IF: a.b.c; none for "." */
	size_t n_names;
	size_t to;                       /* EACH: end of the block; IF, JUMP: where to go on */
	size_t part;                     /* PART: index of the template */
	size_t line;
};

struct tpl {
	const char *name;
	struct ins *ins;
	size_t n;
	int visit;                       /* for the search of circles while loading */
};

struct tpl_set {
	struct arena arena;
	struct tpl *tpls;
	size_t n;
};

/* ---- loading ---- */

enum place { IN_TEXT, IN_TAG, IN_DOUBLE, IN_SINGLE, IN_RAW };

struct block { size_t ins, line; bool has_else; };

struct load {
	struct tpl_set *set;
	const struct tpl_file *file;
	const struct phrase *phrases;
	size_t n_phrases;
	struct tpl *tpl;
	size_t line;
	struct block blocks[DEPTH];
	size_t depth;
	enum place place;
	bool raw_next;                   /* inside the tag that opens script or style */
	char *trouble;
};

static enum err bad(struct load *l, size_t line, const char *what, struct str about)
{
	snprintf(l->trouble, 200, "%s:%zu: %s%s%.*s", l->file->name, line, what, about.n ? ": " : "", (int)(about.n < 60 ? about.n : 60), about.p);
	return E_BAD;
}

static struct ins *ins_add(struct load *l, enum what what)
{
	struct ins *i = &l->tpl->ins[l->tpl->n++];

	i->what = what;
	i->line = l->line;
	return i;
}

static bool starts_raw(struct str s)
{
	static const char *const raw[] = { "<script", "<style" };

	for (size_t k = 0; k < ROWS(raw); k++) {
		size_t i = 0;

		while (raw[k][i] && i < s.n && ascii_lower(s.p[i]) == raw[k][i])
			i++;
		if (!raw[k][i])
			return true;
	}
	return false;
}

static bool starts_tag(struct str s) { return s.n == 1 || is_alnum(s.p[1]) || s.p[1] == '/' || s.p[1] == '!'; }

static enum place place_after_quote(enum place now, char c)
{
	if (now == IN_TAG)
		return c == '"' ? IN_DOUBLE : IN_SINGLE;
	if ((now == IN_DOUBLE && c == '"') || (now == IN_SINGLE && c == '\''))
		return IN_TAG;
	return now;
}

/* Follows the literal HTML far enough to know where the next value would stand. */
static void place_follow(struct load *l, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_sub(s, i, s.n);

		if (s.p[i] == '<' && l->place == IN_TEXT && starts_tag(rest)) {
			l->place = IN_TAG;
			l->raw_next = starts_raw(rest);
		} else if (s.p[i] == '<' && l->place == IN_RAW && str_starts(rest, "</")) {
			l->place = IN_TAG;
			l->raw_next = false;
		} else if (s.p[i] == '>' && l->place == IN_TAG) {
			l->place = l->raw_next ? IN_RAW : IN_TEXT;
		} else if (s.p[i] == '"' || s.p[i] == '\'') {
			l->place = place_after_quote(l->place, s.p[i]);
		}
		l->line += s.p[i] == '\n';
	}
}

static void text_add(struct load *l, struct str s)
{
	struct ins *i;

	if (s.n == 0)
		return;
	i = ins_add(l, TEXT);
	i->text[0] = i->text[1] = str_copy(&l->set->arena, s);
	place_follow(l, s);
}

static bool word_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return s.n > 0;
}

static enum err path_set(struct load *l, struct ins *i, struct str path)
{
	struct str names[PARTS_OF_NAME], rest = path, *kept;
	size_t n = 0;

	if (str_is(path, "."))
		return OK;
	while (n < PARTS_OF_NAME && str_cut(&rest, '.', &names[n])) {
		if (!word_ok(names[n]))
			return bad(l, l->line, "not a name", path);
		n++;
	}
	if (n == 0 || rest.n || str_ends(path, "."))
		return bad(l, l->line, "not a name", path);
	kept = TAKE(&l->set->arena, struct str, n);
	for (size_t k = 0; k < n; k++)
		kept[k] = str_copy(&l->set->arena, names[k]);
	i->names = kept;
	i->n_names = n;
	return OK;
}

static enum err value_add(struct load *l, struct str path)
{
	if (l->place == IN_RAW)
		return bad(l, l->line, "a value inside script or style", path);
	if (l->place == IN_TAG)
		return bad(l, l->line, "a value outside quotes in a tag", path);
	return path_set(l, ins_add(l, VALUE), path);
}

static struct str escaped(struct load *l, const char *z)
{
	struct buf b = buf_in(&l->set->arena, strlen(z) + 16);

	buf_html(&b, str_of(z));
	return buf_str(&b);
}

static enum err phrase_add(struct load *l, struct str key)
{
	for (size_t k = 0; k < l->n_phrases; k++) {
		const struct phrase *p = &l->phrases[k];
		struct ins *i;

		if (!str_is(key, p->key))
			continue;
		i = ins_add(l, TEXT);
		i->text[0] = escaped(l, p->zh);
		i->text[1] = escaped(l, p->en ? p->en : p->zh);
		return OK;
	}
	return bad(l, l->line, "unknown phrase", key);
}

static enum err part_add(struct load *l, struct str name)
{
	for (size_t k = 0; k < l->set->n; k++) {
		if (!str_is(name, l->set->tpls[k].name))
			continue;
		ins_add(l, PART)->part = k;
		return OK;
	}
	return bad(l, l->line, "unknown template", name);
}

static enum err block_open(struct load *l, enum what what, struct str path)
{
	if (l->depth == DEPTH)
		return bad(l, l->line, "blocks nested too deeply", S(""));
	l->blocks[l->depth++] = (struct block){ .ins = l->tpl->n, .line = l->line };
	return path_set(l, ins_add(l, what), path);
}

static enum err block_else(struct load *l)
{
	struct block *b = l->depth ? &l->blocks[l->depth - 1] : NULL;

	if (!b || l->tpl->ins[b->ins].what != IF || b->has_else)
		return bad(l, l->line, "else without if", S(""));
	b->has_else = true;
	ins_add(l, JUMP);
	l->tpl->ins[b->ins].to = l->tpl->n;
	b->ins = l->tpl->n - 1;                                /* the jump over the else branch is closed next */
	return OK;
}

static enum err block_close(struct load *l, struct str word)
{
	struct block *b = l->depth ? &l->blocks[l->depth - 1] : NULL;

	if (!b || (!str_is(word, "each") && !str_is(word, "if")))
		return bad(l, l->line, "closes nothing", word);
	if (str_is(word, "each") != (l->tpl->ins[b->ins].what == EACH))
		return bad(l, l->line, "closes another block than the one that is open", word);
	l->tpl->ins[b->ins].to = l->tpl->n;
	l->depth--;
	return OK;
}

static enum err tag_add(struct load *l, struct str tag)
{
	tag = str_trim(tag);
	if (str_starts(tag, "#each "))
		return block_open(l, EACH, str_trim(str_sub(tag, 6, tag.n)));
	if (str_starts(tag, "#if "))
		return block_open(l, IF, str_trim(str_sub(tag, 4, tag.n)));
	if (str_is(tag, "else"))
		return block_else(l);
	if (str_starts(tag, "/"))
		return block_close(l, str_sub(tag, 1, tag.n));
	if (str_starts(tag, ">"))
		return part_add(l, str_trim(str_sub(tag, 1, tag.n)));
	if (str_starts(tag, "t:"))
		return phrase_add(l, str_sub(tag, 2, tag.n));
	return value_add(l, tag);
}

static size_t count_tags(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < s.n; i++)
		n += s.p[i] == '{' && s.p[i + 1] == '{';
	return n;
}

static enum err tpl_parse(struct load *l)
{
	struct str rest = l->file->text;

	l->line = 1;
	l->depth = 0;
	l->place = IN_TEXT;
	l->tpl->ins = TAKE(&l->set->arena, struct ins, count_tags(rest) * 2 + 1);
	while (rest.n) {
		const char *open = memmem(rest.p, rest.n, "{{", 2), *shut;
		size_t at = open ? (size_t)(open - rest.p) : rest.n;
		enum err e;

		text_add(l, str_sub(rest, 0, at));
		rest = str_sub(rest, at + 2, rest.n);
		if (!open)
			break;
		shut = rest.n ? memmem(rest.p, rest.n, "}}", 2) : NULL;
		at = str_find(rest, '\n');
		if (!shut || (size_t)(shut - rest.p) > at)
			return bad(l, l->line, "{{ without }} on the same line", S(""));
		at = (size_t)(shut - rest.p);
		e = tag_add(l, str_sub(rest, 0, at));
		if (e)
			return e;
		rest = str_sub(rest, at + 2, rest.n);
	}
	if (l->depth)
		return bad(l, l->blocks[l->depth - 1].line, "block is not closed", S(""));
	return OK;
}

/* A template that includes itself, directly or not, would never end. */
static enum err circle_find(struct load *l, const struct tpl_file *files, size_t at)
{
	struct tpl *t = &l->set->tpls[at];

	t->visit = 1;
	for (size_t i = 0; i < t->n; i++) {
		struct tpl *to = &l->set->tpls[t->ins[i].part];
		enum err e = OK;

		if (t->ins[i].what != PART)
			continue;
		l->file = &files[at];
		if (to->visit == 1)
			return bad(l, t->ins[i].line, "includes itself", str_of(to->name));
		if (to->visit == 0)
			e = circle_find(l, files, t->ins[i].part);
		if (e)
			return e;
	}
	t->visit = 2;
	return OK;
}

static enum err load_all(struct load *l, const struct tpl_file *files, size_t n)
{
	struct tpl_set *set = l->set;
	enum err e = OK;

	set->tpls = TAKE(&set->arena, struct tpl, n);
	for (size_t i = 0; i < n; i++) {
		l->file = &files[i];
		for (size_t k = 0; k < i; k++)
			if (str_is(str_of(files[i].name), files[k].name))
				return bad(l, 1, "two templates of one name", S(""));
		set->tpls[i].name = str_z(&set->arena, str_of(files[i].name));
		set->n++;
	}
	for (size_t i = 0; i < n && !e; i++) {
		l->file = &files[i];
		l->tpl = &set->tpls[i];
		e = tpl_parse(l);
	}
	for (size_t i = 0; i < n && !e; i++)
		if (set->tpls[i].visit == 0)
			e = circle_find(l, files, i);
	return e;
}

enum err tpl_load(const struct tpl_file *files, size_t n, const struct phrase *phrases, size_t n_phrases, struct tpl_set **ret,
                  char trouble[200])
{
	struct tpl_set *volatile set = calloc(1, sizeof(*set));
	struct load l = { .set = set, .phrases = phrases, .n_phrases = n_phrases, .trouble = trouble };
	jmp_buf full;
	enum err e;

	snprintf(trouble, 200, "out of memory");
	if (!set)
		return E_IO;
	arena_init(&set->arena, SIZE_MAX / 2, &full);
	if (setjmp(full)) {
		tpl_free(set);
		return E_TOO_BIG;
	}
	e = load_all(&l, files, n);
	set->arena.full = NULL;
	if (e) {
		tpl_free(set);
		return e;
	}
	trouble[0] = 0;
	*ret = set;
	return OK;
}

void tpl_free(struct tpl_set *t)
{
	if (!t)
		return;
	arena_end(&t->arena);
	free(t);
}

/* ---- rendering ---- */

struct scope { const struct node *item; const struct scope *outer; };

struct render {
	const struct tpl_set *set;
	struct buf *out;
	int language;                    /* index of ins.text */
};

static const struct node *member(const struct node *of, struct str name)
{
	if (!of || of->kind != NODE_OBJ)
		return NULL;
	for (const struct node *c = of->first; c; c = c->next)
		if (str_eq(c->key, name))
			return c;
	return NULL;
}

static const struct node *look(const struct ins *i, const struct scope *scope)
{
	const struct node *at = NULL;

	if (i->n_names == 0)
		return scope->item;
	for (; scope && !at; scope = scope->outer)
		at = member(scope->item, i->names[0]);
	for (size_t k = 1; k < i->n_names; k++)
		at = member(at, i->names[k]);
	return at;
}

static bool is_true(const struct node *n)
{
	if (!n)
		return false;
	switch (n->kind) {
	case NODE_NULL: return false;
	case NODE_BOOL: return n->yes;
	case NODE_INT: return n->i != 0;
	case NODE_NUMBER: return !str_is(n->s, "0");
	case NODE_STR: return n->s.n > 0;
	case NODE_ARR: return n->first != NULL;
	case NODE_OBJ: return true;
	}
	return false;
}

static void put(struct buf *out, const struct node *n)
{
	if (!n)
		return;
	if (n->kind == NODE_STR || n->kind == NODE_NUMBER)
		buf_html(out, n->s);
	else if (n->kind == NODE_INT)
		buf_int(out, n->i);
	else if (n->kind == NODE_BOOL)
		buf_z(out, n->yes ? "true" : "false");
}

static void run(const struct render *r, const struct tpl *t, size_t from, size_t to, const struct scope *scope)
{
	while (from < to) {
		const struct ins *i = &t->ins[from++];
		const struct node *n;

		switch (i->what) {
		case TEXT:
			buf_add(r->out, i->text[r->language]);
			break;
		case VALUE:
			put(r->out, look(i, scope));
			break;
		case EACH:
			n = look(i, scope);
			for (n = n && n->kind == NODE_ARR ? n->first : NULL; n; n = n->next)
				run(r, t, from, i->to, &(struct scope){ n, scope });
			from = i->to;
			break;
		case IF:
			if (!is_true(look(i, scope)))
				from = i->to;
			break;
		case JUMP:
			from = i->to;
			break;
		case PART:
			run(r, &r->set->tpls[i->part], 0, r->set->tpls[i->part].n, scope);
			break;
		}
	}
}

enum err tpl_render(const struct tpl_set *t, const char *name, const struct node *data, bool english, struct buf *out)
{
	struct render r = { t, out, english ? 1 : 0 };
	struct scope scope = { data, NULL };

	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->tpls[i].name, name) != 0)
			continue;
		run(&r, &t->tpls[i], 0, t->tpls[i].n, &scope);
		return OK;
	}
	return E_ABSENT;
}
