/* tests/unit/ident_kit.h - random valid texts of every kind, for the property tests and the fuzzers. */
#ifndef SUYUAN_TEST_IDENT_KIT_H
#define SUYUAN_TEST_IDENT_KIT_H

#include <stdlib.h>

#include "../../ident/ident.h"

enum { MADE_MOST = 512 };

struct random {
	uint64_t s;
};

static inline uint64_t next(struct random *r)   /* splitmix64 */
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline unsigned below(struct random *r, unsigned n) { return (unsigned)(next(r) % n); }

/* SUYUAN_SEED=n repeats a run. */
static inline uint64_t seed_of(uint64_t usual)
{
	const char *z = getenv("SUYUAN_SEED");

	return z ? strtoull(z, NULL, 10) : usual;
}

static const char set_digits[] = "0123456789";
static const char set_31[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
static const char set_36[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char set_62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char set_82[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
static const char set_crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Text being made; what does not fit is a broken test. */
struct made {
	char p[MADE_MOST];
	size_t n;
};

static inline struct str made_str(const struct made *m) { return (struct str){ m->p, m->n }; }

static inline void add_char(struct made *m, char ch)
{
	if (m->n < MADE_MOST)
		m->p[m->n++] = ch;
}

static inline void add(struct made *m, const char *z)
{
	while (*z)
		add_char(m, *z++);
}

static inline void add_str(struct made *m, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		add_char(m, s.p[i]);
}

static inline void add_any(struct made *m, struct random *r, const char *set, size_t n)
{
	unsigned size = (unsigned)strlen(set);

	while (n--)
		add_char(m, set[below(r, size)]);
}

/* n characters of which the last is the check digit of GS1. */
static inline void add_key(struct made *m, struct random *r, size_t n)
{
	size_t from = m->n;

	add_any(m, r, set_digits, n - 1);
	add_char(m, gs1_check_digit(str_sub(made_str(m), from, n - 1)));
}

static inline void add_date(struct made *m, struct random *r)
{
	char date[8];

	snprintf(date, sizeof(date), "%02u%02u%02u", below(r, 100), 1 + below(r, 12), 1 + below(r, 28));
	add(m, date);
}

static inline void make_uscc(struct made *m, struct random *r)
{
	for (;;) {
		char check;

		m->n = 0;
		add(m, "91");
		add_any(m, r, set_digits, 6);
		add_any(m, r, set_31, 8);
		check = org_code_check_char(str_sub(made_str(m), 8, 8));
		if (!check || !strchr(set_31, check))
			continue;
		add_char(m, check);
		add_char(m, uscc_check_char(made_str(m)));
		return;
	}
}

static inline void make_org_code(struct made *m, struct random *r)
{
	char check;

	add_any(m, r, set_36, 8);
	check = org_code_check_char(made_str(m));
	add_char(m, '-');
	add_char(m, check);
}

static inline void make_gmn(struct arena *a, struct made *m, struct random *r)
{
	static const char pair[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	struct ident_result res = { 0 };

	add_any(m, r, set_digits, 4);
	add_any(m, r, set_82, 1 + below(r, 19));
	m->n += 2;
	for (unsigned k = 0; k < 1024 && !res.valid; k++) {
		m->p[m->n - 2] = pair[k >> 5];
		m->p[m->n - 1] = pair[k & 31];
		ident_check(a, IDENT_GMN, made_str(m), IDENT_STRICT, &res);
	}
}

static inline void add_value(struct made *m, struct random *r, bool bracketed, size_t most)
{
	for (size_t n = 1 + below(r, (unsigned)most); n; n--) {
		char ch = set_82[below(r, sizeof(set_82) - 1)];

		if (bracketed && ch == '(')
			add_char(m, '\\');
		add_char(m, ch);
	}
}

static inline void make_elements(struct made *m, struct random *r)
{
	bool bracketed = below(r, 2), lot = below(r, 2), serial = below(r, 2), date = below(r, 2);

	add(m, bracketed ? "(01)" : below(r, 2) ? "]C101" : "\x1d" "01");
	add_key(m, r, 14);
	if (date) {
		add(m, bracketed ? "(17)" : "17");
		add_date(m, r);
	}
	if (lot) {
		add(m, bracketed ? "(10)" : "10");
		add_value(m, r, bracketed, 20);
	}
	if (serial) {
		add(m, bracketed ? "(21)" : lot ? "\x1d" "21" : "21");
		add_value(m, r, bracketed, 20);
	}
}

static inline void add_escaped(struct made *m, struct random *r, size_t most)
{
	for (size_t n = 1 + below(r, (unsigned)most); n; n--) {
		char ch = set_82[below(r, sizeof(set_82) - 1)], hex[4];

		if (is_alnum(ch) || strchr("-._", ch)) {
			add_char(m, ch);
		} else {
			snprintf(hex, sizeof(hex), "%%%02X", (unsigned)(unsigned char)ch);
			add(m, hex);
		}
	}
}

static inline void make_link(struct made *m, struct random *r)
{
	static const char *const stems[] = { "https://id.gs1.org", "http://a.cn/x/y", "HTTPS://ID.GS1.ORG", "https://[::1]:8080/01" };

	add(m, stems[below(r, 4)]);
	add(m, "/01/");
	add_key(m, r, 14);
	if (below(r, 2)) {
		add(m, "/10/");
		add_escaped(m, r, 20);
	}
	if (below(r, 2)) {
		add(m, "/21/");
		add_escaped(m, r, 20);
	}
	if (below(r, 2)) {
		add(m, "?linkType=all&17=");
		add_date(m, r);
	}
}

/* A serial as SGTIN-96 can hold it, or any. */
static inline void make_sgtin(struct made *m, struct random *r, bool number)
{
	unsigned prefix = 6 + below(r, 7);
	char digits[24];

	add(m, "urn:epc:id:sgtin:");
	add_any(m, r, set_digits, prefix);
	add_char(m, '.');
	add_any(m, r, set_digits, 13 - prefix);
	add_char(m, '.');
	if (number) {
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)(next(r) >> (26 + below(r, 37))));
		add(m, digits);
		return;
	}
	for (unsigned n = 1 + below(r, 20); n; n--) {
		char ch = set_82[below(r, sizeof(set_82) - 1)];

		snprintf(digits, sizeof(digits), strchr("\"%&/<>?", ch) ? "%%%02X" : "%c", (unsigned)(unsigned char)ch);
		add(m, digits);
	}
}

static inline void make_epc(struct made *m, struct random *r)
{
	static const struct {
		char head[24];
		unsigned char digits, serial;   /* serial: 0 none, else at most so many characters */
	} rows[] = {
		{ "urn:epc:id:sgtin:", 13, 20 }, { "urn:epc:class:lgtin:", 13, 20 }, { "urn:epc:id:sscc:", 17, 0 },
		{ "urn:epc:id:sgln:", 12, 20 }, { "urn:epc:id:pgln:", 12, 0 }, { "urn:epc:id:grai:", 12, 16 },
		{ "urn:epc:id:gdti:", 12, 17 }, { "urn:epc:id:gsrn:", 17, 0 }, { "urn:epc:id:gsrnp:", 17, 0 }, { "urn:epc:id:upui:", 13, 28 },
	};
	unsigned k = below(r, (unsigned)ROWS(rows)), prefix = 6 + below(r, 7);

	add(m, rows[k].head);
	add_any(m, r, set_digits, prefix);
	add_char(m, '.');
	add_any(m, r, set_digits, rows[k].digits - prefix);
	if (rows[k].serial) {
		add_char(m, '.');
		add_any(m, r, set_62, 1 + below(r, rows[k].serial));
	}
}

static inline void make_ecode(struct made *m, struct random *r)
{
	switch (below(r, 5)) {
	case 0: add_char(m, '0'); add_key(m, r, 14); break;
	case 1: add_char(m, '1'); add_any(m, r, set_digits, 5 + below(r, 20)); break;
	case 2: add_char(m, '2'); add_any(m, r, set_digits, 5 + below(r, 28)); break;
	case 3: add_char(m, '3'); add_any(m, r, set_digits, 5); add_any(m, r, set_62, 1 + below(r, 39)); break;
	default: add_char(m, '4'); add_any(m, r, set_digits, 5); add(m, "产品"); add_any(m, r, set_62, 1 + below(r, 60));
	}
}

/* Tries the check digits in turn. */
static inline void close_ma(struct arena *a, enum ident_kind kind, struct made *m)
{
	struct ident_result res = { 0 };

	m->n++;
	for (char d = '0'; d <= '9' && !res.valid; d++) {
		m->p[m->n - 1] = d;
		ident_check(a, kind, made_str(m), IDENT_STRICT, &res);
	}
}

static inline void make_ma(struct arena *a, enum ident_kind kind, struct made *m, struct random *r)
{
	if (kind == IDENT_MA_PI) {
		add(m, ".S");
		add_any(m, r, set_62, 1 + below(r, 12));
		add(m, ".M");
		add_date(m, r);
		add(m, ".L");
		add_any(m, r, set_62, 1 + below(r, 8));
		add(m, ".C");
		close_ma(a, kind, m);
		return;
	}
	add(m, kind == IDENT_MA ? "MA.156." : "MA.156.M0.");
	add_any(m, r, set_digits, kind == IDENT_MA ? 4 : 6);
	add_char(m, '.');
	if (kind == IDENT_MA_DI) {
		add_any(m, r, set_digits, 1);
		add_any(m, r, set_62, 1 + below(r, 10));
		close_ma(a, kind, m);
		return;
	}
	add_any(m, r, set_62, 1 + below(r, 8));
	if (below(r, 2)) {
		add(m, "/10.");
		add_any(m, r, set_digits, 8);
		add_char(m, '.');
		add_any(m, r, set_62, 1 + below(r, 20));
	}
}

static inline void make_standard(struct made *m, struct random *r)
{
	static const char *const heads[] = { "GB ", "GB/T ", "JB/T ", "DB44/T ", "T/CAS ", "GB/Z ", "XF " };
	char number[40];

	add(m, heads[below(r, 7)]);
	snprintf(number, sizeof(number), "%u", 1 + below(r, 99999));
	add(m, number);
	if (below(r, 2)) {
		snprintf(number, sizeof(number), ".%u", 1 + below(r, 30));
		add(m, number);
	}
	snprintf(number, sizeof(number), "-%u", 1990 + below(r, 40));
	add(m, number);
}

static inline void make_other(struct made *m, struct random *r, enum ident_kind kind)
{
	static const char *const provinces[] = { "(苏)", "（粤）", "京", "", "QS", "（浙）" };
	static const char *const divisions[] = { "110000", "110105", "330103", "653228", "659012", "440300", "810000" };
	static const char *const shorts[] = { "110", "12315", "95588", "10086", "96315" };

	switch (kind) {
	case IDENT_ISO15434: add(m, "[)>\x1e" "06\x1d" "18VD"); add_any(m, r, set_36, 5); add(m, "\x1d" "1P"); add_any(m, r, set_36, 6);
		add(m, "\x1e\x04"); break;
	case IDENT_CCC: add(m, below(r, 2) ? "2022" : "2019"); add_any(m, r, set_digits, 12); break;
	case IDENT_XK: add(m, provinces[below(r, 6)]); add(m, "XK"); add_any(m, r, set_digits, 2); add_char(m, '-');
		add_any(m, r, set_digits, 3); add_char(m, '-'); add_any(m, r, set_digits, 5); break;
	case IDENT_DIVISION: add(m, divisions[below(r, 7)]); break;
	case IDENT_PHONE: add(m, below(r, 2) ? "138" : "0731-8"); add_any(m, r, set_digits, m->n == 3 ? 8 : 7); break;
	case IDENT_PHONE_SHORT: add(m, shorts[below(r, 5)]); break;
	case IDENT_SEALED: add_any(m, r, set_crockford, SEALED_TEXT); break;
	default: break;
	}
}

static inline void make_kind(struct arena *a, enum ident_kind kind, struct random *r, struct made *m)
{
	m->n = 0;
	switch (kind) {
	case IDENT_USCC: make_uscc(m, r); break;
	case IDENT_ORG_CODE: make_org_code(m, r); break;
	case IDENT_GTIN8: add_key(m, r, 8); break;
	case IDENT_GTIN12: add_key(m, r, 12); break;
	case IDENT_GTIN13: case IDENT_GLN: add_key(m, r, 13); break;
	case IDENT_GTIN14: add_key(m, r, 14); break;
	case IDENT_SSCC: add_key(m, r, 18); break;
	case IDENT_GRAI: add_char(m, '0'); add_key(m, r, 13); add_any(m, r, set_82, below(r, 17)); break;
	case IDENT_GIAI: add_any(m, r, set_digits, 6); add_any(m, r, set_82, below(r, 25)); break;
	case IDENT_GDTI: add_key(m, r, 13); add_any(m, r, set_82, below(r, 18)); break;
	case IDENT_GMN: make_gmn(a, m, r); break;
	case IDENT_ELEMENTS: make_elements(m, r); break;
	case IDENT_LINK: make_link(m, r); break;
	case IDENT_EPC: make_epc(m, r); break;
	case IDENT_ECODE: make_ecode(m, r); break;
	case IDENT_ECODE_URL: add(m, "https://www.iotroot.com/E=1"); add_any(m, r, set_digits, 24); break;
	case IDENT_MA: case IDENT_MA_DI: case IDENT_MA_PI: make_ma(a, kind, m, r); break;
	case IDENT_STANDARD: make_standard(m, r); break;
	default: make_other(m, r, kind);
	}
}

#endif
