/* record/schema.h - what a field and a record type are; checking, canonical values, disclosure and everything derived.
 *
 * A type is a .def file: one FIELD row for each demand of the policy, in its order and its own words (docs/adding-a-field.md).
 * Pure: the clock, the lists in force and the facts about a product come in through struct check_env.
 */
#ifndef SUYUAN_SCHEMA_H
#define SUYUAN_SCHEMA_H

#include "merkle/merkle.h"
#include "record/json.h"

/* ---- rows ---- */

enum need {
	REQUIRED,        /* 必填 */
	IF_APPLICABLE,   /* 如涉及则必填: a value or an explicit 不涉及, never silence */
	ONE_OF,          /* 必填一种 */
	OPTIONAL,        /* ours only; the annex has none */
};

enum publicity {
	PUBLIC,          /* 公开 */
	OWNER_CHOICE,    /* 生产/销售单位选择是否公开: withheld unless the party opens it */
	PRIVATE,         /* ours: never public (quantities, passwords) */
	UNSTATED,        /* the policy does not say; shown, see docs/decisions */
};

enum data_class {
	BY_PUBLICITY,    /* public fields in clear, withheld ones with the business class */
	PERSON,          /* about a natural person: its own key, erasable alone */
	TRANSIENT,       /* used once and never kept (a password) */
};

/* The class a value of a record is kept under: which key salts and seals it. */
enum key_class { KEY_PUBLIC, KEY_BUSINESS, KEY_PERSON, KEY_CLASSES };

enum kind {
	KIND_TEXT, KIND_NOTE, KIND_LISTED, KIND_USCC, KIND_CONTACT, KIND_DATE, KIND_TIME, KIND_FILE, KIND_PERMIT, KIND_STANDARDS,
	KIND_CODE, KIND_ITEMS, KIND_DECIMAL, KIND_INTEGER, KIND_YES, KIND_REF, KIND_REGION, KIND_LOGIN, KIND_PASSWORD, KIND_NAMES,
	KIND_URL, KIND_CODES, KINDS
};

struct field {
	const char *name;         /* the key of the policy's data file, the same word everywhere */
	enum kind kind;
	enum need need;
	enum publicity publicity;
	const char *clause;       /* "附2-1-2-2": annex 2, part one, (二), row 2; "本平台" for ours */
	const char *words;        /* the policy's own words */
	/* optional, by name */
	const char *en;           /* English label */
	const char *help;         /* one sentence for the form */
	size_t max;               /* code points of text, items of a list, bytes of a file; 0 = the kind's default */
	const char *list;         /* KIND_LISTED: name of a reference list; KIND_NAMES: "a|b|c" allowed words */
	const char *must_if;      /* a fact under which 不涉及 is refused */
	const char *ref;          /* KIND_REF: record type */
	bool own;                 /* KIND_REF: must belong to the caller, or to the officer's region */
	bool index;               /* a column of the derived table */
	bool counterparty;        /* KIND_USCC: this party is the other side of the record and sees it */
	bool filled;              /* by the platform: no form or template asks for it */
	bool past;                /* dates and times: not after now */
	enum data_class cls;
	int keep_years;           /* retention; 0 = as long as the record */
	const char *basis;        /* clause the retention rests on */
	const char *since, *until;   /* dates the row is in force */
	unsigned version;         /* of the type that brought this row in; 0 and 1 are the first. Rows are only ever added at the end */
};

enum leaf_kind { LEAF_NONE, LEAF_REG, LEAF_OBJ, LEAF_FLOW, LEAF_SET, LEAF_ACCESS, LEAF_NOTE, LEAF_ERASE, LEAF_ANCHOR };

