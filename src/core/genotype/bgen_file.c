#include "core/genotype/bgen_file.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "core/base/text_bytes.h"

enum { HEADER = 24, LEAST_HEADER = 20, LEAST_VARIANT = 34, FIRST_LOOK = 512 };

static uint32_t u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }

static int is_text(const uint8_t *start, size_t length) {
  return text_check_line((const char *)start, (const char *)start + length, 1, "", NULL) == LMR_OK;
}

static lmr_status broken(const bgen_file *file, const char *what, lmr_error *err) {
  return lmr_fail(err, LMR_EFORMAT, "'%s' is damaged: %s.\ni Copy or make the file again.", file->in.name, what);
}

static lmr_status check_flags(bgen_file *file, uint32_t flags, lmr_error *err) {
  const unsigned layout = flags >> 2 & 15, packing = flags & 3;
  file->packing = (int)packing;
  file->has_ids = flags >> 31 != 0;
  if (layout == 1)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' is a BGEN file of layout 1 (version 1.1): layout 2 is read.\n"
                    "i Write it again: plink2 --bgen <file> ref-first --sample <sample file> --export bgen-1.2 ref-first bits=8.",
                    file->in.name);
  if (layout != 2 || packing > BGEN_ZSTD)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' says it is a BGEN file of layout %u and compression %u: layout 2 and compressions 0, 1 and 2 "
                    "are known.\ni It is damaged or of a later version.",
                    file->in.name, layout, packing);
  return LMR_OK;
}

static lmr_status check_ids(bgen_file *file, uint64_t header, uint64_t offset, lmr_error *err) {
  uint8_t head[8];
  if (offset < header + 8) return broken(file, "there is no room for the sample ids that it says it has", err);
  LMR_TRY(input_read(&file->in, 4 + header, head, sizeof head, err));
  const uint64_t length = u32(head);
  if (length < 8 || length > offset - header)
    return broken(file, "the block of sample ids does not end before the first variant", err);
  if (u32(head + 4) != file->n_samples) return broken(file, "header and sample ids count different samples", err);
  file->ids_at = 4 + header + 8;
  file->ids_size = length - 8;
  if (file->ids_size < 2 * (uint64_t)file->n_samples) return broken(file, "the block of sample ids is too short", err);
  return LMR_OK;
}

static lmr_status check_header(bgen_file *file, lmr_error *err) {
  uint8_t head[HEADER], flags[4];
  const uint64_t size = file->in.size;
  const int whole = size >= HEADER;
  if (whole) LMR_TRY(input_read(&file->in, 0, head, HEADER, err));
  if (!whole || (memcmp(head + 16, "bgen", 4) && u32(head + 16) != 0))
    return lmr_fail(err, LMR_EFORMAT, "'%s' is not a BGEN file: %s.\ni Give the .bgen file itself.", file->in.name,
                    whole ? "\"bgen\" does not stand at byte 17" : "it is too short");
  const uint64_t offset = u32(head), header = u32(head + 4);
  file->n_variants = u32(head + 8);
  file->n_samples = u32(head + 12);
  if (header < LEAST_HEADER || offset < header || offset + 4 > size)
    return broken(file, "its header does not fit into it", err);
  LMR_TRY(input_read(&file->in, header, flags, sizeof flags, err));
  LMR_TRY(check_flags(file, u32(flags), err));
  file->first = offset + 4;
  if (!file->n_samples || !file->n_variants || file->n_samples > INT_MAX || file->n_variants > INT_MAX)
    return lmr_fail(err, LMR_EFORMAT, "'%s' has %" PRIu32 " samples and %" PRIu32 " variants: from 1 to %d are read.",
                    file->in.name, file->n_samples, file->n_variants, INT_MAX);
  if (file->n_variants > (size - file->first) / LEAST_VARIANT)
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' has %" PRIu64 " bytes: too few for the %" PRIu32 " variants of its header.\n"
                    "i It was cut short: copy the file again.",
                    file->in.name, size, file->n_variants);
  return file->has_ids ? check_ids(file, header, offset, err) : LMR_OK;
}

