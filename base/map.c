/* base/map.c - open addressing from text to pointer, in an arena. Keys and values are borrowed. */
#include "base.h"

struct map_slot {
	struct str key;
	void *value;
	bool used;
};

struct map map_in(struct arena *a) { return (struct map){ .a = a }; }

static struct map_slot *slot_of(struct map_slot *slots, size_t cap, struct str key)
{
	size_t i = (size_t)str_hash(key, 0) & (cap - 1);

	while (slots[i].used && !str_eq(slots[i].key, key))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

void *map_get(const struct map *m, struct str key)
{
	return m->cap ? slot_of(m->slots, m->cap, key)->value : NULL;
}

static void map_grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 16;
	struct map_slot *slots = TAKE(m->a, struct map_slot, cap);

	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			*slot_of(slots, cap, m->slots[i].key) = m->slots[i];
	m->slots = slots;
	m->cap = cap;
}

bool map_put(struct map *m, struct str key, void *value)
{
	struct map_slot *slot;

	if ((m->n + 1) * 2 > m->cap)
		map_grow(m);
	slot = slot_of(m->slots, m->cap, key);
	if (slot->used)
		return false;
	*slot = (struct map_slot){ key, value, true };
	m->n++;
	return true;
}
