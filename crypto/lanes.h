/* crypto/lanes.h - hashing side by side, for the code of this folder only. */
#ifndef SUYUAN_LANES_H
#define SUYUAN_LANES_H

#include "crypto/crypto.h"

#define SM3_LANES 8
/* SM3 of prefix || msg[i] for n <= SM3_LANES messages of any lengths. */
void sm3_lanes(unsigned char prefix, const struct str *msg, size_t n, struct hash *ret);

#endif
