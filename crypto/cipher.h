/* crypto/cipher.h - single blocks under a block cipher, for the code of this folder only.
 *
 * A struct cipher is one expanded key, read by many threads. Working state is lent: cipher_borrow, any number of
 * cipher_blocks, cipher_return. Blocks are 16 bytes, each enciphered on its own (ECB): no mode is offered here.
 */
#ifndef SUYUAN_CIPHER_H
#define SUYUAN_CIPHER_H

#include "crypto/crypto.h"

#define BLOCK 16

struct cipher;
struct cipher_use;

/* AES: key of 16, 24 or 32 bytes. SM4: 16. E_BAD for other lengths. Owner: caller, cipher_free. */
enum err cipher_new(enum cipher_id id, struct str key, struct cipher **ret) MUST_USE;
void cipher_free(struct cipher *c);
struct cipher_use *cipher_borrow(const struct cipher *c) MUST_USE;      /* NULL: no memory */
void cipher_return(const struct cipher *c, struct cipher_use *use);
bool cipher_blocks(struct cipher_use *use, const unsigned char *in, unsigned char *out, size_t blocks) MUST_USE;

void wipe(void *p, size_t n);                /* a store the compiler may not drop */

#endif
