/* Can stored block moments be sums over people? Every number is looked at once.
 *
 * With n people in a block, g = 0 where there is no call, m the missing flags and x
 * the numeric columns, for all kinds of instruments:
 *   sm = sum m, mm = sum m m' are whole, mm[k,k] = sm[k],
 *     max(0, sm[k] + sm[l] - n) <= mm[k,l] <= min(sm[k], sm[l]);
 *   each pair u, v of columns obeys the inequality of Cauchy and Schwarz about the
 *     means, (n sum uv - sum u sum v)^2 <= (n sum u^2 - (sum u)^2)(n sum v^2 - (sum v)^2),
 *     and with u = v the right side is not negative;
 *   gm[i,k] = 0 where i is the variant of flag k.
 * Dosages in [0, 2], with c = n - sm people called:
 *   0 <= sg <= 2 c, sg^2 / c <= gg[i,i] <= 2 sg, 0 <= gg[i,j] <= 2 min(sg[i], sg[j]),
 *   0 <= gm[i,k] <= min(sg[i], 2 (sm[k] - mm[i,k])).
 * Genotypes, moreover: all of these are whole, and the counts of 1 and 2 copies,
 *   n2 = (gg[i,i] - sg[i]) / 2 and n1 = 2 sg[i] - gg[i,i], are counts with n1 + n2 <= c.
 * Rounding of sums of doubles is allowed for. */
#ifndef LMR_CORE_MOMENTS_CHECK_H
#define LMR_CORE_MOMENTS_CHECK_H

#include "core/moments/moments_read.h"

typedef enum { MOMENTS_GENOTYPE, MOMENTS_DOSAGE, MOMENTS_CONTINUOUS } moments_kind;

typedef enum {
  MOMENTS_GG, MOMENTS_GM, MOMENTS_MM, MOMENTS_SG, MOMENTS_SM, MOMENTS_GX, MOMENTS_MX, MOMENTS_SX, MOMENTS_XX
} moments_part;

/* What was found: the part, its row and column (0-based: variants of gg, variant and
 * flag of gm, ...; column 0 of the sums), the block, the value, and the range that it
 * must be in (whole numbers of it when `whole`). */
typedef struct {
  int found;
  moments_part part;
  size_t row, column, block;
  double value, least, most;
  int whole;
} moments_fault;

/* n[b] people of each block. `m` is of the right sizes, `missing` in order and in
 * range. The first fault, block by block, goes to `fault`. */
size_t moments_check_bytes(const moments_view *m);
lmr_status moments_check(const moments_view *m, const double *n, moments_kind kind, moments_fault *fault,
                         lmr_arena work, const lmr_tick *tick, lmr_error *err);

#endif
