/* kernel/mark.h - signed labels: 64 bytes beside a GS1 key, in AI 8030, that anybody checks with one public key and no network.
 *
 * What is signed is the canonical bracketed element string without (8030) (docs/formats/label.md). A copy of a label verifies like
 * its original: a mark tells who named the goods, never which piece it is stuck on.
 */
#ifndef SUYUAN_MARK_H
#define SUYUAN_MARK_H

#include "kernel/kernel.h"

enum { MARK_TEXT = 86 };           /* 64 bytes as base64url without padding */

enum err mark_begin(const struct kernel *k, struct sign_key **ret) MUST_USE;      /* owner: caller, sign_key_free */
enum err mark_sign(const struct sign_key *key, struct str elements, char ret[MARK_TEXT]) MUST_USE;
enum err mark_vkey(const struct kernel *k, struct arena *a, struct str *ret) MUST_USE;     /* "origin/label+id+base64" */

/* A Digital Link or element string against a key as mark_vkey writes it; without clock, file and network. OK: the signature is over
 * *ret_elements; E_CORRUPT: it is not, or the text cannot be read any more; E_ABSENT: there is none; E_BAD: that is no such key. */
enum err mark_check(struct arena *a, struct str vkey, struct str text, struct str *ret_elements) MUST_USE;

#endif
