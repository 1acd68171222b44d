#include <string.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/moments/moments.h"

static size_t triangle(size_t p) { return p * (p + 1) / 2; }

static size_t most_people(const moments_pass_input *in) {
  size_t most = 0;
  for (size_t k = 0; k < in->chunks; k++) most = in->chunk[k].people > most ? in->chunk[k].people : most;
  return most;
}

/* Work besides the planes. */
static size_t fixed_bytes(const moments_pass_input *in) {
  const size_t p = in->source->variants, q = in->q;
  size_t bytes = lmr_add_bytes(moments_buffers_bytes(in->source), lmr_bytes(in->chunks, sizeof(bits_chunk)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(most_people(in) * numeric_width(q), sizeof(double)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(p, sizeof(double)));
  return lmr_add_bytes(bytes, lmr_add_bytes(numeric_products_bytes(p, q), numeric_cross_bytes(q)));
}

/* Chunks from `first` whose planes fit (one at least); *used: their bytes. */
static size_t chunks_that_fit(const moments_pass_input *in, size_t first, size_t *used) {
  const size_t fixed = fixed_bytes(in), room = in->memory > fixed ? in->memory - fixed : 0;
  size_t last = first;
  *used = 0;
  while (last < in->chunks) {
    const size_t more = lmr_add_bytes(*used, bits_chunk_bytes(in->chunk[last].people, in->source->variants));
    if (last > first && more > room) break;
    *used = more;
    last++;
  }
  return last;
}

size_t moments_bits_bytes(const moments_pass_input *in) {
  size_t largest = 0;
  for (size_t k = 0, used; k < in->chunks;) {
    k = chunks_that_fit(in, k, &used);
    largest = used > largest ? used : largest;
  }
  return lmr_add_bytes(fixed_bytes(in), largest);
}

static bits_counts counts_at(bits_counts all, size_t at) {
  const bits_counts out = {all.i ? all.i + at : NULL, all.d ? all.d + at : NULL};
  return out;
}

/* Everything one chunk adds to its block. */
static lmr_status count_chunk(const moments_bits_work *s, const moments_pass_input *in, size_t k, const int *missing, size_t pm,
                              const moments_bits_sums *out, moments_pass_report *report, lmr_cpu level,
                              lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const bits_chunk *planes = &s->planes[k];
  const moments_chunk *chunk = &in->chunk[k];
  const size_t b = chunk->block, p = planes->variants, q = in->q;
  const double start = lmr_seconds();
  memset(s->sm, 0, p * sizeof *s->sm);
  bits_sums(planes, out->sg + b * p, s->sm, lmr_threads(tick, p));
  for (size_t m = 0; m < pm; m++) out->sm[m + b * pm] += s->sm[missing[m]];
  if (!in->no_cross) LMR_TRY(bits_cross_gg(planes, counts_at(out->gg, b * triangle(p)), level, tick, err));
  if (pm && !in->no_cross) {
    LMR_TRY(bits_cross_gm(planes, missing, pm, counts_at(out->gm, b * p * pm), level, tick, err));
    LMR_TRY(bits_cross_mm(planes, missing, pm, counts_at(out->mm, b * triangle(pm)), level, tick, err));
  }
  const double now = lmr_seconds();
  report->counting += now - start;
  if (q) {
    const int threads = lmr_threads(tick, SIZE_MAX);
    numeric_rows(in->column, in->pilot, q, in->order + chunk->first, chunk->people, s->x, threads);
    LMR_TRY(numeric_cross(s->x, chunk->people, q, out->sx + b * q, out->xx + b * triangle(q), work, threads, err));
    const numeric_genotypes g = numeric_bits(planes);
    LMR_TRY(numeric_products(&g, missing, pm, s->x, q, out->gx + b * p * q, out->mx + b * pm * q, level, work, tick, err));
  }
  report->numeric += lmr_seconds() - now;
  return LMR_OK;
}

static lmr_status load(moments_bits_work *s, const moments_pass_input *in, size_t first, size_t last,
                       moments_pass_report *report, lmr_arena *planes, const lmr_tick *tick, lmr_error *err) {
  for (size_t k = first; k < last; k++)
    LMR_TRY(bits_chunk_take(&s->planes[k], in->chunk[k].people, in->source->variants, planes, err));
  LMR_TRY(moments_load(in->source, in->person, in->chunk + first, s->planes + first, last - first, &s->buffers, tick, err));
  report->passes++;
  return LMR_OK;
}

static void fill(const moments_bits_work *s, const moments_pass_input *in, size_t first, size_t last,
                 moments_pass_report *report) {
  for (size_t k = first; k < last && in->fill; k++) {
    lmr_rng rng;
    lmr_rng_seed(&rng, *in->fill, k);
    report->filled += (double)bits_fill(&s->planes[k], &rng);
  }
}

static lmr_status all_chunks(const moments_pass_input *in, moments_bits_work *s, const int *missing, size_t pm,
                             const moments_bits_sums *out, moments_pass_report *report, lmr_cpu level,
                             const lmr_tick *tick, lmr_error *err) {
  for (size_t first = 0, last, used; first < in->chunks; first = last) {
    last = chunks_that_fit(in, first, &used);
    const double share = (double)(last - first) / (double)in->chunks, start = lmr_seconds();
    lmr_arena planes = s->rest;
    lmr_tick_part part = {tick, (double)first / (double)in->chunks, .1 * share};
    const lmr_tick within = {lmr_tick_part_ask, &part, tick ? tick->threads : 1};
    if (!s->loaded) LMR_TRY(load(s, in, first, last, report, &planes, &within, err));
    fill(s, in, first, last, report);
    report->reading += lmr_seconds() - start;
    part.from += part.share;
    part.share = 0; /* between chunks, as each polls from 0 to 1 several times */
    for (size_t k = first; k < last; k++) {
      LMR_TRY(count_chunk(s, in, k, missing, pm, out, report, level, planes, &within, err));
      part.from += .9 * share / (double)(last - first);
    }
  }
  return LMR_OK;
}

/* any[v] from the planes of all chunks. */
static void any_missing(const moments_bits_work *s, size_t chunks, size_t variants, int *any, int threads) {
  (void)threads;
  LMR_PARALLEL_FOR(threads, static)
  for (size_t v = 0; v < variants; v++) {
    uint64_t found = 0;
    for (size_t k = 0; k < chunks && !found; k++)
      for (size_t w = 0; w < s->planes[k].words; w++) found |= bits_m(&s->planes[k], v)[w];
    any[v] = found != 0;
  }
}

static lmr_status look(const moments_pass_input *in, moments_bits_work *s, int *any, moments_pass_report *report,
                       const lmr_tick *tick, lmr_error *err) {
  if (!s->loaded) return moments_scan(in->source, in->person, in->n, any, &s->buffers, tick, err);
  LMR_TRY(load(s, in, 0, in->chunks, report, &s->rest, tick, err));
  any_missing(s, in->chunks, in->source->variants, any, lmr_threads(tick, in->source->variants));
  return LMR_OK;
}

lmr_status moments_bits_missing(const moments_pass_input *in, moments_bits_work *s, int *any, moments_pass_report *report,
                                lmr_arena arena, const lmr_tick *tick, lmr_error *err) {
  const double start = lmr_seconds();
  size_t used;
  LMR_TRY(moments_buffers_take(&s->buffers, in->source, &arena, err));
  LMR_TAKE(s->planes, &arena, in->chunks, err);
  LMR_TAKE(s->x, &arena, most_people(in) * numeric_width(in->q), err);
  LMR_TAKE(s->sm, &arena, in->source->variants, err);
  s->loaded = chunks_that_fit(in, 0, &used) == in->chunks;
  s->rest = arena;
  lmr_status status = in->source->open(in->source, err);
  if (status == LMR_OK) status = look(in, s, any, report, tick, err);
  in->source->close(in->source);
  report->reading += lmr_seconds() - start;
  return status;
}

lmr_status moments_bits(const moments_pass_input *in, moments_bits_work *s, const int *missing, size_t n_missing,
                        const moments_bits_sums *out, moments_pass_report *report, lmr_cpu level, const lmr_tick *tick,
                        lmr_error *err) {
  if (s->loaded) return all_chunks(in, s, missing, n_missing, out, report, level, tick, err);
  lmr_status status = in->source->open(in->source, err);
  if (status == LMR_OK) status = all_chunks(in, s, missing, n_missing, out, report, level, tick, err);
  in->source->close(in->source);
  return status;
}
