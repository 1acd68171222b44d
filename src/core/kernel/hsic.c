#include "core/kernel/hsic.h"

#include <math.h>

size_t hsic_bytes(size_t n, size_t dx, size_t dy) {
  return lmr_add_bytes(gram_sums_bytes(dx, dy), 4 * lmr_bytes(n, sizeof(double)));
}

static lmr_status take_sums(gram_pair_sums *s, size_t n, lmr_arena *work, lmr_error *err) {
  LMR_TAKE(s->k_row, work, n, err);
  LMR_TAKE(s->l_row, work, n, err);
  LMR_TAKE(s->k_diag, work, n, err);
  LMR_TAKE(s->l_diag, work, n, err);
  return LMR_OK;
}

static double unbiased(const gram_pair_sums *s, size_t rows) {
  const double n = (double)rows;
  double k = s->k, l = s->l, kl = s->kl, cross = 0;
  for (size_t i = 0; i < rows; i++) {
    k -= s->k_diag[i], l -= s->l_diag[i], kl -= s->k_diag[i] * s->l_diag[i];
    cross += (s->k_row[i] - s->k_diag[i]) * (s->l_row[i] - s->l_diag[i]);
  }
  return (kl + k * l / ((n - 1) * (n - 2)) - 2 / (n - 2) * cross) / (n * (n - 3));
}

void permutation_moments(double n, const centred_sums *k, const centred_sums *l, double *mean, double *var) {
  const double a = (n - 1) * k->squares - k->trace * k->trace, b = (n - 1) * l->squares - l->trace * l->trace;
  const double c = n * (n + 1) * k->diagonal - (n - 1) * (k->trace * k->trace + 2 * k->squares);
  const double d = n * (n + 1) * l->diagonal - (n - 1) * (l->trace * l->trace + 2 * l->squares);
  *mean = k->trace * l->trace / (n - 1);
  *var = 2 * a * b / ((n - 1) * (n - 1) * (n + 1) * (n - 2)) + c * d / ((n + 1) * n * (n - 1) * (n - 2) * (n - 3));
}

void hsic_from_centred(double n, double kl, double kk, double ll, double trace_k, double trace_l,
                       hsic_result *out) {
  out->n = n;
  out->biased = kl / (n * n);
  out->unbiased = NAN;
  out->normalised = kk > 0 && ll > 0 ? kl / sqrt(kk * ll) : 0;
  out->trace_mean = trace_k * trace_l / (n * n);
  out->trace_var = 2 * kk * ll / (n * n * n * n);
  out->gamma_mean = out->gamma_var = out->exact_mean = out->exact_var = out->trace_third = NAN;
}

/* What centring leaves of a sum of squares; 0 when it is rounding only. */
static double centred(double whole, double rows, double grand) {
  const double left = whole - rows - grand;
  return left > 1e-14 * whole ? left : 0;
}

lmr_status hsic_exact(const lmr_points *x, const lmr_points *y, int gretton, hsic_result *out,
                      lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t rows = x->n;
  if (rows < 4) return lmr_fail(err, LMR_EINVAL, "hsic: %zu rows, 4 are needed", rows);
  const double n = (double)rows;
  gram_pair_sums s;
  LMR_TRY(take_sums(&s, rows, &work, err));
  LMR_TRY(gram_sums(x, y, &s, level, work, tick, err));
  double rr = 0, kr = 0, lr = 0, trace_k = 0, trace_l = 0;
  centred_sums sk = {0, 0, 0}, sl = {0, 0, 0};
  for (size_t i = 0; i < rows; i++) {
    /* Rows about their mean: the squares are then of the size of the answer. */
    const double a = s.k_row[i] - s.k / n, b = s.l_row[i] - s.l / n;
    rr += a * b, kr += a * a, lr += b * b;
    trace_k += s.k_diag[i], trace_l += s.l_diag[i];
    const double dk = s.k_diag[i] - (2 * s.k_row[i] - s.k / n) / n, dl = s.l_diag[i] - (2 * s.l_row[i] - s.l / n) / n;
    sk.diagonal += dk * dk, sl.diagonal += dl * dl;
  }
  const double mk = s.k / n, ml = s.l / n;
  sk.trace = trace_k - mk, sk.squares = centred(s.kk, 2 * kr / n, mk * mk);
  sl.trace = trace_l - ml, sl.squares = centred(s.ll, 2 * lr / n, ml * ml);
  hsic_from_centred(n, s.kl - 2 * rr / n - mk * ml, sk.squares, sl.squares, sk.trace, sl.trace, out);
  permutation_moments(n, &sk, &sl, &out->exact_mean, &out->exact_var);
  out->exact_mean /= n, out->exact_var /= n * n;
  out->unbiased = unbiased(&s, rows);
  if (gretton) {
    double squares;
    LMR_TRY(gram_centred_squares(x, y, &s, &squares, level, work, tick, err));
    const double mx = (s.k - trace_k) / (n * (n - 1)), my = (s.l - trace_l) / (n * (n - 1));
    out->gamma_mean = 1 + mx * my - mx - my;
    out->gamma_var = 2 * (n - 4) * (n - 5) * n / ((n - 1) * (n - 2) * (n - 3)) * squares / (n * (n - 1));
  }
  return LMR_OK;
}

lmr_status hsic_blocks(const lmr_points *x, const lmr_points *y, size_t block, double *mean, double *sd,
                       size_t *count, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  if (block < 4) return lmr_fail(err, LMR_EINVAL, "hsic: blocks of %zu rows, 4 are needed", block);
  if (!x->order || !y->order) return lmr_fail(err, LMR_EINVAL, "hsic: blocks need an order of the rows");
  gram_pair_sums s;
  LMR_TRY(take_sums(&s, block, &work, err));
  *count = x->n / block;
  double sum = 0, squares = 0;
  for (size_t b = 0; b < *count; b++) {
    lmr_points xb = *x, yb = *y;
    xb.n = yb.n = block;
    xb.order += b * block, yb.order += b * block;
    LMR_TRY(gram_sums(&xb, &yb, &s, level, work, NULL, err));
    const double u = unbiased(&s, block), change = u - sum / (double)(b ? b : 1);
    if (b) squares += change * change * (double)b / (double)(b + 1);
    sum += u;
    if (lmr_tick_poll(tick, (double)b / (double)*count)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
  *mean = *count ? sum / (double)*count : NAN;
  *sd = *count > 1 ? sqrt(squares / (double)(*count - 1)) : NAN;
  return LMR_OK;
}
