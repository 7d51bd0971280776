/* cli/verify_told.c - what a package tells in words, against what its receipts prove: a line that no receipt bears out is refused.
 *
 * Both texts follow from the receipts but for a few words, so they are made again here and compared, not searched. What no receipt can bear out
 * is counted: who filed a record that names nobody.
 */
#include "cli/verify_package.h"

struct telling {
	struct package *p;
	struct str rest;              /* of summary.txt */
	struct node **step;           /* of steps.ndjson */
	size_t n_steps;
};

static const struct disclosed *shown(const struct proven *r, struct str name)
{
	for (size_t i = 0; i < r->n_shown; i++)
		if (str_eq(r->shown[i].name, name))
			return &r->shown[i];
	return NULL;
}

/* ---- steps.ndjson ---- */

static bool only(const struct node *o, const char *const *key, size_t n)
{
	for (const struct node *x = o->first; x; x = x->next) {
		size_t i = 0;

		while (i < n && !str_is(x->key, key[i]))
			i++;
		if (i == n)
			return false;
	}
	return o->kind == NODE_OBJ;
}

static bool field_proven(struct arena *a, const struct proven *r, const struct node *x)
{
	static const char *const known[] = { "name", "zh", "en", "value" };
	const struct disclosed *d = shown(r, node_text(x, "name"));
	const struct field *f = type_field(r->type, node_text(x, "name"), NULL);
	const struct node *value = node_get(x, "value");

	return only(x, known, ROWS(known)) && d && f && value && str_is(node_text(x, "zh"), f->words) && str_is(node_text(x, "en"), f->en ? f->en : f->name) &&
	       str_eq(canon_str(a, value), canon_str(a, d->value));
}

static bool withheld(const struct proven *r, const struct node *list)
{
	for (const struct node *x = list ? list->first : NULL; x; x = x->next)
		if (x->kind != NODE_STR || !type_field(r->type, x->s, NULL) || shown(r, x->s))
			return false;
	return !list || list->kind == NODE_ARR;
}

static bool step_may_be(const struct package *p, const struct proven *r, const struct node *o)
{
	struct arena *a = p->q->a;
	struct node *known = node_obj(a);
	const struct node *stored[KEY_CLASSES] = { [KEY_PUBLIC] = known };
	struct value *v = TAKE(a, struct value, r->type->n);

	for (size_t i = 0; i < r->n_shown; i++) {
		struct node *x = TAKE(a, struct node, 1);

		*x = *r->shown[i].value;
		x->next = NULL;
		node_set(known, r->shown[i].name, x);
	}
	values_from(a, r->type, stored, v);
	for (size_t m = 0; m < p->q->c->setup.n_modules; m++) {
		const struct module *x = p->q->c->setup.modules[m];

		if (x->told && x->told(r->type, v, node_text(o, "what"), node_text(o, "what_zh"), node_text(o, "what_en")))
			return true;
	}
	return false;
}

static bool step_proven(struct package *p, const struct proven *r, const struct node *o)
{
	static const char *const known[] = { "what", "what_zh", "what_en", "record", "index", "party", "fields", "sealed", "withheld" };
	const struct node *fields = node_get(o, "fields"), *sealed = node_get(o, "sealed");
	int64_t id;

	if (!only(o, known, ROWS(known)) || node_number(o, "index", -1) != (int64_t)r->seen.proof.index || !id_get(node_text(o, "record"), &id))
		return false;
	if (!fields || fields->kind != NODE_ARR || !sealed || sealed->kind != NODE_BOOL || sealed->yes != (!fields->n && !node_get(o, "party")))
		return false;
	for (const struct node *x = fields->first; x; x = x->next)
		if (!field_proven(p->q->a, r, x))
			return false;
	return withheld(r, node_get(o, "withheld")) && step_may_be(p, r, o);
}

