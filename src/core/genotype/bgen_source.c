#include "core/genotype/bgen_source.h"

#include <inttypes.h>
#include <string.h>

#include "core/genotype/bits.h"
#include "core/genotype/dosage.h"

static lmr_status open_none(genotype_source *source, lmr_error *err) {
  bgen_places *from = source->context;
  (void)err;
  from->current = -1;
  return LMR_OK;
}

static void close_file(genotype_source *source) {
  bgen_places *from = source->context;
  if (from->current >= 0) bgen_close(&from->open);
  bgen_unpack_close(&from->unpacker);
  from->current = -1;
}

/* One file is open at a time: variants of several come in runs. */
static lmr_status turn_to(genotype_source *source, int file, lmr_error *err) {
  bgen_places *from = source->context;
  if (from->current == file) return LMR_OK;
  close_file(source);
  LMR_TRY(bgen_reopen(&from->open, from->path[file], source->people, (uint64_t)from->size[file], from->mtime[file], err));
  from->current = file;
  if (from->open.packing == BGEN_ZSTD && !bgen_has_zstd())
    return lmr_fail(err, LMR_EFORMAT,
                    "'%s' is packed by zstd, which LatentMR was built without.\n"
                    "i Write it again: plink2 --bgen <file> ref-first --sample <sample file> --export bgen-1.2 ref-first bits=8, or "
                    "install libzstd (Debian: libzstd-dev) and LatentMR again.",
                    from->open.in.name);
  return bgen_unpack_open(&from->unpacker, from->open.packing, from->unpack, err);
}

static lmr_status about(const bgen_places *from, const bgen_variant *variant, const char *what, lmr_error *err) {
  return lmr_fail(err, LMR_EFORMAT, "Variant \"%.*s\" of '%s' (position %" PRIu32 "): %s.",
                  (int)(variant->rsid.length < 60 ? variant->rsid.length : 60), variant->rsid.start, from->open.in.name,
                  variant->pos, what);
}

/* Reads and unpacks variant v. */
static lmr_status load(genotype_source *source, size_t v, bgen_variant *variant, bgen_block *block, lmr_error *err) {
  bgen_places *from = source->context;
  lmr_error why;
  LMR_TRY(turn_to(source, from->file[v], err));
  LMR_TRY(bgen_read_variant(&from->open, (uint64_t)from->start[v], from->window, variant, err));
  if ((double)variant->pos != from->pos[v] || variant->alleles != from->alleles[v])
    return about(from, variant, "the index or the object says that another one is there. Make them again", err);
  if (variant->alleles > BGEN_MOST_ALLELES) return about(from, variant, "more than 32 alleles are not read", err);
  if (variant->packed > from->packed_size || variant->unpacked > from->unpacked_size)
    return about(from, variant, "it is larger than the index or the object says. Make them again", err);
  LMR_TRY(input_read(&from->open.in, variant->data, from->packed, variant->packed, err));
  LMR_TRY(input_unchanged(&from->open.in, err));
  if (bgen_unpack(&from->unpacker, from->packed, variant->packed, from->unpacked, variant->unpacked, &why) != LMR_OK ||
      bgen_block_open(block, from->unpacked, variant->unpacked, source->people, variant->alleles, &why) != LMR_OK)
    return about(from, variant, why.message, err);
  return LMR_OK;
}

static lmr_status values(genotype_source *source, size_t first, size_t count, double *to, lmr_error *err) {
  const bgen_places *from = source->context;
  for (size_t v = 0; v < count; v++) {
    bgen_variant variant;
    bgen_block block;
    lmr_error why;
    LMR_TRY(load(source, first + v, &variant, &block, err));
    if (bgen_block_values(&block, (unsigned)from->allele[first + v], to + v * source->people, &why) != LMR_OK)
      return about(from, &variant, why.message, err);
  }
  return LMR_OK;
}

