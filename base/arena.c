/* base/arena.c - bump memory in pieces, ended all at once.
 *
 * With SUYUAN_ARENA_DEBUG (the sanitizer builds) every piece is its own malloc, so that an overrun
 * of one allocation is seen. Owner: whoever called arena_init calls arena_end.
 */
#include "base.h"

enum { PIECE = 16 * 1024, ALIGN = 16 };

struct piece {
	struct piece *next;
	size_t size;
	char body[] __attribute__((aligned(ALIGN)));
};

void arena_init(struct arena *a, size_t limit, jmp_buf *full)
{
	*a = (struct arena){ .limit = limit, .full = full };
}

void arena_end(struct arena *a)
{
	struct piece *p = a->pieces, *next;

	for (; p; p = next) {
		next = p->next;
		free(p);
	}
	*a = (struct arena){ .limit = a->limit, .full = a->full };
}

void arena_reset(struct arena *a)
{
#ifdef SUYUAN_ARENA_DEBUG
	arena_end(a);
#else
	struct piece *first = NULL, *p = a->pieces, *next;

	for (; p; p = next) {
		next = p->next;
		if (!next && p->size == PIECE)
			first = p;              /* the oldest piece is last in the list */
		else
			free(p);
	}
	a->pieces = first;
	a->used = 0;
	a->at = first ? first->body : NULL;
	a->end = first ? first->body + first->size : NULL;
#endif
}

static bool arena_grow(struct arena *a, size_t n)
{
	size_t size = n;
	struct piece *p;

#ifndef SUYUAN_ARENA_DEBUG
	if (size < PIECE)
		size = PIECE;
#endif
	if (size > SIZE_MAX - sizeof(*p))
		return false;
	p = malloc(sizeof(*p) + size);
	if (!p)
		return false;
	p->size = size;
	p->next = a->pieces;
	a->pieces = p;
	a->at = p->body;
	a->end = p->body + size;
	return true;
}

void *arena_try(struct arena *a, size_t n)
{
	void *got;

	if (n > a->limit - a->used)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (n == 0)
		n = ALIGN;
	if ((size_t)(a->end - a->at) < n && !arena_grow(a, n))
		return NULL;
	got = a->at;
	a->at += n;
	a->used = a->used + n > a->limit ? a->limit : a->used + n;
	return memset(got, 0, n);
}

void *arena_take(struct arena *a, size_t n)
{
	void *got = arena_try(a, n);

	if (got)
		return got;
	if (!a->full)
		abort();                        /* no request boundary was set: a programming error */
	longjmp(*a->full, E_TOO_BIG);
}
