/* tests/outside/sm_driver.c - SM3 and SM2 as our crypto floor does them, under the orders of a script.
 *
 * A line "sm3 HEX" is answered by the hash in hex; "sm2 SEED HEX" by the public key and the signature (raw r || s), "PUB SIG".
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"

enum { LINE = 1 << 16 };

static struct str unhex(struct arena *a, char *word)
{
	size_t n = word ? strlen(word) : 0;
	char *p = arena_take(a, n / 2 + 1);

	return word && hex_get((struct str){ word, n }, p, n / 2) ? (struct str){ p, n / 2 } : S("");
}

static bool sign(struct arena *a, struct str seed, struct str msg)
{
	unsigned char pub[65], sig[SIG_LEN];
	struct sign_key *k;
	size_t n;

	if (seed.n != SEED_LEN || sign_key_from_seed(SIGN_SM2, (const unsigned char *)seed.p, &k))
		return false;
	if (sign_public(k, pub, &n) || sign_make(k, msg, sig)) {
		sign_key_free(k);
		return false;
	}
	sign_key_free(k);
	printf("%.*s %.*s\n", STR_ARG(hex_str(a, pub, n)), STR_ARG(hex_str(a, sig, SIG_LEN)));
	return true;
}

int main(void)
{
	char *line = malloc(LINE), *rest;
	struct arena a;

	arena_init(&a, 16 << 20, NULL);
	while (fgets(line, LINE, stdin)) {
		char *what = strtok_r(line, " \n", &rest), *one = strtok_r(NULL, " \n", &rest), *two = strtok_r(NULL, " \n", &rest);

		if (what && !strcmp(what, "sm3")) {
			struct hash h = hash_of(HASH_SM3, unhex(&a, one));

			printf("%.*s\n", STR_ARG(hex_str(&a, h.b, HASH_LEN)));
		} else if (!what || strcmp(what, "sm2") || !sign(&a, unhex(&a, one), unhex(&a, two))) {
			printf("bad\n");
		}
		fflush(stdout);
		arena_reset(&a);
	}
	arena_end(&a);
	free(line);
	return 0;
}