/* Files have one width throughout: the caller looked at the first variant. */
static lmr_status dosages(genotype_source *source, size_t first, size_t count, int16_t *to, int32_t *scale, lmr_error *err) {
  const bgen_places *from = source->context;
  for (size_t v = 0; v < count; v++) {
    bgen_variant variant;
    bgen_block block;
    lmr_error why;
    LMR_TRY(load(source, first + v, &variant, &block, err));
    if (block.bits > BGEN_DOSAGE_BITS)
      return about(from, &variant, "it has more bits than the first variant of its file, and more than 14", err);
    if (bgen_block_dosages(&block, (unsigned)from->allele[first + v], to + v * source->people, &why) != LMR_OK)
      return about(from, &variant, why.message, err);
    scale[v] = (int32_t)bgen_scale(&block);
  }
  return LMR_OK;
}

lmr_status bgen_source_bits(genotype_source *source, size_t v, unsigned *bits, int *phased, lmr_error *err) {
  bgen_variant variant;
  bgen_block block;
  lmr_status status = source->open(source, err);
  if (status == LMR_OK) status = load(source, v, &variant, &block, err);
  if (status == LMR_OK) *bits = block.bits, *phased = block.phased;
  source->close(source);
  return status;
}

static lmr_status codes(genotype_source *source, size_t first, size_t count, uint8_t *to, lmr_error *err) {
  const bgen_places *from = source->context;
  for (size_t v = 0; v < count; v++) {
    size_t bad = 0;
    LMR_TRY(values(source, first + v, 1, from->column, err));
    const lmr_status status = bits_encode(from->column, source->people, to + v * genotype_stride(source), &bad, err);
    if (status != LMR_OK)
      return lmr_fail(err, status, "genotype of person %zu, variant %zu is %g, not 0, 1, 2 or NA", bad + 1,
                      first + v + 1, from->column[bad]);
  }
  return LMR_OK;
}

/* What does not pack grows by little: a larger one is refused. */
static size_t packed_room(size_t people, size_t most_packed, size_t alleles) {
  const size_t unpacked = bgen_most_bytes(people, alleles), most = lmr_add_bytes(unpacked, unpacked / 64 + 65536);
  return most_packed < most ? most_packed : most;
}

size_t bgen_source_bytes(size_t people, size_t most_packed, size_t alleles) {
  size_t bytes = lmr_add_bytes(lmr_bytes(bgen_unpack_bytes(), 1), lmr_bytes(BGEN_WINDOW, 1));
  bytes = lmr_add_bytes(bytes, lmr_bytes(packed_room(people, most_packed, alleles), 1));
  bytes = lmr_add_bytes(bytes, lmr_bytes(bgen_most_bytes(people, alleles), 1));
  return lmr_add_bytes(bytes, lmr_bytes(people, sizeof(double)));
}

lmr_status bgen_source(genotype_source *source, bgen_places *from, size_t people, size_t variants, size_t most_packed,
                       size_t alleles, lmr_arena work, lmr_error *err) {
  uint8_t *unpack;
  from->packed_size = packed_room(people, most_packed, alleles);
  from->unpacked_size = bgen_most_bytes(people, alleles);
  LMR_TAKE(unpack, &work, bgen_unpack_bytes(), err);
  LMR_TAKE(from->window, &work, BGEN_WINDOW, err);
  LMR_TAKE(from->packed, &work, from->packed_size, err);
  LMR_TAKE(from->unpacked, &work, from->unpacked_size, err);
  LMR_TAKE(from->column, &work, people, err);
  from->unpack = lmr_arena_over(unpack, bgen_unpack_bytes());
  from->unpacker = (bgen_unpacker){0};
  from->current = -1;
  *source = (genotype_source){.people = people, .variants = variants, .open = open_none, .close = close_file,
                              .codes = codes, .values = values, .context = from, .dosages = dosages};
  return LMR_OK;
}
