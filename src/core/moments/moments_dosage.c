#include <string.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/moments/moments.h"

static size_t triangle(size_t p) { return p * (p + 1) / 2; }
static size_t packed(size_t i, size_t j) { return i <= j ? triangle(j) + i : triangle(i) + j; }

static size_t most_people(const moments_pass_input *in) {
  size_t most = 0;
  for (size_t k = 0; k < in->chunks; k++) most = in->chunk[k].people > most ? in->chunk[k].people : most;
  return most;
}

/* What the products with numeric columns take. */
static size_t numeric_bytes(const moments_pass_input *in) {
  return lmr_add_bytes(numeric_products_bytes(in->source->variants, in->q), numeric_cross_bytes(in->q));
}

/* Work besides the chunks. */
static size_t fixed_bytes(const moments_pass_input *in) {
  const size_t p = in->source->variants;
  size_t bytes = lmr_add_bytes(lmr_bytes(in->source->people, sizeof(int16_t)), lmr_bytes(p, sizeof(int32_t)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(in->chunks, sizeof(dosage_chunk)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(most_people(in) * numeric_width(in->q), sizeof(double)));
  return lmr_add_bytes(lmr_add_bytes(bytes, lmr_bytes(p, sizeof(double))), lmr_add_bytes(numeric_bytes(in), lmr_bytes(p, sizeof(int))));
}

/* Chunks from `first` that fit (one at least); *used: their bytes. */
static size_t chunks_that_fit(const moments_pass_input *in, size_t first, size_t *used) {
  const size_t fixed = fixed_bytes(in), room = in->memory > fixed ? in->memory - fixed : 0;
  size_t last = first;
  *used = 0;
  while (last < in->chunks) {
    const size_t more = lmr_add_bytes(*used, dosage_chunk_bytes(in->chunk[last].people, in->source->variants));
    if (last > first && more > room) break;
    *used = more;
    last++;
  }
  return last;
}

size_t moments_dosage_bytes(const moments_pass_input *in) {
  size_t largest = 0;
  for (size_t k = 0, used; k < in->chunks;) {
    k = chunks_that_fit(in, k, &used);
    largest = used > largest ? used : largest;
  }
  return lmr_add_bytes(fixed_bytes(in), largest);
}

static lmr_status take_chunks(const moments_pass_input *in, moments_dosage_work *w, size_t first, size_t last,
                              lmr_arena *arena, lmr_error *err) {
  for (size_t k = first; k < last; k++)
    LMR_TRY(dosage_chunk_take(&w->chunk[k], in->chunk[k].people, in->source->variants, w->scale, arena, err));
  return LMR_OK;
}

static int any_flag(const moments_dosage_work *w, size_t first, size_t last, size_t v) {
  uint64_t found = 0;
  for (size_t k = first; k < last; k++) {
    const dosage_chunk *c = &w->chunk[k];
    for (size_t i = 0; i < c->words; i++) found |= c->m[v * c->words + i];
  }
  return found != 0;
}

static int any_person(const moments_pass_input *in, const int16_t *all) {
  for (size_t i = 0; i < in->n; i++)
    if (all[in->person[i]] == DOSAGE_MISSING) return 1;
  return 0;
}

/* One variant after the other into the chunks first .. last - 1. any: NULL, or whether it has missing calls among
 * these people; `scale` is filled then, and must be the same later. */
static lmr_status load(const moments_pass_input *in, moments_dosage_work *w, size_t first, size_t last, int *any,
                       const lmr_tick *tick, lmr_error *err) {
  genotype_source *source = in->source;
  for (size_t v = 0; v < source->variants; v++) {
    int32_t scale;
    if (lmr_tick_poll(tick, (double)v / (double)source->variants)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(source->dosages(source, v, 1, w->all, &scale, err));
    if (scale < 1 || scale > DOSAGE_SCALE || (!any && scale != w->scale[v]))
      return lmr_fail(err, LMR_EFORMAT, "variant %zu has a scale of %d", v + 1, (int)scale);
    w->scale[v] = scale;
    LMR_PARALLEL_FOR(lmr_threads(tick, last - first), dynamic)
    for (size_t k = first; k < last; k++) dosage_chunk_fill(&w->chunk[k], v, w->all, in->person + in->chunk[k].first);
    if (any) any[v] = first < last ? any_flag(w, first, last, v) : any_person(in, w->all);
  }
  return LMR_OK;
}

lmr_status moments_dosage_missing(const moments_pass_input *in, moments_dosage_work *w, int *any,
                                  moments_pass_report *report, lmr_arena arena, const lmr_tick *tick, lmr_error *err) {
  const double start = lmr_seconds();
  size_t used;
  LMR_TAKE(w->all, &arena, in->source->people, err);
  LMR_TAKE(w->scale, &arena, in->source->variants, err);
  LMR_TAKE(w->chunk, &arena, in->chunks, err);
  LMR_TAKE(w->x, &arena, most_people(in) * numeric_width(in->q), err);
  LMR_TAKE(w->sm, &arena, in->source->variants, err);
  w->loaded = chunks_that_fit(in, 0, &used) == in->chunks;
  if (w->loaded) LMR_TRY(take_chunks(in, w, 0, in->chunks, &arena, err));
  w->rest = arena;
  lmr_status status = in->source->open(in->source, err);
  if (status == LMR_OK) status = load(in, w, 0, w->loaded ? in->chunks : 0, any, tick, err);
  in->source->close(in->source);
  report->reading += lmr_seconds() - start;
  report->passes++;
  return status;
}

/* Numerators k + s of BITS_PEOPLE people from k0 on, 0 where missing. */
static void decode(const void *chunk, size_t v, size_t k0, size_t people, double *g) {
  const dosage_chunk *c = chunk;
  const int16_t *k = c->k + v * c->stride + k0;
  const uint64_t *m = c->m + v * c->words + k0 / 64;
  const double s = c->scale[v];
  for (size_t t = 0; t < people; t++) g[t] = k[t] + s;
  for (size_t w = 0; w < (people + 63) / 64; w++)
    for (size_t b = 0; m[w] && b < 64; b++)
      if (m[w] >> b & 1) g[64 * w + b] = 0;
}

/* What one chunk adds to its block: sums of k, not of x. */
static lmr_status add_chunk(const moments_pass_input *in, const moments_dosage_work *w, size_t k, const int *missing,
                            size_t pm, const moments_block *out, moments_pass_report *report, lmr_cpu level,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const dosage_chunk *c = &w->chunk[k];
  const moments_chunk *chunk = &in->chunk[k];
  const double start = lmr_seconds();
  memset(w->sm, 0, c->variants * sizeof *w->sm);
  dosage_sums(c, out->sg, w->sm, lmr_threads(tick, c->variants));
  for (size_t j = 0; j < pm; j++) out->sm[j] += w->sm[missing[j]];
  LMR_TRY(dosage_cross_kk(c, out->gg, level, tick, err));
  LMR_TRY(dosage_cross_flags(c, missing, pm, out->gm, out->mm, tick, err));
  const double now = lmr_seconds();
  report->counting += now - start;
  if (in->q) {
    numeric_rows(in->column, in->pilot, in->q, in->order + chunk->first, chunk->people, w->x, lmr_threads(tick, SIZE_MAX));
    LMR_TRY(numeric_cross(w->x, chunk->people, in->q, out->sx, out->xx, work, lmr_threads(tick, SIZE_MAX), err));
    const numeric_genotypes g = {c, c->people, c->variants, decode, c->m, c->words};
    LMR_TRY(numeric_products(&g, missing, pm, w->x, in->q, out->gx, out->mx, level, work, tick, err));
  }
  report->numeric += lmr_seconds() - now;
  return LMR_OK;
}

/* From sums of k to sums of x; at[v]: place among the missing, or -1. */
static void finish(const moments_block *m, double n, const int32_t *scale, const int *at, size_t p, size_t pm,
                   size_t q, int threads) {
  (void)threads;
  LMR_PARALLEL_FOR(threads, dynamic)
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) {
      const double si = scale[i], sj = scale[j];
      double left = m->sg[i], right = m->sg[j], both = n;
      if (at[j] >= 0) {
        left -= m->gm[i + p * (size_t)at[j]];
        both -= m->sm[at[j]];
      }
      if (at[i] >= 0) {
        right -= m->gm[j + p * (size_t)at[i]];
        both -= m->sm[at[i]];
      }
      if (at[i] >= 0 && at[j] >= 0) both += m->mm[packed((size_t)at[i], (size_t)at[j])];
      double *to = m->gg + packed(i, j);
      *to = (*to + sj * left + si * right + si * sj * both) / (si * sj);
    }
  for (size_t j = 0; j < pm; j++)
    for (size_t v = 0; v < p; v++) {
      const double both = at[v] < 0 ? 0 : m->mm[packed((size_t)at[v], j)];
      double *to = m->gm + v + p * j;
      *to = (*to + scale[v] * (m->sm[j] - both)) / scale[v];
    }
  for (size_t v = 0; v < p; v++) {
    m->sg[v] = (m->sg[v] + scale[v] * (n - (at[v] < 0 ? 0 : m->sm[at[v]]))) / scale[v];
    for (size_t c = 0; c < q; c++) m->gx[v + p * c] /= scale[v];
  }
}

static moments_block block_at(const moments_block *m, size_t b, size_t p, size_t pm, size_t q) {
  return (moments_block){m->gg + b * triangle(p), m->gm + b * p * pm, m->mm + b * triangle(pm),
                         m->sg + b * p,           m->sm + b * pm,     m->gx + b * p * q,
                         m->mx + b * pm * q,      m->sx + b * q,      m->xx + b * triangle(q)};
}

static lmr_status all_chunks(const moments_pass_input *in, moments_dosage_work *w, const int *missing, size_t pm,
                             const moments_block *out, moments_pass_report *report, lmr_cpu level,
                             const lmr_tick *tick, lmr_error *err) {
  const size_t p = in->source->variants;
  for (size_t first = 0, last, used; first < in->chunks; first = last) {
    last = chunks_that_fit(in, first, &used);
    const double share = (double)(last - first) / (double)in->chunks, start = lmr_seconds();
    lmr_arena work = w->rest;
    lmr_tick_part part = {tick, (double)first / (double)in->chunks, .1 * share};
    const lmr_tick within = {lmr_tick_part_ask, &part, tick ? tick->threads : 1};
    if (!w->loaded) {
      LMR_TRY(take_chunks(in, w, first, last, &work, err));
      LMR_TRY(load(in, w, first, last, NULL, &within, err));
      report->passes++;
    }
    report->reading += lmr_seconds() - start;
    part.from += part.share;
    part.share = 0; /* between chunks, as each polls from 0 to 1 several times */
    for (size_t k = first; k < last; k++) {
      const moments_block block = block_at(out, in->chunk[k].block, p, pm, in->q);
      LMR_TRY(add_chunk(in, w, k, missing, pm, &block, report, level, work, &within, err));
      part.from += .9 * share / (double)(last - first);
    }
  }
  return LMR_OK;
}

lmr_status moments_dosage(const moments_pass_input *in, moments_dosage_work *w, const int *missing, size_t n_missing,
                          const int *size, size_t blocks, const moments_block *out, moments_pass_report *report,
                          lmr_cpu level, const lmr_tick *tick, lmr_error *err) {
  const size_t p = in->source->variants;
  lmr_status status = w->loaded ? LMR_OK : in->source->open(in->source, err);
  if (status == LMR_OK) status = all_chunks(in, w, missing, n_missing, out, report, level, tick, err);
  if (!w->loaded) in->source->close(in->source);
  LMR_TRY(status);
  int *at; /* place among the missing, or -1 */
  lmr_arena work = w->rest;
  LMR_TAKE(at, &work, p, err);
  for (size_t v = 0; v < p; v++) at[v] = -1;
  for (size_t k = 0; k < n_missing; k++) at[missing[k]] = (int)k;
  for (size_t b = 0; b < blocks; b++) {
    const moments_block block = block_at(out, b, p, n_missing, in->q);
    finish(&block, size[b], w->scale, at, p, n_missing, in->q, lmr_threads(tick, p));
  }
  return LMR_OK;
}
