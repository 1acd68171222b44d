/* Mutated BGEN files through the core's reader, without R, under sanitizers (tools/bgen_mutations.sh): each file is a
 * copy of one that is right, with bytes changed, cut out or the end cut off. Every one must be refused with LMR_EFORMAT
 * or LMR_EIO and a message, or give numbers from 0 to 2 or NaN. `bgen_mutations COUNT SEED SCRATCH FILE...` */
#include "core/genotype/bgen_block.h"
#include "core/genotype/bgen_file.h"
#include "core/genotype/bgen_unpack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static uint64_t draw(uint64_t below) { /* splitmix64 */
  uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (z ^ (z >> 31)) % below;
}

static void die(const char *what, unsigned long k) {
  fprintf(stderr, "mutation %lu: %s\n", k, what);
  exit(1);
}

static void *room(size_t bytes) {
  void *block = malloc(bytes ? bytes : 1);
  if (!block) die("no memory", 0);
  return block;
}

/* One to eight bytes, mostly of the head, or a piece of the file. */
static size_t mutate(uint8_t *bytes, size_t size) {
  const uint64_t kind = draw(10);
  if (kind == 0) return (size_t)draw(size);
  if (kind == 1) {
    const size_t at = (size_t)draw(size), gone = 1 + (size_t)draw(size - at);
    memmove(bytes + at, bytes + at + gone, size - at - gone);
    return size - gone;
  }
  const size_t reach = draw(2) || size < 200 ? size : 200;
  for (uint64_t times = 1 + draw(8); times--;) {
    const size_t at = (size_t)draw(reach);
    const uint8_t extreme[4] = {0, 1, 0x7f, 0xff};
    bytes[at] = draw(2) ? (uint8_t)draw(256) : extreme[draw(4)];
  }
  return size;
}

/* LMR_OK: all values were looked at. */
static lmr_status read_values(const bgen_file *file, const bgen_variant *variant, bgen_unpacker *unpacker, unsigned long k,
                              lmr_error *err) {
  uint8_t *packed = room(variant->packed), *plain = room(variant->unpacked);
  double *values = room(file->n_samples * sizeof *values);
  bgen_block block;
  const uint8_t *bytes = packed;
  lmr_status status = input_read((input_file *)&file->in, variant->data, packed, variant->packed, err);
  if (status == LMR_OK && file->packing != BGEN_PLAIN) {
    status = bgen_unpack(unpacker, packed, variant->packed, plain, variant->unpacked, err);
    bytes = plain;
  }
  if (status == LMR_OK)
    status = bgen_block_open(&block, bytes, variant->unpacked, file->n_samples, variant->alleles, err);
  for (unsigned allele = 1; status == LMR_OK && allele < variant->alleles; allele++) {
    status = bgen_block_values(&block, allele, values, err);
    for (size_t i = 0; status == LMR_OK && i < file->n_samples; i++)
      if (!isnan(values[i]) && !(values[i] >= 0 && values[i] <= 2)) die("a dosage outside of 0 to 2", k);
  }
  free(values);
  free(plain);
  free(packed);
  return status;
}

static lmr_status read_file(const char *path, uint8_t *window, unsigned long k, lmr_error *err) {
  bgen_file file;
  lmr_status status = bgen_open(&file, path, err);
  if (status != LMR_OK) return status;
  const size_t bytes = bgen_unpack_bytes();
  void *memory = room(bytes);
  bgen_unpacker unpacker = {0};
  if (file.has_ids) {
    uint8_t *ids = room((size_t)file.ids_size);
    bgen_text id;
    uint64_t at = 0;
    status = bgen_read_ids(&file, ids, err);
    for (uint32_t i = 0; status == LMR_OK && i < file.n_samples; i++) status = bgen_next_id(&file, ids, &at, &id, err);
    free(ids);
  }
  if (status == LMR_OK && file.packing != BGEN_PLAIN)
    status = bgen_unpack_open(&unpacker, file.packing, lmr_arena_over(memory, bytes), err);
  uint64_t at = file.first;
  for (uint32_t j = 0; status == LMR_OK && j < file.n_variants; j++) {
    bgen_variant variant;
    status = bgen_read_variant(&file, at, window, &variant, err);
    if (status != LMR_OK) break;
    at = variant.next;
    if (variant.alleles <= BGEN_MOST_ALLELES) status = read_values(&file, &variant, &unpacker, k, err);
  }
  if (status == LMR_OK) status = bgen_check_end(&file, at, err);
  bgen_unpack_close(&unpacker);
  free(memory);
  bgen_close(&file);
  return status;
}

static size_t slurp(const char *path, uint8_t **to) {
  FILE *from = fopen(path, "rb");
  if (!from) die(path, 0);
  fseek(from, 0, SEEK_END);
  const size_t size = (size_t)ftell(from);
  rewind(from);
  *to = room(size);
  if (fread(*to, 1, size, from) != size) die(path, 0);
  fclose(from);
  return size;
}

int main(int count, char **arguments) {
  if (count < 5) die("COUNT SEED SCRATCH FILE...", 0);
  const unsigned long total = strtoul(arguments[1], NULL, 10);
  state = strtoul(arguments[2], NULL, 10);
  uint8_t *window = room(BGEN_WINDOW);
  unsigned long refused = 0;
  for (unsigned long k = 0; k < total; k++) {
    uint8_t *bytes;
    size_t size = slurp(arguments[4 + k % (unsigned long)(count - 4)], &bytes);
    if (k >= (unsigned long)(count - 4)) size = mutate(bytes, size); /* the first of each as it is */
    FILE *to = fopen(arguments[3], "wb");
    if (!to || fwrite(bytes, 1, size, to) != size || fclose(to)) die("cannot write", k);
    free(bytes);
    lmr_error err = {0};
    const lmr_status status = read_file(arguments[3], window, k, &err);
    if (status != LMR_OK && status != LMR_EFORMAT && status != LMR_EIO) die("another status", k);
    if (status != LMR_OK && !err.message[0]) die("no message", k);
    if (status != LMR_OK && k < (unsigned long)(count - 4)) die(err.message, k);
    refused += status != LMR_OK;
  }
  free(window);
  printf("%lu mutated BGEN files: %lu refused, %lu read, no report\n", total, refused, total - refused);
  return 0;
}
