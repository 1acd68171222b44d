/* Kernel losses with their gradients. All are sum_ij C_ij k(z_i, z_j) with a
 * symmetric C, and one pass over the tiles gives the value and
 *   RBF   dL/dz_i = -4 sum_j C_ij gamma k_ij (z_i - z_j)
 *   poly  dL/dz_i = 2 degree sum_j C_ij (z_i'z_j + offset)^(degree - 1) z_j.
 * Widths are constants in the gradient. delta and IBS have no gradient. */
#ifndef LMR_CORE_KERNEL_LOSS_H
#define LMR_CORE_KERNEL_LOSS_H

#include "core/hsic.h"
#include "core/kernel.h"

/* Fills c (GRAM_TILE x GRAM_TILE) with C for rows i0.., columns j0..; `k` is the
 * tile of the Gram matrix there. */
typedef void gram_weights(void *context, size_t i0, size_t ni, size_t j0, size_t nj, const double *k,
                          double *c);

/* gradient is n x d. */
size_t gram_weighted_bytes(size_t d);
lmr_status gram_weighted(const lmr_points *z, gram_weights *weights, void *context, double *value,
                         double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err);

/* Pooled biased MMD over groups: C = 1{same group} / (N n_e) - 1 / N^2. */
size_t mmd_loss_bytes(size_t d, size_t groups);
lmr_status mmd_loss(const lmr_points *z, const int *label, size_t groups, double *value, double *gradient,
                    lmr_cpu level, lmr_arena work, lmr_error *err);

/* HSIC of x and y and its gradients in both (either may be NULL). */
typedef enum { HSIC_BIASED = 0, HSIC_UNBIASED, HSIC_NORMALISED } hsic_form;
size_t hsic_loss_bytes(size_t n, size_t dx, size_t dy);
lmr_status hsic_loss(const lmr_points *x, const lmr_points *y, hsic_form form, double *value,
                     double *gx, double *gy, lmr_cpu level, lmr_arena work, lmr_error *err);

/* log det of the correlation matrix (`correlation` != 0) or of the covariance
 * (divisor n) of z, plus eps on the diagonal, and its gradient (n x d): minus this is
 * the entropy surrogate's loss. The correlation form does not see scale. */
size_t logdet_loss_bytes(size_t n, size_t d);
lmr_status logdet_loss(const double *z, size_t n, size_t d, size_t ld, int correlation, double eps,
                       double *value, double *gradient, lmr_arena work, lmr_error *err);

#endif
