/* web/docs.h - samples that follow from the OpenAPI document, for the pages made of it. */
#ifndef SUYUAN_DOCS_H
#define SUYUAN_DOCS_H

#include "web/ask.h"

const struct node *docs_resolve(const struct node *api, const struct node *x);      /* follows $ref */
const struct node *docs_first(const struct node *o);                                /* first child; NULL of NULL */
struct str docs_pretty(struct arena *a, const struct node *x);                      /* JSON, a member a line */
struct node *docs_body(struct arena *a, const struct node *api, const struct node *schema);       /* what has to be there, with its examples */
struct str docs_answer(struct arena *a, const struct node *api, const struct node *good);         /* of a response: JSON; empty: a file */
struct str docs_curl(struct arena *a, const struct node *api, const char *base, struct str method, struct str path, const struct node *op);

#endif
