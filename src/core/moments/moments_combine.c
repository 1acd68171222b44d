#include "core/moments/moments_combine.h"

size_t moments_add_bytes(size_t p) { return 2 * lmr_bytes(p, sizeof(int)); }

static inline double stored(stored_counts s, size_t k) { return s.i ? (double)s.i[k] : s.d[k]; }
static inline size_t triangle(size_t p) { return p * (p + 1) / 2; }
static inline size_t packed(size_t i, size_t j) {
  return i <= j ? triangle(j) + i : triangle(i) + j;
}

static inline void add(int *i, double *d, size_t k, double value) {
  if (i) i[k] += (int)value; /* the caller checked that totals fit */
  else d[k] += value;
}

lmr_status moments_add(const moments_view *site, size_t block, double people,
                       const moments_recoding *recoding, const moments_sums *out, lmr_arena work,
                       lmr_error *err) {
  const size_t p = site->p, q = site->q, pm = site->pm;
  const double *a = recoding->a, *c = recoding->c, *delta = recoding->delta;
  const size_t gg0 = triangle(p) * block, gm0 = p * pm * block, mm0 = triangle(pm) * block;
  const double *sg = site->sg + p * block, *sm = site->sm + pm * block, *sx = site->sx + q * block;
  const double *gx = site->gx + p * q * block, *mx = site->mx + pm * q * block;
  int *old_at, *at; /* row of the site's missing flags: by its variant, by the new one */
  LMR_TAKE(old_at, &work, p, err);
  LMR_TAKE(at, &work, p, err);
  for (size_t v = 0; v < p; v++) old_at[v] = -1;
  for (size_t k = 0; k < pm; k++) old_at[site->missing[k] - 1] = (int)k;
  for (size_t v = 0; v < p; v++) at[v] = old_at[recoding->from[v]];

#define FROM(v) ((size_t)recoding->from[v])
#define SM(v) (at[v] < 0 ? 0. : sm[at[v]])
#define GM(v, u) (at[u] < 0 ? 0. : stored(site->gm, gm0 + FROM(v) + p * (size_t)at[u]))
#define MM(v, u) \
  (at[v] < 0 || at[u] < 0 ? 0. : stored(site->mm, mm0 + packed((size_t)at[v], (size_t)at[u])))
#define MX(v, k) (at[v] < 0 ? 0. : mx[(size_t)at[v] + pm * (k)])

  for (size_t j = 0; j < p; j++) {
    out->sg[j] += a[j] * (people - SM(j)) + c[j] * sg[FROM(j)];
    for (size_t i = 0; i <= j; i++) {
      double value = c[i] * c[j] * stored(site->gg, gg0 + packed(FROM(i), FROM(j)));
      if (a[i] != 0) value += a[i] * c[j] * (sg[FROM(j)] - GM(j, i));
      if (a[j] != 0) value += a[j] * c[i] * (sg[FROM(i)] - GM(i, j));
      if (a[i] != 0 && a[j] != 0) value += a[i] * a[j] * (people - SM(i) - SM(j) + MM(i, j));
      add(out->gg_i, out->gg_d, triangle(j) + i, value);
    }
  }
  for (size_t k = 0; k < out->pm; k++) {
    const size_t u = (size_t)out->missing[k] - 1;
    if (at[u] < 0) continue;
    out->sm[k] += SM(u);
    for (size_t v = 0; v < p; v++)
      add(out->gm_i, out->gm_d, v + p * k, a[v] * (SM(u) - MM(v, u)) + c[v] * GM(v, u));
    for (size_t l = 0; l <= k; l++)
      add(out->mm_i, out->mm_d, triangle(k) + l, MM(u, (size_t)out->missing[l] - 1));
    for (size_t x = 0; x < q; x++) out->mx[k + out->pm * x] += MX(u, x) + SM(u) * delta[x];
  }
  for (size_t x = 0; x < q; x++) {
    out->sx[x] += sx[x] + people * delta[x];
    for (size_t v = 0; v < p; v++) {
      const double before = a[v] * (sx[x] - MX(v, x)) + c[v] * gx[FROM(v) + p * x];
      const double sum = a[v] * (people - SM(v)) + c[v] * sg[FROM(v)];
      out->gx[v + p * x] += before + sum * delta[x];
    }
    for (size_t y = 0; y <= x; y++)
      out->xx[triangle(x) + y] += site->xx[triangle(q) * block + triangle(x) + y] + sx[y] * delta[x] +
                                  sx[x] * delta[y] + people * delta[x] * delta[y];
  }
  return LMR_OK;
#undef FROM
#undef SM
#undef GM
#undef MM
#undef MX
}
