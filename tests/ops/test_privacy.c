/* tests/ops/test_privacy.c - 二（四）, 二（七）: what a party withholds is read by the filer, by the other side of the row, by an officer of
 * the region after a recorded look, by an operator after a second one agreed - and is found nowhere else: no answer, no byte at rest.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/ops/harness.h"

/* ---- markers ---- */

enum { MARKS = 64, NEEDLES = 6 };
struct mark { const char *name; struct str text, needle[NEEDLES]; };
static struct mark marks[MARKS];
static size_t n_marks;

/* As it stands, as hex, and as base64 wherever it may begin. */
static const char *mark(struct house *h, const char *name, const char *text)
{
	struct mark *m = &marks[n_marks++];
	struct str s = str_of(text);

	*m = (struct mark){ .name = name, .text = s };
	m->needle[0] = s;
	m->needle[1] = hex_str(&h->a, s.p, s.n);
	for (size_t skip = 0; skip < 3; skip++) {
		struct str b;
		char *copy = TAKE(&h->a, char, s.n + 4);

		memset(copy, 'x', skip);
		memcpy(copy + skip, s.p, s.n);
		b = base64_str(&h->a, copy, skip + s.n);
		/* whole groups that hold nothing but the marker */
		m->needle[2 + skip] = str_sub(b, skip ? 4 : 0, ((s.n + skip) / 3 - (skip ? 1 : 0)) * 4);
	}
	assert_true(n_marks < MARKS);
	return text;
}

static const char *leak(struct str text)
{
	for (size_t i = 0; i < n_marks; i++)
		for (size_t k = 0; k < NEEDLES; k++)
			if (marks[i].needle[k].n > 6 && memmem(text.p, text.n, marks[i].needle[k].p, marks[i].needle[k].n))
				return marks[i].name;
	return NULL;
}

static bool shows(struct str text, const char *name)
{
	for (size_t i = 0; i < n_marks; i++)
		if (strcmp(marks[i].name, name) == 0)
			return memmem(text.p, text.n, marks[i].text.p, marks[i].text.n) != NULL;
	fail_msg("no marker %s", name);
	return false;
}

/* ---- the story: every withheld field of every type holds a marker ---- */

#include "tests/ops/privacy_story.h"

/* ---- asking everything ---- */

static const enum who strangers[] = { ANYBODY, MAKER2, SELLER2, ASSOC, AUDITOR, OPERATOR, OFFICER, OFFICER2, DOCK };

static void assert_silent(struct house *h, enum who w, const struct answer *a, const char *with)
{
	const char *what = leak(text_of(h, a));

	if (what)
		fail_msg("%s tells %s %s (%s)", a->c->op->name, who_names[w], what, with);
}

static void ask_every_record(struct house *h, enum who w, const struct op *op, const struct rows *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		const char *id = z(h, id_str(&h->a, row_int(ids, i, 0)));
		struct answer a = call(h, w, op->name, "id", id, NULL);

		assert_silent(h, w, &a, id);
	}
}

static void search_every_field(struct house *h, enum who w, const struct op *op)
{
	for (size_t f = 0; f < op->files->n; f++) {
		const struct field *row = &op->files->fields[f];
		struct str uscc[] = { h->uscc[SELLER], h->uscc[USER], s.uscc };

		if (!row->index || row->publicity == PUBLIC)
			continue;
		for (size_t i = 0; i < ROWS(uscc); i++) {
			struct answer a = call(h, w, op->name, "field", row->name, "value", z(h, uscc[i]), NULL);

			/* what cannot be read cannot be asked for either: a hit would say that it is there */
			if (!a.err && node_get(a.out, "items")->n)
				fail_msg("%s finds records by %s for %s", op->name, row->name, who_names[w]);
			assert_null(node_get(a.out, "before"));
		}
	}
}

