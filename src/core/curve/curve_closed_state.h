/* What the pieces of curve_closed.h share: the support, the features' columns and cross
 * products with the basis, and a cell (evidence, weight) for every net and prior. */
#ifndef LMR_CORE_CURVE_CLOSED_STATE_H
#define LMR_CORE_CURVE_CLOSED_STATE_H

#include "core/curve/curve_closed.h"
#include "core/curve/curve_evidence.h"

enum { N_KR = CURVE_KR, N_GRID = CURVE_GRID };

typedef struct {
  double half_log_det, quad, weight;
} closed_cell;

typedef struct {
  lmr_cpu level;
  const curve_support *s;
  curve_features *f;
  const curve_closed_options *o;
  const double *sums, *ysum, *gy;
  double yy;
  size_t fixed, kept, q;
  size_t q_line, q_square; /* leading coordinates that lines and parabolas are fitted with */
  double *columns; /* points x columns */
  double *cross;   /* kept x columns */
  double *rr;      /* members of q x q */
  closed_cell *cells;     /* members x N_GRID */
  const curve_prior *prior;
  double *work;    /* scratch of evidence */
  double *coef, *fitted;
} closed_state;

/* Size of the basis by generalised cross-validation over all treatment features, and the
 * share of the features' variance given (1, a, w) that it explains: t->q. */
void closed_choose_size(closed_state *t, size_t base);
/* The share that the instruments explain of the parabola of which they explain least. */
double closed_strength(const closed_state *t);
/* The leading coordinates that lines and parabolas are fitted with: t->q_line, t->q_square. */
void closed_choose_fewer(closed_state *t, curve_basis_size size);

/* Log evidence of the prior (averaged over nets, cells as they stand) less that of the line alone, a fit of `net`
 * without square and tanh units; s2: residual variance. residual: [q] scratch, beside t->work. */
lmr_status closed_gain(const closed_state *t, const curve_problem *net, double s2, double *residual, double *gain,
                       lmr_error *err);

#endif
