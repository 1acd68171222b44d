/* The triangular factor R of a tall matrix A = QR at the accuracy of Householder's
 * method, without ever holding Q: Cholesky QR on our own crossproduct, repeated
 * once (CholeskyQR2, Yamamoto et al. 2015) unless the columns are close to
 * orthogonal, and Householder QR by stacked blocks of rows when they are close to
 * dependent or few. */
#ifndef LMR_CORE_TALL_QR_H
#define LMR_CORE_TALL_QR_H

#include "core/la/tall.h"

typedef enum {
  TALL_QR_AUTO = 0,
  TALL_QR_HOUSEHOLDER,
  TALL_QR_CHOLESKY, /* one pass: the squared condition number is below 1e4 */
  TALL_QR_CHOLESKY2 /* two passes */
} tall_qr_path;

typedef struct {
  double tol;    /* relative norm under which a column counts as dependent on those before it */
  size_t forced; /* trailing columns that are never dropped */
  tall_qr_path path;
} tall_qr_options;

/* r: p x p, upper triangular, non-negative diagonal. A dropped column j has
 * kept[j] = 0 and a zero row j; its column holds its coordinates. Order is that
 * of the columns, as in lm. *used is the path taken. */
size_t tall_qr_bytes(size_t p);
lmr_status tall_qr(const tall_source *a, const tall_qr_options *options, double *r, int *kept,
                   tall_qr_path *used, lmr_cpu level, lmr_arena work, const lmr_tick *tick,
                   lmr_error *err);

#endif