/* Codes, a lot, papers, cartons, records: whatever a chain may be asked about. */
static void ask_about(struct house *h, enum who w, const struct op *op, const struct rows *ids)
{
	struct answer a;

	for (size_t i = 0; i < ROWS(s.code); i++) {
		a = call(h, w, op->name, "of", z(h, s.code[i]), NULL);
		assert_silent(h, w, &a, "a code");
	}
	a = call(h, w, op->name, "of", "B-1", NULL);
	assert_silent(h, w, &a, "a lot");
	for (size_t i = 0; i < ids->n; i++) {
		a = call(h, w, op->name, "of", z(h, id_str(&h->a, row_int(ids, i, 0))), NULL);
		assert_silent(h, w, &a, "a record");
	}
	a = call(h, w, op->name, "of", "KHEFTDOC17", NULL);
	assert_int_not_equal(a.err, OK);
	a = call(h, w, op->name, "of", "KHEFTCARTON01", NULL);
	if (a.err == OK && !(actor(h, w)->roles & R_OFFICER))
		fail_msg("%s opens a carton for %s", op->name, who_names[w]);
}

static void no_answer_tells_a_stranger_what_is_withheld(void **state)
{
	struct house *h = here(state);
	struct db *db = raw_open(h);
	struct rows ids;
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	assert_int_equal(db_ask(db, &h->a, "SELECT id FROM record", NO_VALS, &ids), OK);
	db_close(db);
	for (size_t k = 0; k < ROWS(strangers); k++)
		for (size_t i = 0; i < n; i++) {
			enum who w = strangers[k];
			const struct op *op = ops[i];
			struct answer a;

			if (op->method != GET || op_allowed(op, actor(h, w), false, 0, S("")))
				continue;
			if (op->in && op->in->n && strcmp(op->in->fields[0].name, "id") == 0) {
				ask_every_record(h, w, op, &ids);
				a = call(h, w, op->name, "id", z(h, s.report_file), NULL);
				if (op->in->fields[0].kind == KIND_FILE)
					assert_int_not_equal(a.err, OK);
			} else if (op->in && op->in->n && strcmp(op->in->fields[0].name, "code") == 0) {
				for (size_t c = 0; c < ROWS(s.code); c++) {
					a = call(h, w, op->name, "code", z(h, s.code[c]), NULL);
					assert_silent(h, w, &a, "a code");
				}
			} else if (op->in && op->in->n && strcmp(op->in->fields[0].name, "of") == 0) {
				ask_about(h, w, op, &ids);
			} else {
				a = call(h, w, op->name, NULL);
				assert_silent(h, w, &a, "nothing");
				if (strstr(op->name, ".list") && op->files)
					search_every_field(h, w, op);
			}
		}
}

static void the_scan_from_memory_tells_no_more(void **state)
{
	struct house *h = here(state);
	struct call c = { .k = h->k, .op = op_find(h->k, S("scan")), .arena = &h->a, .now = h->now };
	const char *what;

	assert_int_equal(op_memory(&c, s.code[0]), OK);
	what = leak(c.bytes);
	if (what)
		fail_msg("the memory of scans tells %s", what);
	assert_true(holds(c.bytes, "示例钢丝绳"));
}

/* ---- at rest ---- */

static void assert_no_mark_in(struct house *h, const char *path)
{
	struct str bytes;
	const char *what;

	assert_int_equal(file_read(&h->a, path, 1 << 30, &bytes), OK);
	what = leak(bytes);
	if (what)
		fail_msg("%s holds %s", path, what);
}

