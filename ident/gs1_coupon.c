/* ident/gs1_coupon.c - coupon data of North America, AI (8110) and (8112). Pure.
 *
 * Both are strings of digits made of fields whose lengths are told by a digit before them.
 */
#include "gs1.h"

/* What is left to read; every step reports the offset where it found less or other than it needs. */
struct reader {
	struct str v;
	size_t at;
};

static bool take(struct reader *r, size_t n)
{
	if (r->v.n - r->at < n)
		return false;
	r->at += n;
	return true;
}

/* A digit within low..high or equal to also; -1 when it is not there. */
static int digit_in(struct reader *r, char low, char high, char also)
{
	char ch;

	if (r->at == r->v.n)
		return -1;
	ch = r->v.p[r->at];
	if (!((ch >= low && ch <= high) || (also && ch == also)))
		return -1;
	r->at++;
	return ch - '0';
}

static bool take_told(struct reader *r, char low, char high, size_t more)
{
	int n = digit_in(r, low, high, 0);

	return n >= 0 && take(r, (size_t)n + more);
}

/* Requirement: length-told value, a code 0 to 4 or 9, a family code of three digits. */
static bool purchase(struct reader *r)
{
	return take_told(r, '1', '5', 0) && digit_in(r, '0', '4', '9') >= 0 && take(r, 3);
}

/* Company prefix of a further purchase: told length 0 to 6 stands for 6 to 12; 9 for "the same". */
static bool purchase_prefix(struct reader *r)
{
	int n = digit_in(r, '0', '6', '9');

	return n == 9 || (n >= 0 && take(r, (size_t)n + 6));
}

static bool optional_purchases(struct reader *r)
{
	if (r->at < r->v.n && r->v.p[r->at] == '1') {
		r->at++;
		if (digit_in(r, '0', '3', 0) < 0 || !purchase(r) || !purchase_prefix(r))
			return false;
	}
	if (r->at < r->v.n && r->v.p[r->at] == '2') {
		r->at++;
		if (!purchase(r) || !purchase_prefix(r))
			return false;
	}
	return true;
}

static bool coupon_date(struct reader *r, struct str *ret)
{
	size_t at;

	*ret = str_sub(r->v, r->at, 6);
	return ret->n == 6 && rule_yymmdd(*ret, &at) == FAULT_NONE && take(r, 6);
}

static bool optional_dates(struct reader *r)
{
	struct str end = { 0 }, start = { 0 };

	if (r->at < r->v.n && r->v.p[r->at] == '3') {
		r->at++;
		if (!coupon_date(r, &end))
			return false;
	}
	if (r->at < r->v.n && r->v.p[r->at] == '4') {
		r->at++;
		if (!coupon_date(r, &start))
			return false;
		if (end.n && str_cmp(start, end) > 0)
			return false;
	}
	return true;
}

static bool optional_rest(struct reader *r)
{
	if (r->at < r->v.n && r->v.p[r->at] == '5') {
		r->at++;
		if (!take_told(r, '0', '9', 6))
			return false;
	}
	if (r->at < r->v.n && r->v.p[r->at] == '6') {
		r->at++;
		if (!take_told(r, '1', '7', 6))
			return false;
	}
	if (r->at < r->v.n && r->v.p[r->at] == '9') {
		r->at++;
		if (digit_in(r, '0', '2', '5') < 0 && digit_in(r, '6', '6', 0) < 0)
			return false;
		return digit_in(r, '0', '2', 0) >= 0 && take(r, 1) && digit_in(r, '0', '1', 0) >= 0;
	}
	return true;
}

enum fault rule_couponcode(struct str v, size_t *at)
{
	struct reader r = { v, 0 };
	bool right;

	if (!all_digits(v)) {
		rule_set('N', v, at);
		return FAULT_DIGIT;
	}
	right = take_told(&r, '0', '6', 6) && take(&r, 6) && take_told(&r, '1', '5', 0) && purchase(&r) &&
		optional_purchases(&r) && optional_dates(&r) && optional_rest(&r) && r.at == v.n;
	*at = r.at;
	return right ? FAULT_NONE : FAULT_COUPON;
}

enum fault rule_couponposoffer(struct str v, size_t *at)
{
	struct reader r = { v, 0 };
	bool right;

	if (!all_digits(v)) {
		rule_set('N', v, at);
		return FAULT_DIGIT;
	}
	right = digit_in(&r, '0', '1', 0) >= 0 && take_told(&r, '0', '6', 6) && take(&r, 6) && take_told(&r, '0', '9', 6) &&
		r.at == v.n;
	*at = r.at;
	return right ? FAULT_NONE : FAULT_COUPON;
}
