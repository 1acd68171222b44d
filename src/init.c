#include "glue.h"

#include <R_ext/Visibility.h>

/* Every native routine is declared once, in the table of its glue file; here
 * the tables are joined and everything else is hidden. */
static const R_CallMethodDef *const tables[] = {
  glue_calls,
  glue_autoencoder_calls,
  glue_curve_calls,
  glue_curve_vector_calls,
  glue_base_calls,
  glue_effect_calls,
  glue_encoder_calls,
  glue_genotype_calls,
  glue_genotype_bgen_calls,
  glue_genotype_source_calls,
  glue_iv_calls,
  glue_iv_hat_calls,
  glue_iv_kclass_calls,
  glue_iv_mixed_calls,
  glue_kernel_calls,
  glue_la_calls,
  glue_moments_calls,
  glue_moments_pass_calls,
  glue_moments_view_calls,
  glue_test_autoencoder_calls,
  glue_test_calls,
  glue_test_curve_calls,
  glue_test_encoder_calls,
};

enum { MAX_ROUTINES = 256 };

void R_init_LatentMR(DllInfo *dll);
void attribute_visible R_init_LatentMR(DllInfo *dll) {
  glue_loaded();
  static R_CallMethodDef all[MAX_ROUTINES]; /* written once, at load */
  int n = 0;
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const R_CallMethodDef *d = tables[t]; d->name; d++) {
      if (n == MAX_ROUTINES - 1) Rf_error("too many native routines: raise MAX_ROUTINES");
      all[n++] = *d;
    }
  R_registerRoutines(dll, NULL, all, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
}
