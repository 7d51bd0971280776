/* kernel/doc_answers.c - what the OpenAPI document says of answers: shapes, files, problems. */
#include "kernel/doc.h"

struct node *doc_ref(struct arena *a, const char *where, const char *name)
{
	struct node *o = node_obj(a);

	put_str(a, o, "$ref", str_fmt(a, "#/components/%s/%s", where, name));
	return o;
}

/* ---- shapes ---- */

static const struct { const char *name, *members; } shapes[] = {
	{ "Receipt", "index!:i leaf!:s proof!:s" },
	{ "Filed", "id!:s receipt!:Receipt" },
	{ "Shown", "name!:s zh!:s en!:s clause!:s file!:b value!:* value_zh:s" },
	{ "Case", "flow!:s state!:s since:s due:s late:b region:s" },
	{ "Record", "id!:s type!:s type_zh!:s at!:s index!:i mine!:b corrects:s corrected_by:s values!:o fields!:[Shown] withheld:[s] case:Case" },
	{ "Token", "token!:s" },
	{ "File", "file!:s type!:s size!:i open!:b" },
	{ "Me", "roles!:[s] login!:s party!:s uscc!:s region!:s open_by_default!:b" },
	{ "Party", "id!:s uscc!:s name!:s region!:s state!:s roles!:[s]" },
	{ "Notice", "id!:s what!:s record:s at!:s zh!:s en!:s seen!:b" },
	{ "OpenCase", "id!:s flow!:s state!:s region!:s since!:s due:s late!:b hand:s" },
	{ "CaseGroup", "party:s name!:s state!:s count!:i since!:s due:s late!:i" },
	{ "Person", "login!:s standing!:s" },
	{ "Consent", "login!:s since!:s in_force!:b" },
	{ "Audited", "id!:s at!:s account!:s party!:s op!:s record:s" },
	{ "ListRow", "key!:s name!:s zh!:s en!:s facts!:s source!:s" },
	{ "List", "list!:s items!:[ListRow]" },
	{ "Progress", "done!:i of!:i good!:i bad!:i filed!:i percent!:i" },
	{ "LineError", "field!:s column:i clause!:s zh!:s en!:s" },
	{ "RefusedLine", "line!:i cells:[s] raw:s errors!:[LineError]" },
	{ "Load", "id!:s kind!:s what!:s what_zh!:s state!:s at!:s name:s choice:s why_zh:s why_en:s same_as:s size!:i lines!:i good!:i bad!:i filed!:i "
	          "progress:Progress heading:[s] refused:[RefusedLine]" },
	{ "Moved", "id!:s state!:s" },
	{ "Login", "login:s" },
	{ "Done", "done!:i" },
	{ "FieldError", "field!:s clause!:s zh!:s en!:s at:i" },
};

/* Which shape the operations of the house answer with; those of modules say so in their rows (op.answer). */
static const struct { const char *op, *shape; } answers[] = {
	{ "session.open", "Token" }, { "token.create", "Token" }, { "file.put", "File" }, { "me.get", "Me" }, { "party.list", "[Party]" },
	{ "notice.list", "[Notice]" }, { "case.list", "[OpenCase]" }, { "case.groups", "[CaseGroup]" }, { "person.list", "[Person]" }, { "consent.list", "[Consent]" },
	{ "audit.list", "[Audited]" }, { "list.get", "List" }, { "load.list", "[Load]" }, { "load.get", "Load" }, { "load.create", "Load" },
	{ "load.data", "Load" }, { "load.check", "Load" }, { "load.file", "Load" }, { "load.drop", "Load" }, { "person.invite", "Login" },
	{ "account.create", "Login" }, { "case.bulk", "Done" }, { "record.reveal", "Record" },
};

static struct node *typed(struct arena *a, struct str kind)
{
	static const struct { char c; const char *type; } kinds[] = { { 's', "string" }, { 'i', "integer" }, { 'b', "boolean" }, { 'o', "object" } };
	struct node *o = node_obj(a);

	if (str_starts(kind, "[")) {
		put_z(a, o, "type", "array");
		node_set(o, S("items"), typed(a, str_sub(kind, 1, kind.n - 2)));
		return o;
	}
	for (size_t i = 0; i < ROWS(kinds); i++)
		if (kind.n == 1 && kind.p[0] == kinds[i].c)
			put_z(a, o, "type", kinds[i].type);
	return kind.n > 1 ? doc_ref(a, "schemas", str_z(a, kind)) : o;
}

struct node *doc_members(struct arena *a, struct str members)
{
	struct node *o = node_obj(a), *props, *must = node_arr(a);
	struct str one, name;

	put_z(a, o, "type", "object");
	props = put_obj(a, o, "properties");
	while (str_cut(&members, ' ', &one)) {
		bool always;

		if (!str_cut(&one, ':', &name))
			continue;
		always = str_ends(name, "!");
		name = str_sub(name, 0, name.n - always);
		node_set(props, name, typed(a, one));
		if (always)
			node_add(must, node_str(a, name));
	}
	if (must->n)
		node_set(o, S("required"), must);
	return o;
}

void doc_shapes(struct arena *a, struct node *schemas)
{
	for (size_t i = 0; i < ROWS(shapes); i++)
		node_set(schemas, str_of(shapes[i].name), doc_members(a, str_of(shapes[i].members)));
}

