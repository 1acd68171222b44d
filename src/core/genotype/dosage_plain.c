/* Chunks of dosages, their sums, and the plain tile: the fallback, and the twin of the others in
 * the tests. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/genotype/dosage_cross.h"

size_t dosage_chunk_bytes(size_t people, size_t variants) {
  return lmr_add_bytes(lmr_bytes(dosage_stride(people) * variants, sizeof(int16_t)),
                       lmr_bytes((people + 63) / 64 * variants, sizeof(uint64_t)));
}

lmr_status dosage_chunk_take(dosage_chunk *chunk, size_t people, size_t variants, const int32_t *scale,
                             lmr_arena *arena, lmr_error *err) {
  if (people > DOSAGE_PEOPLE)
    return lmr_fail(err, LMR_EINVAL, "%zu people in a chunk of at most %d", people, DOSAGE_PEOPLE);
  *chunk = (dosage_chunk){.people = people, .variants = variants, .stride = dosage_stride(people),
                          .words = (people + 63) / 64, .scale = scale};
  LMR_TAKE(chunk->k, arena, chunk->stride * variants, err);
  LMR_TAKE(chunk->m, arena, chunk->words * variants, err);
  return LMR_OK;
}

void dosage_chunk_fill(dosage_chunk *chunk, size_t v, const int16_t *all, const int *person) {
  int16_t *k = chunk->k + v * chunk->stride;
  uint64_t *m = chunk->m + v * chunk->words;
  memset(m, 0, chunk->words * sizeof *m);
  for (size_t t = 0; t < chunk->people; t++) {
    k[t] = all[person[t]];
    if (k[t] != DOSAGE_MISSING) continue;
    k[t] = 0;
    m[t / 64] |= UINT64_C(1) << t % 64;
  }
  memset(k + chunk->people, 0, (chunk->stride - chunk->people) * sizeof *k);
}

static size_t ones(const uint64_t *x, size_t words) {
  size_t count = 0;
  for (size_t w = 0; w < words; w++)
    for (uint64_t left = x[w]; left; left &= left - 1) count++;
  return count;
}

void dosage_sums(const dosage_chunk *chunk, double *sk, double *sm, int threads) {
  (void)threads;
  LMR_PARALLEL_FOR(threads, static)
  for (size_t v = 0; v < chunk->variants; v++) {
    const int16_t *k = chunk->k + v * chunk->stride;
    int32_t sum = 0;
    for (size_t t = 0; t < chunk->people; t++) sum += k[t];
    sk[v] += sum;
    sm[v] += (double)ones(chunk->m + v * chunk->words, chunk->words);
  }
}

void dosage_tile_plain(const int16_t *const *row_i, size_t ni, const int16_t *const *row_j, size_t nj, size_t length,
                       size_t steps, int64_t *out) {
  for (size_t j = 0; j < nj; j++)
    for (size_t i = 0; i < ni; i++) {
      const int16_t *a = row_i[i], *b = row_j[j];
      int64_t total = 0;
      for (size_t w = 0; w < length;) {
        const size_t left = length - w, end = w + (left / 2 < steps ? left : 2 * steps);
        int32_t sum = 0;
        for (; w < end; w++) sum += (int32_t)a[w] * b[w];
        total += sum;
      }
      out[i + DOSAGE_TILE * j] += total;
    }
}
