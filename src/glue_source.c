/* Where genotype bits come from: a matrix in memory. */
#include "core/moments.h"
#include "glue_moments.h"

moments_source glue_genotype_source(SEXP source) {
  return moments_source_matrix(glue_real(source, -1, "genotypes"), (size_t)Rf_nrows(source),
                               (size_t)Rf_ncols(source));
}