static void search_folder(struct house *h, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *x;

	assert_non_null(d);
	while ((x = readdir(d)) != NULL) {
		const char *path = str_fmt(&h->a, "%s/%s", dir, x->d_name).p;
		struct stat st;

		if (x->d_name[0] == '.' || stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			search_folder(h, path);
		else
			assert_no_mark_in(h, path);
	}
	closedir(d);
}

/* The ids of withheld files are names in the store and on the disk; they say nothing of the content. */
static void forget_file_ids(void)
{
	for (size_t i = 0; i < n_marks; i++)
		if (strstr(marks[i].name, "inspection_report") || strstr(marks[i].name, ".contract") || strstr(marks[i].name, ".file"))
			marks[i--] = marks[--n_marks];
}

static void no_byte_at_rest_holds_what_is_withheld(void **state)
{
	struct house *h = here(state);
	struct mark all[MARKS];
	size_t n = n_marks;
	struct db *db;
	struct rows r;

	memcpy(all, marks, sizeof(all));
	forget_file_ids();
	(void)ask(h, actor(h, MAKER), "sale.create", in_of(h, "sale_time", "2026-10-18", "buyer_name", mark(h, "a sale with a key", "再次秘密KHEFT11"), "buyer_address",
		"x1", "buyer_contact", "x2", "items", items(h, "5-6"), NULL), S(""), "a-key");
	search_folder(h, h->dir);
	if (h->engine == &pg_engine) {
		db = raw_open(h);
		assert_int_equal(db_ask(db, &h->a, "SELECT table_name::text COLLATE \"C\" FROM information_schema.tables WHERE table_schema = current_schema()", NO_VALS, &r), OK);
		assert_true(r.n > 20);
		for (size_t i = 0; i < r.n; i++) {
			const char *name = z(h, row_str(&r, i, 0));
			const char *what = leak(dump_tables(h, &name, 1));

			if (what)
				fail_msg("table %s holds %s", name, what);
		}
		db_close(db);
	}
	memcpy(marks, all, sizeof(all));
	n_marks = n;
}

/* ---- who does see ---- */

static void the_filer_sees_what_it_filed(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, MAKER, "sale.get", "id", z(h, s.sale), NULL);
	static const char *const all[] = { "sale.sale_time", "sale.buyer_name", "sale.buyer_address", "sale.buyer_contact", "last code of sale.items", "sale.quantity", "sale.buyer_uscc" };

	for (size_t i = 0; i < ROWS(all); i++)
		assert_true(shows(text_of(h, &a), all[i]));
	a = call_ok(h, MAKER, "code.where", "code", z(h, s.code[0]), NULL);
	assert_true(shows(text_of(h, &a), "sale.buyer_name"));
	assert_false(shows(text_of(h, &a), "purchase.supplier_name"));
	a = call_ok(h, MAKER, "sale.list", "field", "buyer_uscc", "value", z(h, s.uscc), NULL);
	assert_int_equal(node_get(a.out, "items")->n, 1);
	a = call_ok(h, MAKER, "file.get", "id", z(h, s.report_file), NULL);
	assert_true(holds(a.c->bytes, secret_paper));
}

static void the_other_side_sees_its_own_row_alone(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, SELLER, "sale.get", "id", z(h, s.sale_to_seller), NULL);

	assert_true(shows(text_of(h, &a), "own.buyer_name") && shows(text_of(h, &a), "own.buyer_contact"));
	assert_int_equal(call(h, SELLER, "sale.get", "id", z(h, s.sale), NULL).err, E_DENIED);
	a = call_ok(h, SELLER, "code.where", "code", z(h, s.code[0]), NULL);
	assert_true(shows(text_of(h, &a), "own.buyer_name") && shows(text_of(h, &a), "purchase.supplier_name"));
	assert_false(shows(text_of(h, &a), "sale.buyer_name"));
	a = call_ok(h, USER, "resale.get", "id", z(h, s.resale), NULL);
	assert_true(shows(text_of(h, &a), "resale.customer_name"));
	a = call_ok(h, SELLER, "sale.list", "field", "buyer_uscc", "value", z(h, h->uscc[SELLER]), NULL);
	assert_int_equal(node_get(a.out, "items")->n, 1);
}

static size_t looks_at(struct house *h, enum who owner, struct str record)
{
	struct answer a = call_ok(h, owner, "access.list", NULL);
	size_t n = 0;

	for (const struct node *x = node_get(a.out, "items")->first; x; x = x->next)
		n += str_eq(node_text(node_get(x, "values"), "target"), record);
	return n;
}

