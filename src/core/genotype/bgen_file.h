/* BGEN files, layout 2 (versions 1.2 and 1.3): a header, the ids of the samples or none, then
 * one variant after the other. All numbers are little-endian. Every length is compared with
 * the size of the file before anything is read or allocated from it.
 * https://www.chg.ox.ac.uk/~gav/bgen_format/spec/latest.html */
#ifndef LMR_CORE_BGEN_FILE_H
#define LMR_CORE_BGEN_FILE_H

#include "core/base/input_file.h"

enum {
  BGEN_WINDOW = 1 << 20, /* most bytes of a variant before its genotypes */
  BGEN_MOST_ALLELES = 32,
  BGEN_PLAIN = 0, /* how genotypes are packed */
  BGEN_ZLIB = 1,
  BGEN_ZSTD = 2
};

typedef struct {
  input_file in; /* in.size and in.mtime identify what was opened */
  uint32_t n_samples, n_variants;
  int packing;                 /* BGEN_PLAIN, BGEN_ZLIB, BGEN_ZSTD */
  int has_ids;                 /* the file names its samples */
  uint64_t ids_at, ids_size;   /* where, in bytes */
  uint64_t first;              /* byte of the first variant */
} bgen_file;

typedef struct {
  const char *start;
  size_t length;
} bgen_text;

/* What stands before the genotypes of a variant; texts lie in the window. */
typedef struct {
  bgen_text id, rsid, chr;
  uint32_t pos;
  uint16_t alleles;
  const uint8_t *allele_bytes; /* for each allele u32 length and text */
  uint64_t at, data;           /* bytes where it and its packed genotypes begin */
  uint32_t packed, unpacked;   /* their bytes in the file, and unpacked */
  uint64_t next;               /* byte after the variant */
} bgen_variant;

/* Opens and checks the header. On failure nothing is left open. LMR_EFORMAT: no BGEN file, of
 * layout 1, without samples or variants, or shorter than it says. */
lmr_status bgen_open(bgen_file *file, const char *path, lmr_error *err);

/* The same for a file that was opened before: LMR_EFORMAT when its size, its time of
 * modification or its number of samples is no longer what it was. */
lmr_status bgen_reopen(bgen_file *file, const char *path, size_t n_samples, uint64_t size, double mtime, lmr_error *err);

/* May be called twice, and after a failed open. */
void bgen_close(bgen_file *file);

/* The ids of the samples: ids_size bytes into `to`, then n_samples times bgen_next_id() from
 * *at = 0. LMR_EFORMAT when they do not fill it, or are no text in UTF-8. */
lmr_status bgen_read_ids(const bgen_file *file, uint8_t *to, lmr_error *err);
lmr_status bgen_next_id(const bgen_file *file, const uint8_t *ids, uint64_t *at, bgen_text *id, lmr_error *err);

/* The variant that begins at byte `at`; window: BGEN_WINDOW bytes. LMR_EFORMAT when it does not
 * end within the file, has texts that are not UTF-8, fewer than two alleles, or genotypes
 * larger than those of so many samples can be. */
lmr_status bgen_read_variant(const bgen_file *file, uint64_t at, uint8_t *window, bgen_variant *out, lmr_error *err);

/* Up to `count` variants, from byte starts[i] each or, when starts is NULL, one after the other from *at, which
 * moves on. Their names and alleles lie in `store`, `room` bytes (at least BGEN_WINDOW); `got` are
 * read, fewer when it is full. */
lmr_status bgen_read_variants(const bgen_file *file, const double *starts, size_t count, uint64_t *at, uint8_t *store,
                              size_t room, bgen_variant *out, size_t *got, lmr_error *err);

/* After the last variant there is nothing: LMR_EFORMAT. */
lmr_status bgen_check_end(const bgen_file *file, uint64_t at, lmr_error *err);

/* Allele k (from 0) of a variant that was read. */
bgen_text bgen_allele(const bgen_variant *variant, unsigned k);

/* Most bytes of the unpacked genotypes of n samples, of up to two copies: 32 bits for each
 * probability. SIZE_MAX when the product overflows. */
size_t bgen_most_bytes(size_t n, size_t alleles);

#endif
