/* web/route.c - the route table: a tree by segment, words sorted. Never allocates after it was made. */
#include "web/route.h"

struct route_node {
	struct str word;
	const struct route *get, *post;
	struct route_node **words;           /* sorted */
	size_t n_words;
	struct route_node *member, *rest;
};

static bool segment_take(struct str *path, struct str *ret)
{
	if (!str_starts(*path, "/"))
		return false;
	*path = str_sub(*path, 1, path->n);
	*ret = str_sub(*path, 0, str_find(*path, '/'));
	*path = str_sub(*path, ret->n, path->n);
	return true;
}

static struct route_node *word_find(const struct route_node *at, struct str word, size_t *ret_place)
{
	size_t lo = 0, hi = at->n_words;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = str_cmp(word, at->words[mid]->word);

		if (d == 0)
			return at->words[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	if (ret_place)
		*ret_place = lo;
	return NULL;
}

static struct route_node *word_add(struct arena *a, struct route_node *at, struct str word)
{
	size_t place = 0;
	struct route_node *node = word_find(at, word, &place), **words;

	if (node)
		return node;
	node = TAKE(a, struct route_node, 1);
	node->word = word;
	words = TAKE(a, struct route_node *, at->n_words + 1);
	for (size_t i = 0; i <= at->n_words; i++)
		words[i] = i < place ? at->words[i] : i == place ? node : at->words[i - 1];
	at->words = words;
	at->n_words++;
	return node;
}

static struct route_node *step(struct arena *a, struct route_node *at, struct str word, bool last)
{
	bool member = str_starts(word, "{") && str_ends(word, "}"), rest = member && str_ends(word, "*}");
	struct route_node **to = rest ? &at->rest : &at->member;

	if (!member)
		return str_find(word, '{') == word.n ? word_add(a, at, word) : NULL;
	if (word.n < 3 || (rest && !last))
		return NULL;
	if (!*to)
		*to = TAKE(a, struct route_node, 1);
	return *to;
}

static enum err add(struct arena *a, struct route_node *root, const struct route *r, char why[200])
{
	struct route_node *at = root;
	struct str path = str_of(r->path), word;
	const struct route **place;
	size_t members = 0;

	while (at && segment_take(&path, &word)) {
		members += str_starts(word, "{");
		at = step(a, at, word, path.n == 0);
	}
	if (!at || path.n || at == root || members > ROUTE_MEMBERS) {
		snprintf(why, 200, "%s is not a path template", r->path);
		return E_BAD;
	}
	place = r->method == HTTP_POST ? &at->post : &at->get;
	if (*place) {
		snprintf(why, 200, "%s and %s answer the same requests", r->path, (*place)->path);
		return E_CLASH;
	}
	*place = r;
	return OK;
}

enum err routes_make(struct arena *a, const struct route *rows, size_t n, const struct route_node **ret, char why[200])
{
	struct route_node *root = TAKE(a, struct route_node, 1);

	for (size_t i = 0; i < n; i++) {
		enum err e = add(a, root, &rows[i], why);

		if (e)
			return e;
	}
	*ret = root;
	return OK;
}

static bool ends_at(const struct route_node *at, unsigned method, struct route_hit *ret)
{
	const struct route *r = method == HTTP_POST ? at->post : method == HTTP_GET ? at->get : NULL;

	ret->allow |= (at->get ? (unsigned)HTTP_GET : 0u) | (at->post ? (unsigned)HTTP_POST : 0u);
	ret->route = r;
	return r != NULL;
}

/* Goes back to a member when the word leads nowhere for this method; templates are few segments deep. */
static bool find(const struct route_node *at, unsigned method, struct str path, struct route_hit *ret)
{
	struct str rest = path, word;
	const struct route_node *to;

	if (!segment_take(&rest, &word))
		return path.n == 0 && ends_at(at, method, ret);
	to = word_find(at, word, NULL);
	if (to && find(to, method, rest, ret))
		return true;
	if (at->member && word.n && ret->n < ROUTE_MEMBERS) {
		ret->value[ret->n++] = word;
		if (find(at->member, method, rest, ret))
			return true;
		ret->n--;
	}
	if (at->rest && path.n > 1 && ret->n < ROUTE_MEMBERS) {
		ret->value[ret->n++] = str_sub(path, 1, path.n);
		if (ends_at(at->rest, method, ret))
			return true;
		ret->n--;
	}
	return false;
}

enum err route_find(const struct route_node *root, enum http_method m, struct str path, struct route_hit *ret)
{
	*ret = (struct route_hit){ .n = 0 };
	if (find(root, m == HTTP_HEAD ? HTTP_GET : m, path, ret))
		return OK;
	return ret->allow ? E_METHOD : E_ABSENT;
}

struct str route_member(const char *path, size_t i)
{
	struct str rest = str_of(path), word;

	while (segment_take(&rest, &word)) {
		if (!str_starts(word, "{"))
			continue;
		if (i-- == 0)
			return str_sub(word, 1, word.n - (str_ends(word, "*}") ? 3 : 2));
	}
	return S("");
}