static void an_officer_of_the_region_looks_and_the_owner_is_shown_it(void **state)
{
	struct house *h = here(state);
	struct answer a;

	assert_int_equal(call(h, OFFICER2, "record.reveal", "record", z(h, s.sale), "reason", "看看", NULL).err, E_DENIED);
	assert_int_equal(call(h, OFFICER, "record.reveal", "record", z(h, s.sale), NULL).err, E_BAD);
	assert_int_equal(looks_at(h, MAKER, s.sale), 0);
	a = call_ok(h, OFFICER, "record.reveal", "record", z(h, s.sale), "reason", "投诉核查KHEFT10", NULL);
	assert_true(shows(text_of(h, &a), "sale.buyer_name") && shows(text_of(h, &a), "sale.quantity"));
	assert_int_equal(looks_at(h, MAKER, s.sale), 1);
	a = call_ok(h, MAKER, "access.list", NULL);
	assert_true(holds(text_of(h, &a), "投诉核查KHEFT10") && holds(text_of(h, &a), z(h, h->login[OFFICER])));
	a = call_ok(h, ASSOC, "access.list", NULL);
	assert_false(holds(text_of(h, &a), "KHEFT10"));
	a = call_ok(h, MAKER, "notice.list", NULL);
	assert_true(holds(text_of(h, &a), "有人查看了"));
	assert_false(holds(text_of(h, &a), "KHEFT10"));
	/* a look opens that record once; the next answer is silent again */
	a = call_ok(h, OFFICER, "sale.get", "id", z(h, s.sale), NULL);
	assert_null(leak(text_of(h, &a)));
	a = call_ok(h, OFFICER, "record.reveal", "record", z(h, s.report), "reason", "核查", NULL);
	assert_true(shows(text_of(h, &a), "report.contact") && shows(text_of(h, &a), "report.place"));
}

static void an_operator_needs_a_second_one(void **state)
{
	struct house *h = here(state);
	int64_t now = h->now;
	struct answer a, o;

	assert_int_equal(call(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "看看", NULL).err, E_DENIED);
	o = call_ok(h, OPERATOR, "opening.create", "target", z(h, s.sale), "reason", "法院调取", NULL);
	assert_int_equal(call(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "看看", NULL).err, E_DENIED);
	assert_int_equal(call(h, OPERATOR, "opening.approve", "id", z(h, answer_id(h, &o)), NULL).err, E_DENIED);
	assert_int_equal(call(h, OPERATOR2, "opening.approve", "id", z(h, answer_id(h, &o)), NULL).err, OK);
	a = call_ok(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "法院调取", NULL);
	assert_true(shows(text_of(h, &a), "sale.buyer_name"));
	assert_int_equal(looks_at(h, MAKER, s.sale), 2);
	assert_int_equal(call(h, OPERATOR, "record.reveal", "record", z(h, s.resale), "reason", "别的记录", NULL).err, E_DENIED);
	a = call_ok(h, MAKER, "opening.list", NULL);
	assert_true(holds(text_of(h, &a), "法院调取"));
	h->now += 3 * DAY_MS + 1000;
	assert_int_equal(call(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "过期", NULL).err, E_DENIED);
	h->now = now;
	assert_int_equal(call(h, OPERATOR2, "opening.close", "id", z(h, answer_id(h, &o)), NULL).err, OK);
	assert_int_equal(call(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "已结束", NULL).err, E_DENIED);
}

/* What was revealed under an idempotency key does not lie readable in the store. */
static void a_look_with_a_key_leaves_nothing_readable(void **state)
{
	static const char *const tables[] = { "idem" };
	struct house *h = here(state);
	struct answer a = ask(h, actor(h, OFFICER), "record.reveal", in_of(h, "record", z(h, s.resale), "reason", "核查", NULL), S(""), "look-key");

	assert_int_equal(a.err, OK);
	assert_true(shows(text_of(h, &a), "resale.customer_name"));
	assert_null(leak(dump_tables(h, tables, 1)));
}