struct type {
	const char *name;         /* "product": table p_product, /v1/products, page, CLI */
	const char *schema;       /* published id without its version: "samr-2024-10/product"; NULL: an input, never kept */
	const char *zh, *en;
	enum leaf_kind leaf;
	bool blind;               /* the leaf names neither submitter nor subject (flows would chart shipments) */
	const struct field *fields;
	size_t n;
	const char *clause;
	const char *title;        /* the field that names a record in lists */
	const char *plural;       /* "batches" in URLs; NULL: name + "s" */
	const char *package;      /* published with others of this name for other platforms (kernel/package.c); NULL: not */
	bool guarded;             /* read by its party, officers of its region and the operator alone: not even that it is there is told to others */
	bool common;              /* of no party or region: everybody lists all of them */
};

#define OURS "本平台"
#define ROW(id, k, nd, pub, cl, w, ...) \
	{ .name = #id, .kind = KIND_##k, .need = nd, .publicity = pub, .clause = cl, .words = w, __VA_ARGS__ },

const struct field *type_field(const struct type *t, struct str name, size_t *ret_at);   /* NULL when there is none */
/* A record keeps the version of its type it was filed under: its leaf names "schema/version" and commits to that version's slots. */
unsigned type_version(const struct type *t);                          /* the newest */
size_t type_slots(const struct type *t, unsigned version);            /* rows in force in that version: the first so many; 0: no such version */
struct str type_schema(struct arena *a, const struct type *t, unsigned version);     /* "samr-2024-10/product/2" */
unsigned type_version_named(const struct type *t, struct str schema); /* of a published id of this type; 0: not one of its versions */
bool schema_ok(const struct type *t, char why[200]);     /* names, kinds and references make sense; run at start and in tests */

/* ---- kinds: one row each in kind.c ---- */

struct kind_row {
	const char *name;         /* "text" */
	const char *zh;
	const char *input;        /* HTML input type, "textarea", "select", "file" */
	const char *json_type;    /* of JSON Schema */
	const char *column;       /* abstract column type of an indexed field: "text", "int" */
	size_t max;               /* default of field.max */
};
const struct kind_row *kind_row(enum kind k);

/* ---- values ---- */

enum said { SAID_NOTHING, SAID_VALUE, SAID_NOT_APPLICABLE };
#define NOT_APPLICABLE "不涉及"
#define NO_MANDATORY_STANDARD "无适用的强制性国家标准"

struct value {
	enum said said;
	bool open;                /* OWNER_CHOICE: the party opens it */
	struct str text;          /* normal form */
	const struct str *list;   /* KIND_STANDARDS, KIND_ITEMS, KIND_CODES, KIND_NAMES */
	size_t n;
	int64_t i;                /* day of a date, ms of a time, id of a reference, number, 0/1 */
	const struct str *part;   /* of a list too large for the record's JSON: bytes that lie beside it, named by the list's last element */
	size_t n_part;            /* parts.c; when a record is read back they are fetched apart */
};

enum key_class value_class(const struct field *f, const struct value *v);    /* where it is kept; TRANSIENT ones are not */
struct node *value_node(struct arena *a, const struct field *f, const struct value *v);   /* NULL when nothing was said */
/* As words on one line of a text; a further line of the value is indented, so that it does not look like a line of the text's own. */
void value_words(struct buf *b, const struct node *value);

/* ---- checking: all troubles at once ---- */

struct trouble {
	struct str field;         /* name; "" for the whole */
	const char *clause;
	struct str zh, en;
	size_t at;                /* of a list: which item, from 1; 0: the whole field */
	struct trouble *next;
};
struct troubles {
	struct arena *a;
	struct trouble *first, *last;
	size_t n;
};
void trouble_add(struct troubles *t, const struct field *f, struct str zh, struct str en);
void trouble_named(struct troubles *t, const char *field, const char *clause, const char *zh, const char *en);
struct node *troubles_node(struct arena *a, const struct troubles *t);        /* [{field, clause, zh, en}] */

struct check_env {
	int64_t now;              /* ms */
	void *ctx;
	/* is `key` a row of `list` in force on `day`? Accepts key or Chinese name, answers the key. */
	bool (*listed)(void *ctx, const char *list, struct str key, int64_t day, struct str *ret_key);
	bool (*fact)(void *ctx, const char *fact, const struct type *t, const struct value *v);
	bool open_by_default;     /* the party's setting for its choice fields */
};
/* Reads an input object into values[t->n]. Unknown names, wrong kinds, missing answers become troubles.
 * The members "open" and "withhold" (arrays of field names) carry the choices of this record. */
void check_input(struct arena *a, const struct type *t, const struct node *in, const struct check_env *env, struct value *values,
                 struct troubles *troubles);

/* ---- the field tree (docs/formats/record.md; evidence.md 6.3) ---- */

struct record_keys {
	unsigned char key[KEY_CLASSES][32];
	enum hash_id hash;        /* salts come from its HMAC */
};
/* ["salt","name",value] as base64url: the SD-JWT disclosure of one slot. Empty when nothing was said. */
struct str slot_disclosure(struct arena *a, const struct type *t, size_t slot, const struct value *v, const struct record_keys *k);
/* Digests of the first n slots in schema order (type_slots); a slot nobody filled gets a decoy that looks like any other. */
void slot_leaves(struct arena *a, enum hash_id h, const struct type *t, size_t n, const struct value *values, const struct record_keys *k, struct hash *ret);
struct hash slot_leaf(enum hash_id h, struct str disclosure);
/* What a slot's leaf is made of: the digest of its disclosure, a decoy where that is empty. */
struct hash slot_digest(enum hash_id h, struct str disclosure, const struct record_keys *k, size_t slot);
struct hash digest_leaf(enum hash_id h, const struct hash *digest);
struct hash field_root(enum hash_id h, const struct hash *leaves, size_t n);
/* The last slot of a leaf of version 2: who filed the record, what it corrects, and the ms at which it came. Kept with the business class. party 0: nobody's; root: the
 * first of its corrections; corrects 0: none. The salt is made ahead of the rest. */
#define FILED_SLOT "filing"
struct filed { struct str uscc; int64_t party, root, corrects, at; };
struct str filed_salt(struct arena *a, size_t slot, const struct record_keys *k);
struct str filed_disclosure(struct arena *a, struct str salt, const struct filed *f);
/* Parts of a value: whoever gives them puts parts_text(n, parts_root) as the LAST element of the value's list, so that the slot commits
 * to them. One value of a record has parts. */
#define PARTS_MAX ((size_t)1 << 20)
struct hash parts_root(struct arena *a, enum hash_id h, const struct str *part, size_t n);      /* n > 0 */
struct str parts_text(struct arena *a, size_t n, const struct hash *root);                      /* "parts:16:BASE64URL" */
bool parts_read(struct str text, size_t *ret_n, struct hash *ret_root) MUST_USE;               /* exactly what parts_text writes */
bool parts_named(const struct value *v, size_t *ret_n, struct hash *ret_root);                  /* by the last element of its list */
/* The stored form: an object of the values of one class. */
struct node *class_node(struct arena *a, const struct type *t, const struct value *values, enum key_class c);
/* Back from stored objects (any of the three may be NULL) to values; what is not there says nothing. */
void values_from(struct arena *a, const struct type *t, const struct node *const stored[KEY_CLASSES], struct value *values);

/* ---- everything derived from a type ---- */

enum dialect { DIALECT_SQLITE, DIALECT_PG };
void emit_table(struct buf *b, const struct type *t, enum dialect d);          /* derived table p_<name> and its indexes */
struct node *emit_json_schema(struct arena *a, const struct type *t);
/* The same for a line of a package: type, ref, and what another platform noted beside it. */
struct node *emit_package_schema(struct arena *a, const struct type *t);
struct node *emit_form(struct arena *a, const struct type *t, const struct value *values);   /* rows for the generic form page */
void emit_manual(struct buf *b, const struct type *t);                         /* Markdown table */

#endif
