#include "core/genotype/bed_file.h"

#include <inttypes.h>

enum { MAGIC_BYTES = 3 };

/* What the first bytes say the file is instead, and what to do about it. */
static const char *remedy(const uint8_t *magic) {
  if (magic[0] == 0x6c && magic[1] == 0x1b) {
    if (magic[2] == 0)
      return "It is stored sample by sample, as old PLINK versions did: rewrite it with "
             "plink1.9 --bfile <prefix> --make-bed --out <new prefix>.";
    return "It is a PLINK 2 pgen file: convert it with "
           "plink2 --pfile <prefix> --make-bed --out <new prefix>.";
  }
  if (magic[0] == 0x1f && magic[1] == 0x8b) return "It is compressed: unpack it with gunzip.";
  if (magic[0] == 0x28 && magic[1] == 0xb5) return "It is compressed: unpack it with unzstd.";
  if (magic[0] == 'c' && magic[1] == 'h') return "It looks like a table of genome intervals (UCSC bed).";
  return "Give the binary .bed file that PLINK's --make-bed writes.";
}

static lmr_status check_content(bed_file *bed, lmr_error *err) {
  const uint64_t n = bed->n_samples, p = bed->n_variants, stride = bed->stride;
  if (stride && p > ((uint64_t)INT64_MAX - MAGIC_BYTES) / stride)
    return lmr_fail(err, LMR_EINVAL, "a bed file of %" PRIu64 " x %" PRIu64 " cannot exist", n, p);
  const uint64_t expected = MAGIC_BYTES + p * stride, size = bed->in.size;
  if (size < MAGIC_BYTES)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' has %" PRIu64 " bytes: too short for a bed file (expected %" PRIu64 ").\n"
                    "i Copy or make the file again.",
                    bed->in.name, size, expected);
  uint8_t magic[MAGIC_BYTES];
  LMR_TRY(input_read(&bed->in, 0, magic, MAGIC_BYTES, err));
  if (magic[0] != 0x6c || magic[1] != 0x1b || magic[2] != 1)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' is not a variant-major PLINK bed file: it starts with bytes "
                    "%02x %02x %02x, not 6c 1b 01.\ni %s",
                    bed->in.name, magic[0], magic[1], magic[2], remedy(magic));
  if (size != expected)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' has %" PRIu64 " bytes, expected %" PRIu64 " (3 + %" PRIu64
                    " variants of the bim file x %" PRIu64 " bytes for %" PRIu64
                    " samples of the fam file).\ni %s",
                    bed->in.name, size, expected, p, stride, n,
                    size < expected ? "It was cut short, or its bim or fam file belongs to "
                                      "another file: copy the three files again."
                                    : "Its bim or fam file has lost lines or belongs to "
                                      "another file: copy the three files again.");
  return LMR_OK;
}

/* The places after the last sample in the last byte of a variant: zero by the
 * format, and another person's genotypes when the fam file has lost a line. */
static int padding(const bed_file *bed, uint8_t last) {
  const unsigned used = (unsigned)(bed->n_samples % 4);
  return used ? last >> 2 * used : 0;
}

static lmr_status padded(const bed_file *bed, size_t variant, lmr_error *err) {
  const unsigned unused = 4 - (unsigned)(bed->n_samples % 4);
  return lmr_fail(err, LMR_EFORMAT,
                  "'%s' holds genotypes of more people than the %zu of its fam file: in variant %zu the %s "
                  "not empty.\n"
                  "i The fam file has lost a line or belongs to another file: copy the three files again "
                  "(plink --make-bed rewrites them if they do belong together).",
                  bed->in.name, bed->n_samples, variant + 1, unused == 1 ? "place after them is" : "places after them are");
}

static lmr_status open_any(bed_file *bed, const char *path, size_t n_samples,
                           size_t n_variants, const input_file *before, lmr_error *err) {
  bed->n_samples = n_samples;
  bed->n_variants = n_variants;
  bed->stride = bed_stride(n_samples);
  LMR_TRY(input_open(&bed->in, path, err));
  lmr_status status;
  if (before && before->size != bed->in.size)
    status = lmr_fail(err, LMR_EFORMAT,
                      "'%s' has changed since read_plink() opened it: it has %" PRIu64
                      " bytes, expected %" PRIu64 ".\ni Call read_plink() again.",
                      bed->in.name, bed->in.size, before->size);
  else if (before && (before->mtime > bed->in.mtime || before->mtime < bed->in.mtime))
    status = lmr_fail(err, LMR_EFORMAT,
                      "'%s' has changed since read_plink() opened it: it was written again.\n"
                      "i Call read_plink() again.",
                      bed->in.name);
  else
    status = check_content(bed, err);
  if (status != LMR_OK) bed_close(bed);
  return status;
}

lmr_status bed_open(bed_file *bed, const char *path, size_t n_samples,
                    size_t n_variants, lmr_error *err) {
  return open_any(bed, path, n_samples, n_variants, NULL, err);
}

lmr_status bed_reopen(bed_file *bed, const char *path, size_t n_samples,
                      size_t n_variants, uint64_t size, double mtime, lmr_error *err) {
  const input_file before = {.fd = -1, .size = size, .mtime = mtime};
  return open_any(bed, path, n_samples, n_variants, &before, err);
}

lmr_status bed_read(bed_file *bed, size_t first, size_t count, uint8_t *dest,
                    lmr_error *err) {
  if (first > bed->n_variants || count > bed->n_variants - first)
    return lmr_fail(err, LMR_EINVAL, "variants %zu to %zu of %zu", first + 1, first + count,
                    bed->n_variants);
  LMR_TRY(input_read(&bed->in, MAGIC_BYTES + (uint64_t)first * bed->stride, dest,
                     count * bed->stride, err));
  LMR_TRY(input_unchanged(&bed->in, err));
  for (size_t j = 0; j < count; j++)
    if (padding(bed, dest[(j + 1) * bed->stride - 1])) return padded(bed, first + j, err);
  return LMR_OK;
}

lmr_status bed_look(bed_file *bed, size_t most, size_t *looked, size_t *unset, lmr_error *err) {
  const size_t p = bed->n_variants, count = p < most ? p : most;
  *looked = bed->stride ? count : 0;
  *unset = 0;
  for (size_t i = 0; i < *looked; i++) {
    /* Evenly spread, the first and the last among them. */
    const size_t j = count > 1 ? (size_t)((double)i * (double)(p - 1) / (double)(count - 1)) : 0;
    uint8_t last;
    LMR_TRY(input_read(&bed->in, MAGIC_BYTES + (uint64_t)(j + 1) * bed->stride - 1, &last, 1, err));
    if (padding(bed, last)) return padded(bed, j, err);
    *unset += (last >> 2 * ((bed->n_samples - 1) % 4)) == 0;
  }
  return input_unchanged(&bed->in, err);
}

void bed_close(bed_file *bed) { input_close(&bed->in); }