/* ---- 二（四）: the party's choice ---- */

static struct str public_scan(struct house *h, struct str code)
{
	struct answer a = call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL);

	return text_of(h, &a);
}

static struct str sale_of(struct house *h, struct node *in, struct str pack)
{
	put_z(&h->a, in, "buyer_name", "公开名KHEFT");
	put_z(&h->a, in, "buyer_address", "公开地址KHEFT");
	put_z(&h->a, in, "buyer_contact", "公开电话KHEFT");
	put_str(&h->a, in, "items", pack);
	return filed(h, MAKER, "sale.create", in);
}

static struct str pack_of_one(struct house *h, struct str *ret_code)
{
	struct str pack = new_pack(h, MAKER, s.batch, "1", ret_code);

	return str_fmt(&h->a, "%.*s:0", STR_ARG(pack));
}

static void a_party_opens_and_withholds_field_by_field(void **state)
{
	struct house *h = here(state);
	struct str code, pack = pack_of_one(h, &code);
	struct node *in = node_obj(&h->a);

	node_add(put_arr(&h->a, in, "open"), node_str(&h->a, S("buyer_name")));
	sale_of(h, in, pack);
	assert_true(holds(public_scan(h, code), "公开名KHEFT"));
	assert_false(holds(public_scan(h, code), "公开地址KHEFT"));
	call_ok(h, MAKER, "party.openness", "open_by_default", "true", NULL);
	pack = pack_of_one(h, &code);
	in = node_obj(&h->a);
	node_add(put_arr(&h->a, in, "withhold"), node_str(&h->a, S("buyer_contact")));
	sale_of(h, in, pack);
	assert_true(holds(public_scan(h, code), "公开名KHEFT") && holds(public_scan(h, code), "公开地址KHEFT"));
	assert_false(holds(public_scan(h, code), "公开电话KHEFT"));
	/* as a form or a command line sends it: one text */
	pack = pack_of_one(h, &code);
	sale_of(h, in_of(h, "withhold", "buyer_name, buyer_address;buyer_contact", NULL), pack);
	assert_false(holds(public_scan(h, code), "KHEFT"));
	call_ok(h, MAKER, "party.openness", "open_by_default", "false", NULL);
	pack = pack_of_one(h, &code);
	sale_of(h, node_obj(&h->a), pack);
	assert_false(holds(public_scan(h, code), "KHEFT"));
}

static void a_choice_names_only_fields_that_have_one(void **state)
{
	struct house *h = here(state);
	struct str code, pack = pack_of_one(h, &code);
	struct answer a = call(h, MAKER, "sale.create", "buyer_name", "n", "buyer_address", "a", "buyer_contact", "c", "items", z(h, pack), "open", "quantity", NULL);

	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "open"));
}

/* ---- withheld files ---- */

/* The name of a withheld file is its party's: uploading the same paper says nothing about who else has it. */
static void the_same_paper_of_two_parties_is_two_files(void **state)
{
	struct house *h = here(state);
	struct str one = put_file(h, MAKER, "the same paper", false), two = put_file(h, MAKER2, "the same paper", false);
	struct answer a;

	assert_false(str_eq(one, two));
	a = call_ok(h, MAKER, "file.get", "id", z(h, one), NULL);
	assert_true(holds(a.c->bytes, "the same paper"));
	a = call_ok(h, MAKER2, "file.get", "id", z(h, two), NULL);
	assert_true(holds(a.c->bytes, "the same paper"));
	assert_int_equal(call(h, MAKER, "file.get", "id", z(h, two), NULL).err, E_ABSENT);
	assert_true(str_eq(put_file(h, MAKER, "the same paper", false), one));
}

static enum err fetch(struct house *h, enum who w, struct str file, struct str record)
{
	struct answer a = call(h, w, "file.get", "id", z(h, file), "record", z(h, record), NULL);

	if (!a.err)
		assert_true(a.c->bytes.n > 20 && str_starts(a.c->bytes, "%PDF-"));
	else
		assert_int_equal(a.c->bytes.n, 0);
	return a.err;
}