static int check_steps(struct telling *t)
{
	static const struct json_limits limits = { .bytes = 4 << 20, .depth = 5, .nodes = 1 << 18 };
	struct package *p = t->p;
	struct str name = S("steps.ndjson"), rest = package_member(p, name)->text, line;
	struct json_trouble trouble;

	t->step = TAKE(p->q->a, struct node *, p->n_records + 1);
	for (; str_cut(&rest, '\n', &line); t->n_steps++)
		if (t->n_steps == p->n_records || json_read(p->q->a, line, &limits, &t->step[t->n_steps], &trouble))
			return package_wrong(p, VERIFY_BAD, str_fmt(p->q->a, "steps.ndjson, %zu", t->n_steps + 1), "写法不对，或没有凭证", "is ill-formed, or has no receipt");
	for (size_t i = 0; i < t->n_steps; i++)
		if (!step_proven(p, &p->record[p->n_records - t->n_steps + i], t->step[i]))
			return package_wrong(p, VERIFY_BAD, str_fmt(p->q->a, "steps.ndjson, %zu", i + 1), "说了凭证没有证明的话", "says what its receipt does not prove");
	return VERIFY_OK;
}

/* ---- summary.txt ---- */

static bool eat(struct telling *t, struct str text)
{
	if (t->rest.n < text.n || memcmp(t->rest.p, text.p, text.n) != 0)
		return false;
	t->rest = str_sub(t->rest, text.n, t->rest.n);
	return true;
}

/* The rest of the line, its end eaten. */
static bool eat_line(struct telling *t, struct str *ret)
{
	size_t n = str_find(t->rest, '\n');

	if (n == t->rest.n)
		return false;
	*ret = str_sub(t->rest, 0, n);
	t->rest = str_sub(t->rest, n + 1, t->rest.n);
	return true;
}

static bool eat_head(struct telling *t)
{
	static const char goods[] = " 的流向证据 / evidence of where it has been";
	struct package *p = t->p;
	struct str line, of, made;
	int64_t at;

	if (!eat_line(t, &line) || !str_ends(line, goods))
		return false;
	of = str_sub(line, 0, line.n - strlen(goods));
	if (!eat(t, S("制作 / made ")) || !eat_line(t, &line) || !str_ends(line, str_fmt(p->q->a, "，%.*s", STR_ARG(p->head.origin)).p))
		return false;
	made = str_sub(line, 0, line.n - strlen("，") - p->head.origin.n);
	if (!time_get(made, &at))
		return false;
	put_str(p->q->a, p->q->out, "of", of);
	put_str(p->q->a, p->q->out, "made", made);
	if (!p->q->c->json)
		printf("%.*s，%.*s\n", STR_ARG(verify_plain(p->q->a, of)), STR_ARG(made));
	return true;
}

/* "3. 生产单位售出 / sold by the maker  2026-11-28T09:29:52Z": what it is called, and the minute its entry tells. */
static bool eat_title(struct telling *t, const struct proven *r, const struct node *step, size_t nth)
{
	static const char part[] = "（有内容未向您公开 / partly withheld from you）";
	struct arena *a = t->p->q->a;
	struct str line, want, time, minute = str_sub(node_text(r->seen.leaf.all, "a"), 0, strlen("2026-11-28T09:29"));
	int64_t at;

	if (!eat(t, str_fmt(a, "\n%zu. ", nth)) || !eat_line(t, &line) || line.n < 22)
		return false;
	time = str_sub(line, line.n - 20, 20);
	if (!time_get(time, &at) || !str_eq(str_sub(time, 0, minute.n), minute) || !str_eq(str_sub(line, line.n - 22, 2), S("  ")))
		return false;
	line.n -= 22;
	want = step ? str_fmt(a, "%.*s / %.*s", STR_ARG(node_text(step, "what_zh")), STR_ARG(node_text(step, "what_en"))) : str_fmt(a, "%s / %s", r->type->zh, r->type->en);
	return str_eq(line, want) || (step && str_eq(line, str_join(a, want, str_of(part))));
}

/* An entry that is not blind names the first record of its chain. */
static bool id_fits(const struct proven *r, const struct node *step, struct str id)
{
	struct str first = node_text(r->seen.leaf.all, "s");
	int64_t known;

	if (!id_get(id, &known) || (step && !str_eq(node_text(step, "record"), id)))
		return false;
	return !first.n || node_number(r->seen.leaf.all, "p", -1) >= 0 || str_eq(first, id);
}

static bool eat_record(struct telling *t, const struct proven *r, const struct node *step)
{
	struct arena *a = t->p->q->a;
	unsigned long long index = (unsigned long long)r->seen.proof.index;
	struct str id, party = step ? node_text(step, "party") : S("");

	if (!eat(t, S("    记录 / record ")))
		return false;
	id = str_sub(t->rest, 0, ID_TEXT);
	if (!id_fits(r, step, id) || !eat(t, str_fmt(a, "%.*s，日志第 %llu 条 / log entry %llu\n    凭证 / receipt %.*s\n", STR_ARG(id), index, index, STR_ARG(r->file->name))))
		return false;
	t->p->unproven += party.n > 0;
	return !party.n || eat(t, str_fmt(a, "    填报单位 / filed by %.*s\n", STR_ARG(party)));
}

