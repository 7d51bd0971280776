/* crypto/argon2.c - passwords as argon2id PHC strings. The only file that includes argon2.h.
 *
 * Draws no salt of its own and keeps nothing. 19456 KiB, two passes, one lane: the first choice of the OWASP
 * password storage advice; about 20 ms. Checking follows the parameters of the stored string, within a ceiling.
 */
#include <argon2.h>

#include "crypto/crypto.h"

enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, TAG = 32, SALT = 16 };
enum { PHC_MAX = 255, MEMORY_KIB_MAX = 1 << 18, PASSES_MAX = 16, LANES_MAX = 16 };

enum err password_hash(struct str password, const unsigned char salt[16], struct arena *a, struct str *ret)
{
	char phc[PHC_MAX + 1], *out;
	size_t n;
	int r = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, SALT, TAG, phc, sizeof(phc));

	if (r != ARGON2_OK)
		return r == ARGON2_MEMORY_ALLOCATION_ERROR ? E_BUSY : E_CRYPTO;
	n = strlen(phc);
	out = arena_try(a, n + 1);
	if (!out)
		return E_TOO_BIG;
	memcpy(out, phc, n);
	*ret = (struct str){ out, n };
	return OK;
}

static bool at_most(struct str field, const char *name, int64_t most)
{
	int64_t v;

	return str_starts(field, name) && str_to_int(str_sub(field, strlen(name), field.n), &v) && v >= 1 && v <= most;
}

/* A string that came to hold huge parameters must not take the machine down with it. */
static bool affordable(struct str phc)
{
	struct str part, m, t;

	if (!str_starts(phc, "$argon2id$v=19$"))
		return false;
	phc = str_sub(phc, strlen("$argon2id$v=19$"), phc.n);
	return str_cut(&phc, '$', &part) && str_cut(&part, ',', &m) && str_cut(&part, ',', &t) &&
	       at_most(m, "m=", MEMORY_KIB_MAX) && at_most(t, "t=", PASSES_MAX) && at_most(part, "p=", LANES_MAX);
}

bool password_check(struct str password, struct str phc)
{
	char z[PHC_MAX + 1];

	if (phc.n == 0 || phc.n > PHC_MAX || memchr(phc.p, 0, phc.n) || !affordable(phc))
		return false;
	memcpy(z, phc.p, phc.n);
	z[phc.n] = 0;
	return argon2id_verify(z, password.p, password.n) == ARGON2_OK;
}