/* A withheld paper goes with its record: the other side, and an officer of the region on the day of a recorded look. */
static void a_withheld_paper_is_read_by_whom_its_record_is(void **state)
{
	struct house *h = here(state);
	struct str paper = put_file(h, MAKER, "KHEFTLEDGER", false);
	struct str record = filed(h, MAKER, "custom.create", in_of(h, "product_name", "定制绳", "why_custom", "按图", "user_uscc", z(h, h->uscc[USER]), "user_name", "用户",
		"contract", z(h, paper), "delivered", "2026-10-17", NULL));
	int64_t now = h->now;

	for (size_t w = 0; w < CAST; w++)
		assert_int_equal(fetch(h, (enum who)w, paper, record), w == MAKER || w == USER ? OK : E_ABSENT);
	assert_int_equal(fetch(h, USER, paper, s.custom), E_ABSENT);
	assert_int_equal(fetch(h, USER, s.contract, record), E_ABSENT);
	call_ok(h, OFFICER, "record.reveal", "record", z(h, record), "reason", "核查合同", NULL);
	assert_int_equal(fetch(h, OFFICER, paper, record), OK);
	assert_int_equal(fetch(h, OFFICER, s.contract, s.custom), E_ABSENT);
	assert_int_equal(fetch(h, OFFICER2, paper, record), E_ABSENT);
	assert_int_equal(fetch(h, OPERATOR, paper, record), E_ABSENT);
	h->now += DAY_MS + 1000;
	assert_int_equal(fetch(h, OFFICER, paper, record), E_ABSENT);
	h->now = now;
}

/* ---- lines for the operator ---- */

static void no_line_on_stderr_holds_what_is_withheld(void **state)
{
	struct house *h = here(state);
	const char *path = str_fmt(&h->a, "%s/stderr", h->dir).p, *what;
	int keep = dup(2), fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	struct str text;

	assert_true(keep >= 0 && fd >= 0 && dup2(fd, 2) == 2);
	(void)call(h, MAKER2, "sale.get", "id", z(h, s.sale), NULL);
	(void)call(h, OPERATOR, "record.reveal", "record", z(h, s.sale), "reason", "看看", NULL);
	(void)call(h, MAKER, "sale.create", "buyer_name", z(h, marks[6].text), "items", "KHEFT", NULL);
	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM record");
	raw_keys(h, "DELETE FROM record_key");
	(void)call(h, MAKER, "sale.get", "id", z(h, s.sale), NULL);
	fflush(stderr);
	dup2(keep, 2);
	close(keep);
	close(fd);
	assert_int_equal(file_read(&h->a, path, 1 << 20, &text), OK);
	assert_true(text.n > 20);
	what = leak(text);
	if (what)
		fail_msg("stderr holds %s", what);
	assert_false(holds(text, "KHEFT"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(no_answer_tells_a_stranger_what_is_withheld, tell),
	cmocka_unit_test(the_scan_from_memory_tells_no_more),
	cmocka_unit_test(no_byte_at_rest_holds_what_is_withheld),
	cmocka_unit_test(the_filer_sees_what_it_filed),
	cmocka_unit_test(the_other_side_sees_its_own_row_alone),
	cmocka_unit_test(an_officer_of_the_region_looks_and_the_owner_is_shown_it),
	cmocka_unit_test(an_operator_needs_a_second_one),
	cmocka_unit_test(a_look_with_a_key_leaves_nothing_readable),
	cmocka_unit_test(a_party_opens_and_withholds_field_by_field),
	cmocka_unit_test(a_choice_names_only_fields_that_have_one),
	cmocka_unit_test(the_same_paper_of_two_parties_is_two_files),
	cmocka_unit_test(a_withheld_paper_is_read_by_whom_its_record_is),
	cmocka_unit_test(no_line_on_stderr_holds_what_is_withheld),
};

int main(void) { return RUN_BOTH("privacy", tests, NULL); }
