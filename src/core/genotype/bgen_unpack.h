/* The genotypes of a variant, unpacked by zlib or, where it was found when the package was
 * built, zstd; libdeflate, where it was found, does what zlib does, faster. zlib works in the caller's memory.
 * libdeflate and zstd take their own (12 and 160 kB) between open and close: the functions that would not are
 * no part of their stable interfaces. */
#ifndef LMR_CORE_BGEN_UNPACK_H
#define LMR_CORE_BGEN_UNPACK_H

#include "core/base/arena.h"

typedef struct {
  int packing;     /* of bgen_file.h */
  void *state;     /* of the library */
  lmr_arena memory;
} bgen_unpacker;

int bgen_has_zstd(void);

size_t bgen_unpack_bytes(void);
lmr_status bgen_unpack_open(bgen_unpacker *unpacker, int packing, lmr_arena memory, lmr_error *err);
void bgen_unpack_close(bgen_unpacker *unpacker); /* may be called twice, and on a zeroed struct */

/* Exactly `expected` bytes from all `size` bytes. LMR_EFORMAT otherwise, with a message that
 * ends a sentence about the variant. */
lmr_status bgen_unpack(bgen_unpacker *unpacker, const uint8_t *from, size_t size, uint8_t *to, size_t expected,
                       lmr_error *err);

#endif