static void put_list_of(struct arena *a, struct node *schemas, const char *name, const char *item)
{
	node_set(schemas, str_of(name), doc_members(a, str_fmt(a, "items!:[%s] before:s", item)));
}

/* Older records of a type and partly withheld ones say less: no value is promised. */
void doc_type_shapes(struct kernel *k, struct arena *a, struct node *schemas, const struct type *t)
{
	struct node *whole = put_obj(a, schemas, str_fmt(a, "%s_record", t->name).p), *all, *more, *values = node_obj(a), *from = emit_json_schema(a, t), *next;

	for (struct node *x = from->first; x; x = next) {
		next = x->next;
		x->next = NULL;
		if (!str_is(x->key, "required") && !str_is(x->key, "additionalProperties"))
			node_set(values, x->key, x);
	}
	for (struct node *x = (struct node *)(uintptr_t)node_get(values, "properties")->first; x; x = x->next)
		node_add(put_arr(a, x, "examples"), doc_example(k, a, type_field(t, x->key, NULL)));
	node_set(schemas, str_fmt(a, "%s_values", t->name), values);
	all = put_arr(a, whole, "allOf");
	node_add(all, doc_ref(a, "schemas", "Record"));
	more = node_obj(a);
	node_set(put_obj(a, more, "properties"), S("values"), doc_ref(a, "schemas", str_fmt(a, "%s_values", t->name).p));
	node_add(all, more);
	put_list_of(a, schemas, str_fmt(a, "%s_list", t->name).p, str_fmt(a, "%s_record", t->name).p);
}

/* ---- of one operation ---- */

static struct node *answer_of(struct arena *a, const struct op *op)
{
	bool list = str_ends(str_of(op->name), ".list"), get = str_ends(str_of(op->name), ".get");

	if (op->answer)
		return doc_members(a, str_of(op->answer));
	if (op->step)
		return doc_ref(a, "schemas", "Moved");
	for (size_t i = 0; i < ROWS(answers); i++)
		if (strcmp(answers[i].op, op->name) == 0)
			return str_starts(str_of(answers[i].shape), "[") ? doc_members(a, str_fmt(a, "items!:%s before:s", answers[i].shape))
			                                                 : doc_ref(a, "schemas", answers[i].shape);
	if (op->files && op->method == POST)
		return doc_ref(a, "schemas", "Filed");
	if (op->files && (list || get))
		return doc_ref(a, "schemas", str_fmt(a, "%s_%s", op->files->name, list ? "list" : "record").p);
	return doc_members(a, S(""));
}

static void put_file(struct arena *a, struct node *good, const struct op *op)
{
	struct node *content = put_obj(a, good, "content"), *headers;
	struct str rest = str_of(op->gives), media;

	while (str_cut(&rest, '|', &media))
		node_set(content, media, node_obj(a));
	headers = put_obj(a, put_obj(a, good, "headers"), "Content-Disposition");
	put_z(a, headers, "description", "文件名 / file name (RFC 6266)");
	put_z(a, put_obj(a, headers, "schema"), "type", "string");
}

static void problem(struct arena *a, struct node *to, int status)
{
	node_set(to, str_fmt(a, "%d", status), doc_ref(a, "responses", "Problem"));
}

void doc_answers(struct arena *a, struct node *o, const struct op *op)
{
	struct node *to = put_obj(a, o, "responses"), *good = put_obj(a, to, op->method == POST ? "201" : "200");

	put_z(a, good, "description", op->zh);
	if (op->gives)
		put_file(a, good, op);
	else
		node_set(put_obj(a, put_obj(a, good, "content"), "application/json"), S("schema"), answer_of(a, op));
	if (op->in || op->method == POST)
		problem(a, to, 400);
	if (!(op->who & R_ANYONE))
		problem(a, to, 401);
	if (op->who != R_ALL)
		problem(a, to, 403);
	if (strchr(op->path, '{'))
		problem(a, to, 404);
	if (op->method == POST) {
		problem(a, to, 409);
		problem(a, to, 413);
		problem(a, to, 415);
		problem(a, to, 422);
	}
	node_set(to, S("default"), doc_ref(a, "responses", "Problem"));
}

/* RFC 9457; the names of all types with their status and words stand beside the schema, for the page that explains them. */
void doc_problems(struct arena *a, struct node *parts)
{
	struct node *o = put_obj(a, put_obj(a, parts, "responses"), "Problem"), *schema, *names, *rows;

	put_z(a, o, "description", "未能办理的原因（RFC 9457）/ why it was refused (RFC 9457)");
	node_set(put_obj(a, put_obj(a, o, "content"), "application/problem+json"), S("schema"), doc_ref(a, "schemas", "Problem"));
	schema = doc_members(a, S("type!:s status!:i title:s detail:s zh:s en:s errors:[FieldError]"));
	names = put_arr(a, (struct node *)(uintptr_t)node_get(node_get(schema, "properties"), "type"), "enum");
	rows = put_arr(a, schema, "x-types");
	for (enum err e = OK + 1; e < ERR_COUNT; e++) {
		struct node *x = node_obj(a);

		node_add(names, node_str(a, str_of(err_name(e))));
		put_z(a, x, "type", err_name(e));
		put_int(a, x, "status", err_http(e));
		put_z(a, x, "zh", err_zh(e));
		put_z(a, x, "en", err_en(e));
		node_add(rows, x);
	}
	node_set((struct node *)(uintptr_t)node_get(parts, "schemas"), S("Problem"), schema);
}
