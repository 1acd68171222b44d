/* Hash of a column, mixed in word by word: equal columns have equal
 * hashes; what has equal hashes is compared before it is called equal. */
#ifndef LMR_CORE_HASH_H
#define LMR_CORE_HASH_H

#include <stdint.h>

static inline uint64_t mix_bits(uint64_t h, uint64_t key) {
  h = (h ^ key) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ (h >> 29);
}

/* The hash as a whole number that a double holds. */
static inline double hash_value(uint64_t h) {
  h *= UINT64_C(0xbf58476d1ce4e5b9);
  return (double)((h ^ (h >> 31)) >> 11);
}

#endif