lmr_status bgen_open(bgen_file *file, const char *path, lmr_error *err) {
  memset(file, 0, sizeof *file);
  LMR_TRY(input_open(&file->in, path, err));
  const lmr_status status = check_header(file, err);
  if (status != LMR_OK) bgen_close(file);
  return status;
}

lmr_status bgen_reopen(bgen_file *file, const char *path, size_t n_samples, uint64_t size, double mtime, lmr_error *err) {
  LMR_TRY(bgen_open(file, path, err));
  if (file->in.size == size && !(file->in.mtime > mtime || file->in.mtime < mtime) && file->n_samples == n_samples)
    return LMR_OK;
  bgen_close(file);
  return lmr_fail(err, LMR_EFORMAT, "'%s' has changed since read_bgen() opened it.\ni Call read_bgen() again.",
                  file->in.name);
}

void bgen_close(bgen_file *file) { input_close(&file->in); }

lmr_status bgen_read_ids(const bgen_file *file, uint8_t *to, lmr_error *err) {
  LMR_TRY(input_read((input_file *)&file->in, file->ids_at, to, (size_t)file->ids_size, err));
  return input_unchanged(&file->in, err);
}

lmr_status bgen_next_id(const bgen_file *file, const uint8_t *ids, uint64_t *at, bgen_text *id, lmr_error *err) {
  const uint64_t left = file->ids_size - *at;
  if (left < 2 || left - 2 < u16(ids + *at)) return broken(file, "the block of sample ids is too short", err);
  const size_t length = u16(ids + *at);
  if (!is_text(ids + *at + 2, length))
    return broken(file, "a sample id is no text in UTF-8 or holds a control character", err);
  *id = (bgen_text){(const char *)ids + *at + 2, length};
  *at += 2 + length;
  return LMR_OK;
}

/* The bytes of a variant that are in the window, from `at` on. */
typedef struct {
  const uint8_t *bytes;
  size_t have, at;
} cursor;

/* The next `count` bytes, or NULL when they are not in the window. */
static const uint8_t *next(cursor *from, size_t count) {
  if (from->have - from->at < count) return NULL;
  const uint8_t *found = from->bytes + from->at;
  from->at += count;
  return found;
}

static int next_text(cursor *from, int wide, bgen_text *out) {
  const uint8_t *length = next(from, wide ? 4 : 2);
  if (!length) return 0;
  out->length = wide ? u32(length) : u16(length);
  out->start = (const char *)next(from, out->length);
  return out->start != NULL;
}

/* 0 when the window ends before the variant does. */
static int parse(const bgen_file *file, cursor *from, bgen_variant *out) {
  const uint8_t *bytes;
  bgen_text allele;
  if (!next_text(from, 0, &out->id) || !next_text(from, 0, &out->rsid) || !next_text(from, 0, &out->chr)) return 0;
  if (!(bytes = next(from, 6))) return 0;
  out->pos = u32(bytes);
  out->alleles = (uint16_t)u16(bytes + 4);
  out->allele_bytes = from->bytes + from->at;
  for (unsigned k = 0; k < out->alleles; k++)
    if (!next_text(from, 1, &allele)) return 0;
  if (!(bytes = next(from, file->packing ? 8 : 4))) return 0;
  out->packed = u32(bytes);
  out->unpacked = file->packing ? u32(bytes + 4) : out->packed;
  return 1;
}

static lmr_status bad_variant(const bgen_file *file, uint64_t at, const char *what, lmr_error *err) {
  return lmr_fail(err, LMR_EFORMAT, "'%s' is damaged: the variant at byte %" PRIu64 " %s.\ni Copy or make the file again.",
                  file->in.name, at, what);
}

