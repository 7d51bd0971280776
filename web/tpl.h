/* web/tpl.h - templates: text with {{name}}, and nothing that could compute.
 *
 *   {{name}} or {{a.b}}        the value, always HTML-escaped; {{.}} the item itself inside #each over strings
 *   {{#each list}}..{{/each}}  for each child of an array, with that child as the innermost scope
 *   {{#if name}}..{{else}}..{{/if}}   present and not "", false, 0, [] or null
 *   {{>part}}                  another template, same scope
 *   {{t:key}}                  a phrase of the page language from the phrase table (zh/en)
 * Names are looked up from the innermost scope outwards. There is no unescaped form.
 * Templates are parsed once at start into const-like programs; an ill-formed template stops the start with file and line.
 */
#ifndef SUYUAN_TPL_H
#define SUYUAN_TPL_H

#include "record/json.h"

struct tpl_set;
struct tpl_file { const char *name; struct str text; };
struct phrase { const char *key, *zh, *en; };
/* Owner: caller, tpl_free. On E_BAD *trouble names file, line and what is wrong. */
enum err tpl_load(const struct tpl_file *files, size_t n, const struct phrase *phrases, size_t n_phrases, struct tpl_set **ret,
                  char trouble[200]) MUST_USE;
void tpl_free(struct tpl_set *t);
/* E_ABSENT for an unknown template. */
enum err tpl_render(const struct tpl_set *t, const char *name, const struct node *data, bool english, struct buf *out) MUST_USE;

#endif
