#include "core/effect/joint.h"

#include "core/la/inverse.h"
#include "core/la/la.h"

#include <math.h>
#include <string.h>

enum { SETTLED = 10, MOST_SHRINKS = 200 };
static const double untold = 1e-9, enough = 1e-6;

size_t joint_state_size(const joint_shape *s) {
  return s->size * s->size + 2 * s->environments * s->size * (s->size + 1);
}

void joint_state_over(const joint_shape *s, double *block, joint_state *state) {
  const size_t q = s->size, means = q * s->environments;
  state->map = block;
  state->sample_mean = state->map + q * q;
  state->sample_cov = state->sample_mean + means;
  state->mean = state->sample_cov + means * q;
  state->cov = state->mean + means;
}

/* mean := by' mean, cov := by' cov by; in place. */
static lmr_status turn_law(double *mean, double *cov, const double *by, size_t q, double *work, lmr_error *err) {
  LMR_TRY(la_gemm('N', 'N', q, q, q, 1, cov, q, by, q, 0, work, q, err));
  LMR_TRY(la_gemm('T', 'N', q, q, q, 1, by, q, work, q, 0, cov, q, err));
  memcpy(work, mean, q * sizeof *mean);
  return la_gemm('T', 'N', q, 1, q, 1, by, q, work, q, 0, mean, q, err);
}

/* ---- start ---- */

/* Means and covariances that are shared: averages over the environments that have them. */
static void average_shared(const joint_shape *s, joint_state *at) {
  const size_t q = s->size, d = s->d, environments = s->environments;
  for (size_t j = 0; j < d; j++) {
    double sum = 0, people = 0;
    for (size_t e = 0; e < environments; e++)
      if (!s->touched[j + e * d]) {
        sum += s->n[e] * at->sample_mean[j + e * q];
        people += s->n[e];
      }
    for (size_t e = 0; e < environments; e++)
      if (!s->touched[j + e * d]) at->mean[j + e * q] = sum / people;
    for (size_t i = j; i < d; i++) {
      sum = people = 0;
      for (size_t e = 0; e < environments; e++)
        if (joint_role_of(s, e, i, j) == JOINT_SHARED) {
          sum += s->n[e] * at->sample_cov[i + j * q + e * q * q];
          people += s->n[e];
        }
      for (size_t e = 0; e < environments; e++)
        if (joint_role_of(s, e, i, j) == JOINT_SHARED) at->cov[i + j * q + e * q * q] = sum / people;
    }
  }
}

/* Where that is no law, all come nearer to independence. */
static lmr_status start_laws(const joint_shape *s, joint_state *at, double *copy, lmr_error *err) {
  const size_t q = s->size;
  memcpy(at->mean, at->sample_mean, q * s->environments * sizeof *copy);
  memcpy(at->cov, at->sample_cov, q * q * s->environments * sizeof *copy);
  average_shared(s, at);
  for (size_t e = 0; e < s->environments; e++) {
    double *cov = at->cov + e * q * q;
    for (size_t j = 0; j < q; j++)
      for (size_t i = j; i < q; i++) {
        if (joint_role_of(s, e, i, j) == JOINT_ZERO) cov[i + j * q] = 0;
        cov[j + i * q] = cov[i + j * q];
      }
  }
  for (size_t shrinks = 0; shrinks < MOST_SHRINKS; shrinks++) {
    lmr_status status = LMR_OK;
    for (size_t e = 0; e < s->environments && status == LMR_OK; e++) {
      memcpy(copy, at->cov + e * q * q, q * q * sizeof *copy);
      status = la_chol(copy, q, q, err);
    }
    if (status != LMR_ESINGULAR) return status;
    for (size_t i = 0; i < s->environments * q * q; i++)
      if (i % (q * q) % (q + 1)) at->cov[i] *= .7;
  }
  return lmr_fail(err, LMR_ESINGULAR, "the variances of an environment are not positive");
}

/* ---- one step ---- */

typedef struct {
  size_t own, most, shared, rows, slopes; /* most: own of any environment; slopes: entries of u's column */
  double *design, *tau;                   /* rows x (most + shared + 1), most */
  double *told;                           /* (shared + 1) square: information, gradient in the last column */
  double *values, *vectors, *unit;        /* shared, square, shared */
  double *upper, *project;                /* of each environment: most x most, most x (shared + 1) */
  double *step, *move, *inverse, *turn, *square;
  double gain;
} scoring;

static size_t most_own(const joint_shape *s) {
  size_t most = 0;
  for (size_t e = 0; e < s->environments; e++) {
    const size_t own = joint_own(s, e);
    if (own > most) most = own;
  }
  return most;
}