static lmr_status check_variant(const bgen_file *file, uint64_t at, bgen_variant *out, lmr_error *err) {
  if (file->packing) { /* the count covers the four bytes of the unpacked size */
    if (out->packed < 4) return bad_variant(file, at, "has genotypes of no bytes", err);
    out->packed -= 4;
  }
  if (out->packed > file->in.size - out->data) return bad_variant(file, at, "does not end within the file", err);
  out->next = out->data + out->packed;
  if (!is_text((const uint8_t *)out->id.start, out->id.length) ||
      !is_text((const uint8_t *)out->rsid.start, out->rsid.length) ||
      !is_text((const uint8_t *)out->chr.start, out->chr.length))
    return bad_variant(file, at, "has a name that is no text in UTF-8", err);
  if (out->alleles < 2) return bad_variant(file, at, "has fewer than two alleles", err);
  const uint8_t *allele = out->allele_bytes;
  for (unsigned k = 0; k < out->alleles; allele += 4 + (size_t)u32(allele), k++)
    if (!is_text(allele + 4, u32(allele))) return bad_variant(file, at, "has an allele that is no text in UTF-8", err);
  const size_t n = file->n_samples;
  if (out->unpacked < 10 + n) return bad_variant(file, at, "has genotypes of fewer samples than the file", err);
  if (out->alleles <= BGEN_MOST_ALLELES && out->unpacked > bgen_most_bytes(n, out->alleles))
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' has a variant (byte %" PRIu64 ") whose genotypes unpack to %" PRIu32 " bytes, more than %zu samples "
                    "with two copies can have.\ni It is damaged, or of people with more copies, who are not read.",
                    file->in.name, at, out->unpacked, n);
  return LMR_OK;
}

lmr_status bgen_read_variant(const bgen_file *file, uint64_t at, uint8_t *window, bgen_variant *out, lmr_error *err) {
  const uint64_t size = file->in.size;
  if (at < file->first || at >= size) return bad_variant(file, at, "is not within the file", err);
  for (size_t look = FIRST_LOOK;; look = BGEN_WINDOW) {
    cursor from = {window, size - at < look ? (size_t)(size - at) : look, 0};
    LMR_TRY(input_read((input_file *)&file->in, at, window, from.have, err));
    if (parse(file, &from, out)) {
      out->at = at;
      out->data = at + from.at;
      return check_variant(file, at, out, err);
    }
    if (from.have == size - at) return bad_variant(file, at, "does not end within the file", err);
    if (look == BGEN_WINDOW)
      return lmr_fail(err, LMR_EFORMAT,
                      "'%s' has names and alleles of more than %d bytes in the variant at byte %" PRIu64
                      ".\ni It is damaged, or leave that variant out: plink2 --exclude.",
                      file->in.name, BGEN_WINDOW, at);
  }
}

lmr_status bgen_read_variants(const bgen_file *file, const double *starts, size_t count, uint64_t *at, uint8_t *store,
                              size_t room, bgen_variant *out, size_t *got, lmr_error *err) {
  size_t used = 0;
  for (*got = 0; *got < count && room - used >= BGEN_WINDOW; ++*got) {
    bgen_variant *variant = out + *got;
    LMR_TRY(bgen_read_variant(file, starts ? (uint64_t)starts[*got] : *at, store + used, variant, err));
    used += (size_t)(variant->data - variant->at);
    *at = variant->next;
  }
  return input_unchanged(&file->in, err);
}

lmr_status bgen_check_end(const bgen_file *file, uint64_t at, lmr_error *err) {
  if (at == file->in.size) return LMR_OK;
  return lmr_fail(err, LMR_EFORMAT,
                  "'%s' has %" PRIu64 " bytes after the last of the %" PRIu32 " variants of its header.\n"
                  "i It is damaged, or is still being written: copy or make the file again.",
                  file->in.name, file->in.size - at, file->n_variants);
}

bgen_text bgen_allele(const bgen_variant *variant, unsigned k) {
  const uint8_t *at = variant->allele_bytes;
  while (k--) at += 4 + (size_t)u32(at);
  return (bgen_text){(const char *)at + 4, u32(at)};
}

size_t bgen_most_bytes(size_t n, size_t alleles) {
  const size_t each = 1 + 4 * (alleles * (alleles + 1) / 2 - 1);
  return n > (SIZE_MAX - 10) / each ? SIZE_MAX : 10 + n * each;
}
