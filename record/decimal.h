/* record/decimal.h - sums of the numbers people declare, without a rounding anywhere: at most 15 digits before the point, 6 after it.
 *
 * Pure; a decimal is a plain value. What comes in is never negative, a difference may be. Every call that could leave the range
 * answers false and leaves its output alone: a sum that does not fit is no sum.
 */
#ifndef SUYUAN_DECIMAL_H
#define SUYUAN_DECIMAL_H

#include "base/base.h"

/* Twenty-one digits need more than 64 bits; gcc and clang both have this type on every machine we run on. */
__extension__ typedef __int128 decimal_wide;

struct decimal { decimal_wide millionths; };

/* The normal form of a KIND_DECIMAL value and nothing else: "0", "12.5"; no sign, no leading or trailing zero to spare. */
bool decimal_get(struct str text, struct decimal *ret) MUST_USE;
struct str decimal_str(struct arena *a, struct decimal d);          /* normal form; "-12.5" for a difference below zero */
bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret) MUST_USE;
bool decimal_sub(struct decimal a, struct decimal b, struct decimal *ret) MUST_USE;
bool decimal_mul_int(struct decimal d, int64_t n, struct decimal *ret) MUST_USE;
int decimal_cmp(struct decimal a, struct decimal b);                 /* below, equal to or above 0 */
/* So many millionths of d, cut towards zero: a tolerance is never wider than it says. False also when per_million is negative. */
bool decimal_share(struct decimal d, int64_t per_million, struct decimal *ret) MUST_USE;

#endif
