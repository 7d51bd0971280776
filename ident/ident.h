/* ident/ident.h - recognise, check, normalise and take apart every identifier and code the platform meets.
 *
 * Pure: no clock, no file, no socket. Everything returned lives in the arena or is a view of the text given.
 * Never decides whether a code was issued or is genuine; it only says whether the form is right.
 */
#ifndef SUYUAN_IDENT_H
#define SUYUAN_IDENT_H

#include "../base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IDENT_KINDS(X) \
	X(USCC, "uscc") X(ORG_CODE, "org_code") X(GTIN8, "gtin8") X(GTIN12, "gtin12") X(GTIN13, "gtin13") \
	X(GTIN14, "gtin14") X(SSCC, "sscc") X(GLN, "gln") X(GRAI, "grai") X(GIAI, "giai") X(GDTI, "gdti") \
	X(GMN, "gmn") X(ELEMENTS, "gs1_element_string") X(LINK, "gs1_digital_link") X(EPC, "epc_uri") \
	X(ECODE, "ecode") X(ECODE_URL, "ecode_url") X(MA, "ma_idcode") X(MA_DI, "ma_udi_di") X(MA_PI, "ma_udi_pi") \
	X(ISO15434, "iso15434") X(CCC, "ccc_cert") X(XK, "xk_licence") X(STANDARD, "gb_standard") \
	X(DIVISION, "admin_division") X(PHONE, "phone_cn") X(PHONE_SHORT, "phone_cn_short") X(SEALED, "sealed")

enum ident_kind {
	IDENT_NONE,                     /* not recognised */
#define X(name, text) IDENT_##name,
	IDENT_KINDS(X)
#undef X
	IDENT_KIND_COUNT
};

enum ident_mode {
	IDENT_STRICT,                   /* stored values and interfaces: a deviation is an error with its position */
	IDENT_LENIENT                   /* scanning and typing: full width, spaces, case and the like are repaired */
};

enum ident_type { IDENT_TEXT, IDENT_NUMBER, IDENT_BOOL, IDENT_NULL, IDENT_LIST };

struct ident_part {
	const char *key;
	enum ident_type type;
	struct str value;               /* TEXT as it is; NUMBER, BOOL, NULL as JSON writes them */
	const struct str *items;        /* LIST */
	size_t n_items;
};

struct ident_warning {
	const char *code;
	struct str zh, en;
};

struct ident_error {
	const char *code;               /* NULL when there is none */
	size_t position;                /* characters from 0, in the text as it was checked */
	struct str zh, en;
};

struct ident_result {
	enum ident_kind kind;
	bool valid;
	struct str normal;              /* the form to store; empty when not valid; checks again to itself */
	struct ident_part *parts;
	size_t n_parts, cap_parts;
	struct ident_error error;
	struct ident_warning *warnings;
	size_t n_warnings, cap_warnings;
};

const char *ident_kind_name(enum ident_kind kind);      /* NULL for IDENT_NONE */
enum ident_kind ident_kind_of(struct str name);         /* IDENT_NONE when there is no such kind */

void ident_check(struct arena *a, enum ident_kind kind, struct str text, enum ident_mode mode, struct ident_result *ret);
void ident_scan(struct arena *a, struct str text, enum ident_mode mode, struct ident_result *ret);

/* The value of a part, or NULL. */
const struct ident_part *ident_part(const struct ident_result *r, const char *key);

/* {"input":..,"kind":..,"valid":..,"normal":..,"parts":{..},"error":..,"warnings":[..]}; ill-formed input is shown as U+FFFD. */
void ident_json(struct buf *b, struct str input, const struct ident_result *r);

/* ---- helpers for callers that know what they hold ---- */

bool uscc_ok(struct str s);                             /* GB 32100: both check characters */
char uscc_check_char(struct str first17);               /* 0 when a character is not of the alphabet */
char org_code_check_char(struct str first8);            /* GB 11714 */
bool gtin_check(struct str digits);                     /* 8, 12, 13 or 14 digits with a right check digit */
char gs1_check_digit(struct str digits);                /* for the digits before it; 0 when one is not a digit */
struct str gtin14_of(struct arena *a, struct str digits);   /* left-padded; empty when gtin_check says no */

/* Conversions; false leaves *ret alone. The company prefix length cannot be read off a key: the caller knows it. */
bool link_of_elements(struct arena *a, struct str elements, struct str *ret);
bool elements_of_link(struct arena *a, struct str link, struct str *ret);
bool link_of_epc(struct arena *a, struct str epc, struct str *ret);
bool epc_of_link(struct arena *a, struct str link, unsigned prefix_length, struct str *ret);

/* RFID tags as hexadecimal of their EPC memory (header first, without the protocol bits): SGTIN-96 and -198, SSCC-96,
 * SGLN-96 and -195, GRAI-96 and -170, GDTI-96 and -174, GSRN-96, GSRNP-96. `filter` is 0 to 7; `bits` names the coding,
 * 0 takes the shortest that holds the serial. A numeric coding cannot hold a serial with leading zeros or letters. */
bool epc_of_hex(struct arena *a, struct str hex, struct str *ret, unsigned *ret_filter);
bool epc_of_tag(struct arena *a, struct str tag, struct str *ret, unsigned *ret_filter);    /* urn:epc:tag:sgtin-96:3... */
bool hex_of_epc(struct arena *a, struct str epc, unsigned filter, unsigned bits, struct str *ret);
unsigned gs1_prefix_length(struct str gtin14);          /* for prefixes of China; 0 when not known */

/* ---- sealed code: the packing only; the cipher is elsewhere ---- */

#define SEALED_TEXT 20
#define SEALED_NUMERALS 19

struct sealed {
	unsigned key_id;                /* 0 to 31, in clear as the first character */
	unsigned grain;                 /* 2 bits: product, batch, item */
	uint32_t batch;                 /* 28 bits */
	uint32_t index;                 /* 27 bits */
};

void sealed_pack(const struct sealed *s, unsigned char numerals[SEALED_NUMERALS]);
bool sealed_unpack(const unsigned char numerals[SEALED_NUMERALS], struct sealed *ret);  /* key_id is left alone */
bool sealed_read(struct str text, bool tolerant, unsigned char *key_id, unsigned char numerals[SEALED_NUMERALS]);
void sealed_write(unsigned key_id, const unsigned char numerals[SEALED_NUMERALS], char out[SEALED_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
