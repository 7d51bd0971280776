/* tests/ops/recalls.h - what the stories about recalls have in common: goods that are sold, orders, notices. */
#ifndef SUYUAN_TESTS_RECALLS_H
#define SUYUAN_TESTS_RECALLS_H

#include "mod/trace/recall.h"
#include "tests/ops/harness.h"

const char *range(struct house *h, struct str pack, const char *of);
/* The worker has told whoever was to be told. */
void all_told(struct house *h);
struct node *order_in(struct house *h, const char *kind, const char *by, const char *what);
struct answer ordered(struct house *h, enum who w, const char *kind, const char *by, const char *what);
struct answer sell(struct house *h, enum who from, enum who to, const char *items);
void sell_and_accept(struct house *h, enum who from, enum who to, const char *items);
enum err step(struct house *h, enum who w, const char *op, struct str id);
struct answer progress(struct house *h, enum who w, struct str recall);
int64_t number_of(const struct answer *a, const char *name);
/* The notices of one party about one recall, newest first. */
size_t notices(struct house *h, enum who w, struct str recall, struct str ret[8]);
int64_t notice_count(struct house *h, enum who w, struct str id);

#endif
