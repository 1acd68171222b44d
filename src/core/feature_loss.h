/* MMD and HSIC under (x'y + 1)^2 and (x'y + 1)^3 with their gradients, from the
 * exact feature map instead of a Gram matrix: with phi(x) the monomials,
 *   pooled MMD = sum_e p_e |m_e - m|^2,    d/d phi_i = 2 (m_e(i) - m) / N
 *   HSIC_b     = |C|^2, C = Phi_c' Psi_c / n,  d/d Phi = 2 Psi_c C' / n
 * and the chain rule back to x. O(n F) and O(n F_x F_y), F = (d + q choose q). */
#ifndef LMR_CORE_FEATURE_LOSS_H
#define LMR_CORE_FEATURE_LOSS_H

#include "core/kernel.h"

/* gradient is n x d. */
size_t mmd_feature_loss_bytes(const lmr_points *x, size_t groups);
lmr_status mmd_feature_loss(const lmr_points *x, const int *label, size_t groups, double *value,
                            double *gradient, lmr_arena work, lmr_error *err);

size_t hsic_feature_loss_bytes(const lmr_points *x, const lmr_points *y);
lmr_status hsic_feature_loss(const lmr_points *x, const lmr_points *y, double *value, double *gx, double *gy,
                             lmr_arena work, lmr_error *err);

#endif
