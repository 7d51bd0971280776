/* web/render.c - pages for others than browsers on this server: a page in a package of evidence. Chinese with English beside, as its words are. */
#include "web/render.h"
#include "web/static.h"
#include "web/tpl.h"

static enum err render(struct arena *a, const char *name, const struct node *data, struct str *ret)
{
	static const struct phrase none[] = { { NULL, NULL, NULL } };
	struct tpl_file one = { NULL, S("") };
	struct tpl_set *set;
	char trouble[200];
	struct buf b;
	enum err e;

	for (size_t i = 0; i < page_template_count; i++)
		if (strcmp(page_templates[i].name, name) == 0)
			one = page_templates[i];
	if (!one.name)
		return E_ABSENT;
	e = tpl_load(&one, 1, none, 0, &set, trouble);
	if (e)
		return e;
	b = buf_in(a, 1 << 16);
	e = tpl_render(set, name, data, false, &b);
	tpl_free(set);
	if (!e)
		*ret = buf_str(&b);
	return e;
}

const struct renderer web_renderer = { render };
