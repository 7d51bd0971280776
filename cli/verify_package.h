/* cli/verify_package.h - between verify_package.c and verify_told.c: a package of evidence that was taken apart. */
#ifndef SUYUAN_CLI_VERIFY_PACKAGE_H
#define SUYUAN_CLI_VERIFY_PACKAGE_H

#include "cli/verify.h"
#include "grid/grid.h"

struct member {
	struct str name, text;        /* text of a document is not kept */
	struct hash sum;
	bool listed, named;           /* in SHA256SUMS; a document that a record names, or what belongs to one */
	bool nameless;                /* said to be named by what cannot be checked */
};

/* One record of the package, as its receipt proves it. */
struct proven {
	const struct member *file;
	struct receipt_seen seen;
	const struct type *type;
	struct disclosed *shown;
	size_t n_shown;
};

struct package {
	struct verify_ask *q;
	struct zip *zip;
	struct member *member;
	size_t n;
	struct proven *record;        /* by their numbers */
	size_t n_records;
	struct checkpoint head;
	bool own_key, other_key;      /* the key is the package's own; it carries another than the one given */
	size_t nameless;
	size_t absent, unproven;      /* documents that are said to be absent; filers that no receipt names */
	const char *zh, *en;          /* of the verdict */
};

int package_wrong(struct package *p, int code, struct str where, const char *zh, const char *en);
struct member *package_member(struct package *p, struct str name);      /* NULL: none */
/* What is told in words is what the receipts prove: steps.ndjson and summary.txt. */
int package_told(struct package *p);

#endif
