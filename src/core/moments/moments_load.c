#include "core/moments/moments.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/genotype/bed_file.h"
#include "core/genotype/panel.h"

size_t moments_chunks(const int *size, size_t blocks, moments_chunk *out) {
  size_t count = 0, at = 0;
  for (size_t b = 0; b < blocks; b++) {
    const size_t n = (size_t)size[b], pieces = (n + BITS_CHUNK - 1) / BITS_CHUNK;
    /* Pieces of about the same size, all but the last of whole tiles. */
    const size_t people = pieces ? ((n + pieces - 1) / pieces + BITS_PEOPLE - 1) / BITS_PEOPLE * BITS_PEOPLE : 0;
    for (size_t done = 0; done < n; done += people, count++)
      if (out) {
        out[count].block = b;
        out[count].first = at + done;
        out[count].people = n - done < people ? n - done : people;
      }
    at += n;
  }
  return count;
}

static size_t padded(size_t n) { return (n + 31) / 32 * 32; }

size_t moments_buffers_bytes(const genotype_source *source) {
  return lmr_add_bytes(lmr_bytes(BITS_GROUP * genotype_stride(source), 1),
                       lmr_bytes(padded(source->people), sizeof(uint64_t)));
}

lmr_status moments_buffers_take(moments_buffers *buffers, const genotype_source *source,
                                lmr_arena *arena, lmr_error *err) {
  LMR_TAKE(buffers->raw, arena, BITS_GROUP * genotype_stride(source), err);
  LMR_TAKE(buffers->word, arena, padded(source->people), err);
  return LMR_OK;
}

static lmr_status read_group(genotype_source *source, size_t first, size_t *count,
                             moments_buffers *buffers, const lmr_tick *tick, lmr_error *err) {
  if (lmr_tick_poll(tick, (double)first / (double)source->variants))
    return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  *count = source->variants - first < BITS_GROUP ? source->variants - first : BITS_GROUP;
  return source->codes(source, first, *count, buffers->raw, err);
}

lmr_status moments_scan(genotype_source *source, const int *person, size_t n, int *any,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err) {
  /* Two bits a person, 01 for those who count: code 01 is "no call". */
  uint8_t *asked = (uint8_t *)buffers->word;
  memset(asked, 0, genotype_stride(source));
  for (size_t i = 0; i < n; i++) asked[person[i] / 4] |= (uint8_t)(1 << 2 * (person[i] % 4));
  for (size_t first = 0, count; first < source->variants; first += count) {
    LMR_TRY(read_group(source, first, &count, buffers, tick, err));
    LMR_PARALLEL_FOR(lmr_threads(tick, count), static)
    for (size_t v = 0; v < count; v++) {
      const uint8_t *code = buffers->raw + v * genotype_stride(source);
      unsigned found = 0;
      for (size_t k = 0; k < genotype_stride(source); k++) found |= code[k] & ~(code[k] >> 1) & asked[k];
      any[first + v] = found != 0;
    }
  }
  return LMR_OK;
}

lmr_status moments_load(genotype_source *source, const int *person,
                        const moments_chunk *chunk, bits_chunk *planes, size_t chunks,
                        moments_buffers *buffers, const lmr_tick *tick, lmr_error *err) {
  for (size_t first = 0, count; first < source->variants; first += count) {
    LMR_TRY(read_group(source, first, &count, buffers, tick, err));
    bits_person_words(buffers->raw, genotype_stride(source), source->people, count, buffers->word, lmr_threads(tick, SIZE_MAX));
    LMR_PARALLEL_FOR(lmr_threads(tick, chunks), dynamic)
    for (size_t k = 0; k < chunks; k++) bits_repack(buffers->word, person + chunk[k].first, &planes[k], first, count);
  }
  return LMR_OK;
}

static lmr_status pack_all(genotype_source *source, const int *person, size_t n, uint8_t *codes,
                           moments_buffers *buffers, const lmr_tick *tick, lmr_error *err) {
  const size_t stride = bed_stride(n);
  for (size_t first = 0, count; first < source->variants; first += count) {
    LMR_TRY(read_group(source, first, &count, buffers, tick, err));
    for (size_t v = 0; v < count; v++)
      genotype_panel_pack(buffers->raw + v * genotype_stride(source), person, n, codes + (first + v) * stride);
  }
  return LMR_OK;
}

size_t moments_pack_bytes(const genotype_source *source) { return moments_buffers_bytes(source); }

lmr_status moments_pack(genotype_source *source, const int *person, size_t n, uint8_t *codes, lmr_arena work,
                        const lmr_tick *tick, lmr_error *err) {
  moments_buffers buffers;
  LMR_TRY(moments_buffers_take(&buffers, source, &work, err));
  lmr_status status = source->open(source, err);
  if (status == LMR_OK) status = pack_all(source, person, n, codes, &buffers, tick, err);
  source->close(source);
  return status;
}
