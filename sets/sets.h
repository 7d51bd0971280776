/* sets/sets.h - sets of small numbers: ranges, and the bytes of one chunk of 65,536 of them.
 *
 * Pure: no clock, no file, nothing kept. A set over a pack of codes is cut into chunks; inside a chunk numbers are offsets 0..65535.
 * Bytes of a chunk are either pairs of numbers (few ranges) or a Roaring bitmap in its portable form (many); docs/formats/set.md.
 * Reading is strict and our own: bytes that are not exactly what chunk_write makes of some set are refused, never repaired.
 */
#ifndef SUYUAN_SETS_H
#define SUYUAN_SETS_H

#include "base/base.h"

#define CHUNK_BITS 16
#define CHUNK_SIZE (UINT32_C(1) << CHUNK_BITS)

struct range { uint32_t lo, hi; };        /* inclusive */

/* Sorts and joins what overlaps or touches, in place; answers how many are left. */
size_t ranges_tidy(struct range *r, size_t n);
uint64_t ranges_count(const struct range *r, size_t n);       /* numbers in tidy ranges */
/* "0-9+12+15-20", decimal, no leading zeros needed on reading; false: not of this form, or beyond `max` ranges. Not tidied. */
bool ranges_read(struct arena *a, struct str text, size_t max, struct range **ret, size_t *ret_n) MUST_USE;
void ranges_write(struct buf *b, const struct range *r, size_t n);

/* ---- one chunk as bytes ---- */

/* r: tidy, offsets of one chunk, at least one. E_IO: no memory inside the library. */
enum err chunk_write(struct arena *a, const struct range *r, size_t n, struct str *ret) MUST_USE;
/* ranges of tidy r (any size) that lie in chunk number `chunk`, as its offsets; *at walks on through r. 0: none. */
size_t chunk_cut(const struct range *r, size_t n, uint32_t chunk, size_t *at, struct range *ret, size_t cap);
bool chunk_ok(struct str bytes);
uint32_t chunk_count(struct str bytes);                       /* how many offsets; 0: not ok. Of a bitmap what its head says */
bool chunk_has(struct str bytes, uint32_t offset);            /* false also when the bytes are not ok */
/* The ranges again, tidy. False: the bytes are not ok. */
bool chunk_ranges(struct arena *a, struct str bytes, struct range **ret, size_t *ret_n) MUST_USE;

/* ---- a chunk as bits, for what is held and what is left ---- */

struct bits { uint64_t w[CHUNK_SIZE / 64]; };
struct span { uint32_t from, to; };                           /* words of bits, `to` is one past: small sets touch few */
/* Adds the set and says which words it touched; false: the bytes are not ok, and `to` is as it was. */
bool chunk_bits(struct str bytes, struct bits *to, struct span *ret) MUST_USE;
void bits_add(struct bits *b, uint32_t lo, uint32_t hi);
/* All of these look at the words of the span alone. */
void bits_clear(struct bits *b, struct span s);
void bits_or(struct bits *b, const struct bits *x, struct span s);
void bits_and(struct bits *b, const struct bits *x, struct span s);
void bits_andnot(struct bits *b, const struct bits *x, struct span s);       /* b without x */
uint32_t bits_count(const struct bits *b, struct span s);
bool bits_has(const struct bits *b, uint32_t offset);
struct range *bits_ranges(struct arena *a, const struct bits *b, size_t *ret_n);
#define WHOLE_CHUNK ((struct span){ 0, CHUNK_SIZE / 64 })

/* ---- the library (roaring.c) ---- */

/* Portable form of a bitmap of n ascending numbers below 65,536, run-optimised. E_TOO_BIG: the arena is full. */
enum err roaring_write(struct arena *a, const uint32_t *v, size_t n, struct str *ret) MUST_USE;

#endif