/* QR of what is e's own, and what it leaves of the others added to the information. */
static lmr_status add_environment(const joint_shape *s, const joint_state *at, size_t e, scoring *f, lmr_arena work,
                                  lmr_error *err) {
  const size_t own = joint_own(s, e), rows = f->rows, width = f->shared + 1;
  double *rest = f->design + rows * own, *upper = f->upper + e * f->most * f->most;
  double *project = f->project + e * f->most * width;
  LMR_TRY(joint_design(s, at, e, f->design, work, err));
  LMR_TRY(la_qr(f->design, rows, own, rows, f->tau, work, err));
  LMR_TRY(la_qr_apply('T', f->design, rows, own, rows, f->tau, rest, width, rows, work, err));
  for (size_t j = 0; j < own; j++) memcpy(upper + j * f->most, f->design + j * rows, (j + 1) * sizeof *upper);
  for (size_t j = 0; j < width; j++) memcpy(project + j * f->most, rest + j * rows, own * sizeof *project);
  return la_syrk('T', width, rows - own, s->n[e], rest + own, rows, 1, f->told, width, err);
}

/* step := pseudo-inverse of the information times the gradient; the block of the inverse of u's slopes. */
static lmr_status solve_shared(const joint_shape *s, scoring *f, double *covariance, lmr_arena work, lmr_error *err) {
  const size_t m = f->shared, first = s->d * s->d;
  double *gradient = f->told + m * (m + 1), largest = 0;
  for (size_t j = 0; j < m; j++) largest = fmax(largest, f->told[j + j * (m + 1)]);
  for (size_t j = 0; j < m; j++) f->unit[j] = sqrt(fmax(f->told[j + j * (m + 1)], 1e-12 * largest));
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i <= j; i++) f->told[i + j * (m + 1)] /= f->unit[i] * f->unit[j];
  LMR_TRY(la_eigen(f->told, m, m + 1, f->values, f->vectors, m, work, err));
  memset(f->step, 0, m * sizeof *f->step);
  memset(covariance, 0, f->slopes * f->slopes * sizeof *covariance);
  f->gain = 0;
  for (size_t k = 0; k < m; k++) {
    if (!(f->values[k] > untold * f->values[m - 1])) continue;
    double *v = f->vectors + k * m, along = 0;
    for (size_t i = 0; i < m; i++) {
      v[i] /= f->unit[i];
      along += v[i] * gradient[i];
    }
    f->gain += along * along / f->values[k];
    for (size_t i = 0; i < m; i++) f->step[i] += v[i] * along / f->values[k];
    const double *slope = v + first;
    for (size_t j = 0; j < f->slopes; j++)
      for (size_t i = 0; i < f->slopes; i++) covariance[i + j * f->slopes] += slope[i] * slope[j] / f->values[k];
  }
  return LMR_OK;
}

static lmr_status score(const joint_shape *s, const joint_state *at, scoring *f, double *covariance, double done,
                        lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t width = f->shared + 1;
  memset(f->told, 0, width * width * sizeof *f->told);
  for (size_t e = 0; e < s->environments; e++) {
    if (lmr_tick_poll(tick, done)) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
    LMR_TRY(add_environment(s, at, e, f, work, err));
  }
  LMR_TRY(solve_shared(s, f, covariance, work, err));
  for (size_t e = 0; e < s->environments; e++) {
    const double *project = f->project + e * f->most * width;
    double *move = f->move + e * f->most;
    const size_t own = joint_own(s, e);
    memcpy(move, project + f->shared * f->most, own * sizeof *move);
    for (size_t j = 0; j < f->shared; j++)
      for (size_t i = 0; i < own; i++) move[i] -= project[i + j * f->most] * f->step[j];
    LMR_TRY(la_trsm('L', 'N', own, 1, 1, f->upper + e * f->most * f->most, f->most, move, own, err));
  }
  return LMR_OK;
}

/* to := at, moved by `size` of the step. LMR_ESINGULAR where the map would have no inverse. */
static lmr_status moved(const joint_shape *s, const joint_state *at, scoring *f, double size, joint_state *to,
                        lmr_error *err) {
  const size_t q = s->size, d = s->d, u = q - 1;
  double log_det, *back = f->inverse;
  memcpy(to->map, at->map, joint_state_size(s) * sizeof *to->map);
  for (size_t k = 0; k < d * d; k++) f->turn[k] = size * f->step[k] + (k % (d + 1) == 0);
  LMR_TRY(la_inverse_transposed(f->turn, d, f->square, &log_det, err));
  memset(back, 0, q * q * sizeof *back);
  for (size_t k = 0; k < d * d; k++) back[k % d + k / d * q] = f->square[k];
  for (size_t k = d; k < q; k++) back[k + k * q] = 1;
  for (size_t k = d; k < u; k++) back[k + u * q] = -size * f->step[d * d + k - d];
  LMR_TRY(la_gemm('N', 'N', q, q, q, 1, at->map, q, back, q, 0, to->map, q, err));
  for (size_t e = 0; e < s->environments; e++) {
    LMR_TRY(turn_law(to->sample_mean + e * q, to->sample_cov + e * q * q, back, q, f->square, err));
    const double *pair = f->step + joint_mixes(s), *move = f->move + e * f->most;
    double *cov = to->cov + e * q * q, *mean = to->mean + e * q;
    for (size_t j = 0; j < q; j++)
      for (size_t i = j; i < q; i++) {
        const joint_role role = joint_role_of(s, e, i, j);
        if (role == JOINT_OWN) cov[i + j * q] += size * *move++;
        if (role == JOINT_SHARED) cov[i + j * q] += size * *pair;
        if (i < d) pair++;
        cov[j + i * q] = cov[i + j * q];
      }
    for (size_t j = 0; j < q; j++) mean[j] += size * (j < d && !s->touched[j + e * d] ? pair[j] : *move++);
  }
  return LMR_OK;
}