static bool eat_document(struct telling *t, const char *words, struct str id)
{
	static const char *const endings[] = { "pdf", "png", "jpg" };
	struct package *p = t->p;
	struct arena *a = p->q->a;

	for (size_t i = 0; i < ROWS(endings); i++) {
		struct str name = str_fmt(a, "documents/%.*s.%s", STR_ARG(id), endings[i]);
		struct member *m = package_member(p, name);

		if (!m || !eat(t, str_fmt(a, "    %s：%.*s", words, STR_ARG(name))))
			continue;
		m->named = true;
		if (eat(t, S("（名字不能由内容核对 / its name cannot be checked by its content）"))) {
			p->nameless += !m->nameless;
			m->nameless = true;
		}
		return eat(t, S("\n"));
	}
	p->absent++;
	return eat(t, str_fmt(a, "    %s：文件过大，没有放入 / too large, not included: %.*s\n", words, STR_ARG(id))) ||
	       eat(t, str_fmt(a, "    %s：没有放入 / not included: %.*s\n", words, STR_ARG(id)));
}

static bool eat_values(struct telling *t, const struct proven *r)
{
	for (size_t i = 0; i < r->n_shown; i++) {
		const struct disclosed *d = &r->shown[i];
		const struct field *f = type_field(r->type, d->name, NULL);
		struct buf b = buf_in(t->p->q->a, 256);

		if (str_is(d->name, FILED_SLOT))
			continue;               /* the code of who filed it: the words give a name */
		if (f && f->kind == KIND_FILE) {
			if (d->value->kind != NODE_STR || (!str_is(d->value->s, NOT_APPLICABLE) && !eat_document(t, f->words, d->value->s)))
				return false;
			continue;
		}
		if (!f)
			return false;
		buf_fmt(&b, "    %s：", f->words);
		value_words(&b, d->value);
		buf_char(&b, '\n');
		if (!eat(t, buf_str(&b)))
			return false;
	}
	return true;
}

static int check_summary(struct telling *t)
{
	struct package *p = t->p;
	struct str whole = package_member(p, S("summary.txt"))->text;
	bool ok;

	t->rest = whole;
	ok = eat_head(t);
	for (size_t i = 0; i < p->n_records && ok; i++) {
		size_t goods = p->n_records - t->n_steps;
		const struct node *step = i < goods ? NULL : t->step[i - goods];

		ok = eat_title(t, &p->record[i], step, i + 1) && eat_record(t, &p->record[i], step) && eat_values(t, &p->record[i]);
	}
	if (ok && t->rest.n)
		ok = eat(t, S("\n记录太多，只列出前面的 / more records than are listed here\n")) && !t->rest.n;
	if (!ok) {
		size_t line = 1;

		for (size_t i = 0; i < whole.n - t->rest.n; i++)
			line += whole.p[i] == '\n';
		return package_wrong(p, VERIFY_BAD, str_fmt(p->q->a, "summary.txt, %zu", line), "说的不是凭证所证明的", "does not say what the receipts prove");
	}
	return VERIFY_OK;
}

/* The page says what the text says, in the one way this program writes it. */
static int check_page(struct package *p)
{
	struct member *page = package_member(p, S("summary.html"));
	struct str made;

	if (!page)
		return VERIFY_OK;
	if (!p->q->c->setup.render || p->q->c->setup.render->page(p->q->a, "evidence", told_node(p->q->a, package_member(p, S("summary.txt"))->text), &made))
		return package_wrong(p, VERIFY_UNDECIDED, page->name, "这个程序不能核对网页", "this program cannot check the page");
	return str_eq(made, page->text) ? VERIFY_OK : package_wrong(p, VERIFY_BAD, page->name, "与 summary.txt 不同", "is not what summary.txt says");
}

int package_told(struct package *p)
{
	struct telling t = { .p = p };
	int code = check_steps(&t);

	if (!code)
		code = check_summary(&t);
	return code ? code : check_page(p);
}
