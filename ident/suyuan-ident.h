/* suyuan-ident.h - recognise, check, normalise and take apart identifiers: credit codes, GS1 keys, element strings and
 * Digital Links, EPC URIs and RFID tags, Ecode, MA, CCC certificates, production licences, standards, divisions, phones.
 *
 * Stands alone: C99 or C++, no other header of the project. No clock, no file, no network, no global state. Says whether
 * the form is right, never whether a code was issued. What may be asked for and what the parts are called: the table of
 * kinds in docs/formats/identifiers.md.
 *
 *   One call:    char json[4096];
 *                suyuan_ident(NULL, text, strlen(text), SUYUAN_IDENT_LENIENT, json, sizeof json);
 *   Many calls:  a reader keeps its memory; one reader is for one thread at a time.
 *
 * Texts in are UTF-8 with a length. Texts out end in a zero that n does not count; they and all other things behind a
 * pointer handed out are the reader's and stay until its next call.
 */
#ifndef SUYUAN_IDENT_PLAIN_H
#define SUYUAN_IDENT_PLAIN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SUYUAN_IDENT_API __attribute__((visibility("default")))
#else
#define SUYUAN_IDENT_API
#endif

enum suyuan_ident_mode {
	SUYUAN_IDENT_STRICT,            /* stored values and interfaces: a deviation is an error with its position */
	SUYUAN_IDENT_LENIENT            /* scanning and typing: full width, spaces, case and the like are repaired */
};

enum suyuan_ident_type { SUYUAN_IDENT_TEXT, SUYUAN_IDENT_NUMBER, SUYUAN_IDENT_BOOL, SUYUAN_IDENT_NULL, SUYUAN_IDENT_LIST };

struct suyuan_ident_text {
	const char *p;
	size_t n;                       /* in bytes */
};

struct suyuan_ident_part {
	const char *name;
	enum suyuan_ident_type type;
	struct suyuan_ident_text value; /* TEXT as it is; NUMBER, BOOL and NULL as JSON writes them; LIST: empty */
	const struct suyuan_ident_text *items;
	size_t n_items;                 /* of a LIST */
};

struct suyuan_ident_notice {
	const char *code;               /* a word that does not change with the language; NULL: no error */
	struct suyuan_ident_text zh, en;
};

struct suyuan_ident_answer {
	const char *kind;               /* NULL: not recognised */
	int valid;
	struct suyuan_ident_text normal;        /* the form to store; empty when not valid */
	const struct suyuan_ident_part *parts;
	size_t n_parts;
	struct suyuan_ident_notice error;
	size_t error_position;          /* in characters from 0, in the text as it was checked */
	const struct suyuan_ident_notice *warnings;
	size_t n_warnings;
};

struct suyuan_ident_reader;

/* NULL: no memory. free(NULL) does nothing. */
SUYUAN_IDENT_API struct suyuan_ident_reader *suyuan_ident_new(void);
SUYUAN_IDENT_API void suyuan_ident_free(struct suyuan_ident_reader *r);

/* kind: a name such as "uscc"; NULL finds out. NULL is returned for an unknown kind, or when the text is beyond all
 * measure (more than 1 MiB) or memory ends; a text that is merely wrong has an answer with its error. */
SUYUAN_IDENT_API const struct suyuan_ident_answer *suyuan_ident_check(struct suyuan_ident_reader *r, const char *kind,
	const char *text, size_t n, enum suyuan_ident_mode mode);

/* The part of that name, or NULL. */
SUYUAN_IDENT_API const struct suyuan_ident_part *suyuan_ident_find(const struct suyuan_ident_answer *answer, const char *name);

/* The answer as one JSON object, as the command `suyuan ident --json` writes it, without the end of line. */
SUYUAN_IDENT_API const char *suyuan_ident_json(struct suyuan_ident_reader *r, const char *kind, const char *text, size_t n,
	enum suyuan_ident_mode mode);

/* The same in one call. Returns the length of the whole object without the zero, as snprintf does: when it is not less
 * than cap, json holds nothing but its zero and the call is to be made again with more room. 0: as NULL above. */
SUYUAN_IDENT_API size_t suyuan_ident(const char *kind, const char *text, size_t n, enum suyuan_ident_mode mode, char *json,
	size_t cap);

/* Conversions of whatever form of GS1 data the text is: element string, Digital Link, EPC URI or a tag in hexadecimal.
 * NULL: not such data, or there is no such form of it. The length of the company prefix (6 to 12) cannot be read off a
 * key; for an EPC URI or tag 0 keeps the one it has. filter: 0 to 7; bits: 96, 198 ..., 0 takes the shortest that fits. */
SUYUAN_IDENT_API const char *suyuan_ident_to_link(struct suyuan_ident_reader *r, const char *text, size_t n);
SUYUAN_IDENT_API const char *suyuan_ident_to_elements(struct suyuan_ident_reader *r, const char *text, size_t n);
SUYUAN_IDENT_API const char *suyuan_ident_to_epc(struct suyuan_ident_reader *r, const char *text, size_t n,
	unsigned prefix_length);
SUYUAN_IDENT_API const char *suyuan_ident_to_tag(struct suyuan_ident_reader *r, const char *text, size_t n,
	unsigned prefix_length, unsigned filter, unsigned bits);

/* Names of kinds, from 0; NULL after the last. */
SUYUAN_IDENT_API const char *suyuan_ident_kind(size_t i);
SUYUAN_IDENT_API const char *suyuan_ident_version(void);

#ifdef __cplusplus
}
#endif

#endif