/* ---- the fit ---- */

size_t joint_fit_bytes(const joint_shape *s) {
  const size_t q = s->size, m = joint_shared(s), most = most_own(s), rows = joint_rows(s), e = s->environments;
  size_t bytes = lmr_double_bytes(1, rows * (most + m + 1)), step = joint_design_bytes(s), qr = la_qr_bytes(rows, most);
  const size_t parts[] = {most, (m + 1) * (m + 1), m, m * m, m, e * most * most, e * most * (m + 1), m, e * most,
                          q * q, q * q, q * q, q, joint_state_size(s)};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, parts[i]));
  const size_t others[] = {qr, la_qr_apply_bytes(rows, most, m + 1), la_eigen_bytes(m), joint_value_bytes(s)};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (others[i] > step) step = others[i];
  return lmr_add_bytes(bytes, step);
}

static lmr_status take_scoring(const joint_shape *s, scoring *f, lmr_arena *work, lmr_error *err) {
  const size_t q = s->size, m = joint_shared(s), most = most_own(s), rows = joint_rows(s), e = s->environments;
  *f = (scoring){.most = most, .shared = m, .rows = rows, .slopes = q - 1 - s->d};
  LMR_TAKE(f->design, work, rows * (most + m + 1), err);
  LMR_TAKE(f->tau, work, most, err);
  LMR_TAKE(f->told, work, (m + 1) * (m + 1), err);
  LMR_TAKE(f->values, work, m, err);
  LMR_TAKE(f->vectors, work, m * m, err);
  LMR_TAKE(f->unit, work, m, err);
  LMR_TAKE(f->upper, work, e * most * most, err);
  LMR_TAKE(f->project, work, e * most * (m + 1), err);
  LMR_TAKE(f->step, work, m, err);
  LMR_TAKE(f->move, work, e * most, err);
  LMR_TAKE(f->inverse, work, q * q, err);
  LMR_TAKE(f->turn, work, q * q, err);
  LMR_TAKE(f->square, work, q * q, err);
  return LMR_OK;
}

/* Whether the slopes of u (of `rows` of the map's last column) are within a tenth of their errors of `old`. */
static int settled(const double *slopes, const double *old, const double *covariance, size_t rows) {
  for (size_t i = 0; i < rows; i++)
    if (!(fabs(slopes[i] - old[i]) < .1 * sqrt(covariance[i + i * rows]))) return 0;
  return 1;
}

lmr_status joint_fit(const joint_shape *s, joint_state *at, joint_found *found, lmr_arena work, const lmr_tick *tick,
                     lmr_error *err) {
  const size_t q = s->size;
  double *old, *block;
  joint_state now = *at, next;
  scoring f;
  LMR_TRY(take_scoring(s, &f, &work, err));
  LMR_TAKE(old, &work, q, err);
  LMR_TAKE(block, &work, joint_state_size(s), err);
  joint_state_over(s, block, &next);
  for (size_t e = 0; e < s->environments; e++)
    LMR_TRY(turn_law(now.sample_mean + e * q, now.sample_cov + e * q * q, now.map, q, f.square, err));
  *found = (joint_found){.covariance = found->covariance, .value = INFINITY};
  lmr_status status = start_laws(s, &now, f.square, err);
  if (status == LMR_OK) status = joint_value(s, &now, &found->value, work, err);
  if (status != LMR_OK && status != LMR_ESINGULAR) return status;
  for (size_t i = 0; i < JOINT_STEPS && !found->converged && isfinite(found->value); i++) {
    double *slopes = now.map + s->d + (q - 1) * q, after, size = 1;
    found->steps = i + 1;
    if (i + 1 + SETTLED == JOINT_STEPS) memcpy(old, slopes, f.slopes * sizeof *old);
    LMR_TRY(score(s, &now, &f, found->covariance, (double)i / JOINT_STEPS, work, tick, err));
    for (;; size /= 2) {
      after = INFINITY;
      status = moved(s, &now, &f, size, &next, err);
      if (status == LMR_OK) status = joint_value(s, &next, &after, work, err);
      if (status != LMR_OK && status != LMR_ESINGULAR) return status;
      if ((status == LMR_OK && after <= found->value) || !(f.gain * size >= enough)) break;
    }
    const joint_state swap = now;
    now = next;
    next = swap;
    found->value = after;
    slopes = now.map + s->d + (q - 1) * q;
    found->converged = f.gain < enough || (i + 1 == JOINT_STEPS && settled(slopes, old, found->covariance, f.slopes));
  }
  if (now.map != at->map) memcpy(at->map, now.map, joint_state_size(s) * sizeof *at->map);
  return LMR_OK;
}
