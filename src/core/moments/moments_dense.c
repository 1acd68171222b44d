/* Moments of dosages and continuous instruments: rows by blocks through the tall
 * crossproduct. Missing values are zeros in the product; their flags, few, are
 * added person by person. */
#include "core/moments/moments.h"
#include "core/la/tall.h"

#include <math.h>
#include <string.h>

typedef struct {
  double *rows;  /* block of tall_rows(p + q): columns g, x */
  double *cross; /* padded (p + q) square, upper */
  int *absent;   /* positions in `missing` of the variants one person lacks */
} dense_work;

static size_t columns_of(const moments_dense_input *in) { return in->p + in->q; }

size_t moments_dense_bytes(const moments_dense_input *in) {
  const size_t pad = tall_pad(columns_of(in)), rows = tall_rows(columns_of(in));
  size_t bytes = lmr_bytes(pad * rows, sizeof(double));
  bytes = lmr_add_bytes(bytes, lmr_bytes(pad * pad, sizeof(double)));
  return lmr_add_bytes(bytes, lmr_bytes(in->n_missing, sizeof(int)));
}

static void pack(const moments_dense_input *in, const int *order, size_t count, size_t rows,
                 double *block) {
  const size_t pad = tall_pad(columns_of(in));
  memset(block, 0, pad * rows * sizeof *block);
  for (size_t j = 0; j < in->p; j++) {
    const double *g = in->g + j * in->n, shift = in->gpilot[j];
    double *to = block + j * rows;
    for (size_t k = 0; k < count; k++) to[k] = isnan(g[order[k]]) ? 0 : g[order[k]] - shift;
  }
  for (size_t c = 0; c < in->q; c++) {
    double *to = block + (in->p + c) * rows;
    for (size_t k = 0; k < count; k++) to[k] = in->column[c][order[k]] - in->pilot[c];
  }
}

static void add_sums(const moments_dense_input *in, const double *block, size_t count, size_t rows,
                     const moments_block *out) {
  for (size_t j = 0; j < columns_of(in); j++) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += block[j * rows + k];
    *(j < in->p ? out->sg + j : out->sx + (j - in->p)) += sum;
  }
}

static void add_missing(const moments_dense_input *in, const int *order, const double *block,
                        size_t count, size_t rows, int *absent, const moments_block *out) {
  const size_t p = in->p, pm = in->n_missing;
  for (size_t k = 0; k < count; k++) {
    size_t n = 0;
    for (size_t j = 0; j < pm; j++)
      if (isnan(in->g[(size_t)in->missing[j] * in->n + (size_t)order[k]])) absent[n++] = (int)j;
    for (size_t a = 0; a < n; a++) {
      const size_t j = (size_t)absent[a];
      out->sm[j] += 1;
      for (size_t b = 0; b <= a; b++) out->mm[j * (j + 1) / 2 + (size_t)absent[b]] += 1;
      for (size_t v = 0; v < p; v++) out->gm[v + p * j] += block[v * rows + k];
      for (size_t c = 0; c < in->q; c++) out->mx[j + pm * c] += block[(p + c) * rows + k];
    }
  }
}

static void unpack(const moments_dense_input *in, const double *cross, const moments_block *out) {
  const size_t p = in->p, pad = tall_pad(columns_of(in));
  for (size_t j = 0; j < p; j++)
    for (size_t i = 0; i <= j; i++) out->gg[j * (j + 1) / 2 + i] += cross[i + pad * j];
  for (size_t c = 0; c < in->q; c++) {
    const double *column = cross + pad * (p + c);
    for (size_t v = 0; v < p; v++) out->gx[v + p * c] += column[v];
    for (size_t i = 0; i <= c; i++) out->xx[c * (c + 1) / 2 + i] += column[p + i];
  }
}

lmr_status moments_dense(const moments_dense_input *in, const int *order, size_t n, const moments_block *out,
                         lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t pad = tall_pad(columns_of(in)), rows = tall_rows(columns_of(in));
  dense_work w;
  LMR_TAKE(w.rows, &work, pad * rows, err);
  LMR_TAKE(w.cross, &work, pad * pad, err);
  LMR_TAKE(w.absent, &work, in->n_missing, err);
  memset(w.cross, 0, pad * pad * sizeof *w.cross);
  for (size_t k = 0; k < n; k += rows) {
    if (lmr_tick_poll(tick, (double)k / (double)n)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    const size_t count = n - k < rows ? n - k : rows;
    pack(in, order + k, count, rows, w.rows);
    tall_block_cross(w.rows, pad, w.rows, pad, rows, 1, w.cross, pad, level);
    add_sums(in, w.rows, count, rows, out);
    add_missing(in, order + k, w.rows, count, rows, w.absent, out);
  }
  unpack(in, w.cross, out);
  return LMR_OK;
}

void moments_dense_pilots(const double *g, size_t n, size_t p, int shift, double *pilot, int *missing,
                          size_t *n_missing) {
  *n_missing = 0;
  for (size_t v = 0; v < p; v++) {
    long double sum = 0;
    size_t called = 0;
    for (size_t i = 0; i < n; i++) {
      const double x = g[v * n + i];
      if (x != x) continue;
      sum += x;
      called++;
    }
    pilot[v] = called && shift ? (double)(sum / (long double)called) : 0;
    if (called < n) missing[(*n_missing)++] = (int)v;
  }
}
