/* kernel/doc.h - the two halves of the OpenAPI document: requests in doc.c, answers in doc_answers.c. */
#ifndef SUYUAN_DOC_H
#define SUYUAN_DOC_H

#include "kernel/inside.h"

struct node *doc_ref(struct arena *a, const char *where, const char *name);     /* {"$ref": "#/components/where/name"} */
/* A schema of members: "id!:s at:s size:i open:b tags:[s] any:o progress:Progress errors:[Error]"; ! is always there. */
struct node *doc_members(struct arena *a, struct str members);
void doc_shapes(struct arena *a, struct node *schemas);                        /* those that answers share */
void doc_type_shapes(struct kernel *k, struct arena *a, struct node *schemas, const struct type *t);   /* values, record and list of one type */
struct node *doc_example(struct kernel *k, struct arena *a, const struct field *f);
void doc_answers(struct arena *a, struct node *o, const struct op *op);
void doc_problems(struct arena *a, struct node *parts);

#endif
