/* What is computed from a view of moments: partialling out, scores of the instruments, leaving a block out. */
#include "core/moments/family_center.h"
#include "core/moments/family_impute.h"
#include "core/moments/panel_components.h"
#include "core/moments/partial.h"
#include "core/moments/scores.h"
#include "glue.h"
#include "glue_moments.h"

#include <string.h>

moment_view glue_moment_view(SEXP view) {
  SEXP n = glue_field(view, "n"), mean = glue_field(view, "mean"), cross = glue_field(view, "cross");
  const R_xlen_t environments = Rf_xlength(n), width = glue_nrow(mean);
  glue_real(n, environments, "n");
  glue_real(mean, width * environments, "mean");
  if (TYPEOF(cross) != VECSXP || Rf_xlength(cross) != environments)
    glue_stop("internal: `cross` must be a list, one matrix per environment");
  const double **pointers = (const double **)R_alloc((size_t)environments + 1, sizeof *pointers);
  for (R_xlen_t e = 0; e < environments; e++)
    pointers[e] = glue_real(VECTOR_ELT(cross, e), width * width, "cross");
  const moment_view v = {(size_t)environments, (size_t)width, REAL(n), REAL(mean), pointers};
  return v;
}

/* inner, common: width x k maps; of: columns (1-based, NULL: all) that the residual is wanted with;
 * maps: TRUE returns the block as columns over people, a matrix for each environment (see
 * core/moments/partial.h). */
static SEXP ffi_partial(SEXP view, SEXP inner, SEXP common, SEXP maps, SEXP of_) {
  const moment_view v = glue_moment_view(view);
  const R_xlen_t w = (R_xlen_t)v.width;
  const partial_block block = {glue_real(inner, w * glue_ncol(inner), "inner"),
                               glue_real(common, w * glue_ncol(common), "common"),
                               (size_t)glue_ncol(inner), (size_t)glue_ncol(common)};
  const int *of = Rf_isNull(of_) ? NULL : glue_positions(of_, -1, v.width, "of");
  const size_t n_of = of ? (size_t)Rf_xlength(of_) : v.width;
  SEXP residual = PROTECT(glue_matrix((size_t)w, n_of));
  SEXP taken = PROTECT(Rf_allocMatrix(REALSXP, (int)w, (int)(v.environments * block.n_inner + block.n_common)));
  SEXP inner_kept = PROTECT(Rf_allocMatrix(LGLSXP, glue_ncol(inner), (int)v.environments));
  SEXP common_kept = PROTECT(Rf_allocVector(LGLSXP, glue_ncol(common)));
  size_t rank;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const size_t k = block.n_inner + block.n_common;
  const R_xlen_t wanted = Rf_asLogical(maps) ? (R_xlen_t)v.environments : 0;
  SEXP column = PROTECT(Rf_allocVector(VECSXP, wanted)), explained = PROTECT(Rf_allocVector(VECSXP, wanted));
  double **columns = glue_alloc(v.environments, sizeof *columns), **explains = glue_alloc(v.environments, sizeof *explains);
  for (R_xlen_t e = 0; e < wanted; e++) {
    SET_VECTOR_ELT(column, e, glue_zeros(REALSXP, v.width, k));
    SET_VECTOR_ELT(explained, e, glue_zeros(REALSXP, v.width, k));
    columns[e] = REAL(VECTOR_ELT(column, e));
    explains[e] = REAL(VECTOR_ELT(explained, e));
  }
  const partial_maps where = {columns, explains};
  glue_check(partial_out(&v, &block, of, n_of, REAL(residual), REAL(taken), LOGICAL(inner_kept), LOGICAL(common_kept),
                         &rank, wanted ? &where : NULL, glue_arena(partial_bytes(&block)), &tick, &err), &err);
  SEXP rank_ = PROTECT(Rf_ScalarReal((double)rank));
  SEXP out = glue_list(7, "residual", residual, "taken", taken, "inner_kept", inner_kept, "common_kept", common_kept,
                       "rank", rank_, "column", column, "explained", explained);
  UNPROTECT(7);
  return out;
}

/* instruments: 1-based columns of the view. A row for each, a column for each component. */
static SEXP ffi_panel_components(SEXP view, SEXP instruments) {
  const moment_view v = glue_moment_view(view);
  const size_t m = (size_t)Rf_xlength(instruments);
  const int *at = glue_positions(instruments, (R_xlen_t)m, v.width, "instruments");
  double *direction = glue_alloc(m * PANEL_COMPONENTS + 1, sizeof *direction);
  size_t found;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const double *scale = glue_field_real(view, "scale", (R_xlen_t)v.width);
  const glue_work work = glue_work_take(panel_components_bytes(m));
  const lmr_status status = panel_components(&v, at, m, scale, direction, &found, work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  SEXP out = PROTECT(glue_matrix(m, found));
  memcpy(REAL(out), direction, m * found * sizeof *direction);
  UNPROTECT(1);
  return out;
}

/* turned: NULL, or a list of core/moments/scores.h: cross, sign, from, taken. */
static const scores_turned *glue_turned(SEXP turned, size_t w, size_t m, scores_turned *to) {
  if (Rf_isNull(turned)) return NULL;
  SEXP cross = glue_field(turned, "cross"), taken = glue_field(turned, "taken");
  to->terms = (size_t)Rf_xlength(cross);
  to->from = glue_field_size1(turned, "from");
  to->sign = glue_field_real(turned, "sign", Rf_xlength(cross));
  to->n_taken = (size_t)glue_ncol(taken);
  to->taken = glue_real(taken, (R_xlen_t)(w * to->n_taken), "taken");
  const double **pointers = glue_alloc(to->terms + 1, sizeof *pointers);
  to->q = to->terms ? (size_t)glue_nrow(VECTOR_ELT(cross, 0)) : 0;
  for (size_t l = 0; l < to->terms; l++)
    pointers[l] = glue_real(VECTOR_ELT(cross, (R_xlen_t)l), (R_xlen_t)(to->q * to->q), "cross");
  to->cross = pointers;
  if (to->from + m > to->q) glue_stop("internal: directions %zu to %zu of %zu", to->from + 1, to->from + m, to->q);
  return to;
}

/* The first `count` directions (NULL: variants). variance: sums of squares before C. Of the residual only
 * columns of traits are read where products are turned, and those of these variants where there are no directions. */
static scores_input glue_scores_input(SEXP residual, SEXP variance, SEXP p_, SEXP directions, SEXP count, SEXP turned,
                                      scores_turned *space) {
  const int w = glue_nrow(residual);
  const size_t p = glue_size1(p_, "p"), m = glue_size1(count, "count");
  if (p > (size_t)w) glue_stop("internal: %zu variants of %d columns", p, w);
  const int least = turned != R_NilValue ? 0 : Rf_isNull(directions) ? (int)m : w, columns = glue_ncol(residual);
  glue_real(residual, (R_xlen_t)w * (columns < least ? least : columns), "residual");
  const size_t most = Rf_isNull(directions) ? p : (size_t)glue_ncol(directions);
  if (m > most) glue_stop("internal: %zu directions of %zu", m, most);
  const scores_input in = {
    .residual = REAL(residual), .variance = glue_real(variance, w, "variance"),
    .directions = Rf_isNull(directions) ? NULL : glue_real(directions, (R_xlen_t)(p * most), "directions"),
    .turned = glue_turned(turned, (size_t)w, m, space), .width = (size_t)w, .p = p, .m = m
  };
  return in;
}

/* trait: 1-based columns of the outcome and the exposures in the residual. */
static SEXP ffi_scores(SEXP residual, SEXP variance, SEXP p_, SEXP trait, SEXP directions, SEXP count, SEXP turned) {
  scores_turned space;
  scores_input in = glue_scores_input(residual, variance, p_, directions, count, turned, &space);
  in.q = (size_t)Rf_xlength(trait);
  in.trait = glue_positions(trait, Rf_xlength(trait), (size_t)glue_ncol(residual), "trait");
  SEXP g = PROTECT(Rf_allocMatrix(REALSXP, (int)in.q, (int)in.m)), kept = PROTECT(Rf_allocVector(LGLSXP, (int)in.m));
  SEXP slopes = PROTECT(Rf_allocMatrix(REALSXP, (int)in.p, (int)in.q));
  SEXP factor = PROTECT(glue_matrix(in.m, in.m)), scale = PROTECT(Rf_allocVector(REALSXP, (int)in.m));
  SEXP size = PROTECT(Rf_allocVector(REALSXP, (int)in.m));
  scores_factor f = {REAL(factor), REAL(scale), REAL(size), LOGICAL(kept), 0};
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const glue_work work = glue_work_take(scores_bytes(&in));
  const lmr_status status = scores(&in, &f, REAL(g), REAL(slopes), work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  SEXP n_ = PROTECT(Rf_ScalarReal((double)f.n_kept));
  SEXP out = glue_list(7, "g", g, "kept", kept, "n_kept", n_, "slopes", slopes, "factor", factor, "scale", scale, "size", size);
  UNPROTECT(7);
  return out;
}

/* What ffi_scores() returned, and the directions (NULL: the variants themselves) that it looked at. */
static const double *scored(SEXP scores, size_t p, SEXP directions, size_t *m, scores_factor *f) {
  SEXP factor = glue_field(scores, "factor"), kept = glue_field(scores, "kept");
  *m = (size_t)glue_nrow(factor);
  f->factor = glue_real(factor, (R_xlen_t)(*m * *m), "factor");
  f->scale = glue_field_real(scores, "scale", (R_xlen_t)*m);
  if (TYPEOF(kept) != LGLSXP || Rf_xlength(kept) != (R_xlen_t)*m) glue_stop("internal: `kept` is not of %zu flags", *m);
  f->kept = LOGICAL(kept);
  f->n_kept = 0;
  for (size_t j = 0; j < *m; j++) f->n_kept += f->kept[j] != 0;
  const size_t most = Rf_isNull(directions) ? p : (size_t)glue_ncol(directions);
  if (*m > most) glue_stop("internal: %zu instruments of %zu", *m, most);
  return Rf_isNull(directions) ? NULL : glue_real(directions, (R_xlen_t)(p * most), "directions");
}

/* The orthonormal instruments as combinations of the variants, variants x n_kept. */
static SEXP ffi_scores_basis(SEXP scores, SEXP p_, SEXP directions) {
  scores_factor f;
  size_t m;
  const size_t p = glue_size1(p_, "p");
  const double *d = scored(scores, p, directions, &m, &f);
  SEXP out = PROTECT(glue_matrix(p, m));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(scores_basis(d, p, m, &f, REAL(out), &tick, &err), &err);
  SEXP kept_only = out;
  if (f.n_kept < m) {
    kept_only = glue_matrix(p, f.n_kept);
    memcpy(REAL(kept_only), REAL(out), p * f.n_kept * sizeof(double));
  }
  UNPROTECT(1);
  return kept_only;
}

/* basis t(basis) of these. */
static SEXP ffi_scores_metric(SEXP scores, SEXP p_, SEXP directions) {
  scores_factor f;
  size_t m;
  const size_t p = glue_size1(p_, "p");
  const double *d = scored(scores, p, directions, &m, &f);
  SEXP out = PROTECT(glue_matrix(p, p));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  const glue_work work = glue_work_take(lmr_double_bytes(1, p * m + 1));
  const lmr_status status = scores_metric(d, p, m, &f, REAL(out), work.arena, &tick, &err);
  glue_work_give(&work);
  glue_check(status, &err);
  UNPROTECT(1);
  return out;
}

/* directions'residual directions. */
static SEXP ffi_scores_products(SEXP residual, SEXP p_, SEXP directions, SEXP turned) {
  scores_turned space;
  SEXP count = PROTECT(Rf_ScalarInteger(glue_ncol(directions)));
  SEXP variance = PROTECT(Rf_allocVector(REALSXP, glue_nrow(residual))); /* not read */
  const scores_input in = glue_scores_input(residual, variance, p_, directions, count, turned, &space);
  SEXP out = PROTECT(glue_matrix(in.m, in.m));
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(scores_products(&in, REAL(out), glue_arena(scores_bytes(&in)), &tick, &err), &err);
  UNPROTECT(3);
  return out;
}

/* Moments of an environment without one block of its people. */
static SEXP ffi_moment_delete(SEXP n, SEXP mean, SEXP cross, SEXP block_n, SEXP block_sum, SEXP block_cross) {
  const R_xlen_t w = Rf_xlength(mean);
  glue_real(cross, w * w, "cross");
  SEXP new_mean = PROTECT(Rf_duplicate(glue_real(mean, w, "mean") ? mean : R_NilValue));
  SEXP new_cross = PROTECT(Rf_duplicate(cross));
  double left = glue_real1(n, "n");
  lmr_error err;
  glue_check(moment_delete(&left, REAL(new_mean), REAL(new_cross), (size_t)w, glue_real1(block_n, "block_n"),
                           glue_real(block_sum, w, "block_sum"), glue_real(block_cross, w * w, "block_cross"),
                           glue_alloc((size_t)w, sizeof(double)), &err), &err);
  SEXP left_ = PROTECT(Rf_ScalarReal(left));
  SEXP out = glue_list(3, "n", left_, "mean", new_mean, "cross", new_cross);
  UNPROTECT(3);
  return out;
}

static SEXP fresh_matrix(SEXP x, int n, const char *name) {
  glue_real(x, -1, name);
  if (glue_nrow(x) != n) glue_stop("internal: `%s` has %d rows, not %d", name, glue_nrow(x), n);
  return Rf_duplicate(x);
}

/* x: n x columns, NaN for what is not known; family: 1-based codes. */
static SEXP ffi_family_center(SEXP x_, SEXP family_, SEXP families_) {
  const size_t families = glue_size1(families_, "families");
  const R_xlen_t n = Rf_xlength(family_);
  const int *family = glue_positions(family_, n, families, "family");
  SEXP x = PROTECT(fresh_matrix(x_, (int)n, "x"));
  lmr_error err;
  double *work = glue_alloc(2 * families + 1, sizeof *work);
  glue_check(family_center(REAL(x), (size_t)n, (size_t)glue_ncol(x), family, families, work, work + families, &err), &err);
  UNPROTECT(1);
  return x;
}

/* list(left, parents) of three matrices of one size. */
static SEXP ffi_parent_center(SEXP child_, SEXP father_, SEXP mother_) {
  const int n = glue_nrow(child_), columns = glue_ncol(child_);
  SEXP child = PROTECT(fresh_matrix(child_, n, "child")), father = PROTECT(fresh_matrix(father_, n, "father"));
  glue_real(father, (R_xlen_t)n * columns, "father");
  parent_center(REAL(child), REAL(father), glue_real(mother_, (R_xlen_t)n * columns, "mother"), (size_t)n, (size_t)columns);
  SEXP out = glue_list(2, "left", child, "parents", father);
  UNPROTECT(2);
  return out;
}

/* c(errors, known) of three matrices of one size. */
static SEXP ffi_parent_errors(SEXP child, SEXP father, SEXP mother) {
  const R_xlen_t entries = Rf_xlength(child);
  size_t errors, known;
  parent_errors(glue_real(child, -1, "child"), glue_real(father, entries, "father"), glue_real(mother, entries, "mother"),
                (size_t)entries, &errors, &known);
  SEXP out = PROTECT(Rf_allocVector(REALSXP, 2));
  REAL(out)[0] = (double)errors;
  REAL(out)[1] = (double)known;
  UNPROTECT(1);
  return out;
}

/* one, two: pairs x columns of 0, 1, 2, NaN; frequency: columns x cells; cell: 1-based, of each pair; shared: pairs x
 * columns of 0, 1, 2 or another number, or NULL. list(one, two, parents). */
static SEXP ffi_parent_impute(SEXP one_, SEXP two_, SEXP frequency, SEXP cell_, SEXP shared) {
  const int pairs = glue_nrow(one_), columns = glue_ncol(one_), cells = glue_ncol(frequency);
  const R_xlen_t entries = (R_xlen_t)pairs * columns;
  SEXP one = PROTECT(fresh_matrix(one_, pairs, "one")), two = PROTECT(fresh_matrix(two_, pairs, "two"));
  glue_real(two, entries, "two");
  SEXP out = PROTECT(Rf_allocMatrix(REALSXP, pairs, columns));
  const int *cell = glue_positions(cell_, pairs, (size_t)cells, "cell");
  parent_impute(REAL(one), REAL(two), (size_t)pairs, (size_t)columns,
                glue_real(frequency, (R_xlen_t)columns * cells, "frequency"), cell,
                Rf_isNull(shared) ? NULL : glue_int(shared, entries, "shared"), REAL(out));
  SEXP list = glue_list(3, "one", one, "two", two, "parents", out);
  UNPROTECT(3);
  return list;
}

const R_CallMethodDef glue_moments_view_calls[] = {
  GLUE_CALL(ffi_parent_errors, 3),
  GLUE_CALL(ffi_parent_impute, 5),
  GLUE_CALL(ffi_family_center, 3),
  GLUE_CALL(ffi_parent_center, 3),
  GLUE_CALL(ffi_panel_components, 2),
  GLUE_CALL(ffi_partial, 5),
  GLUE_CALL(ffi_scores, 7),
  GLUE_CALL(ffi_scores_basis, 3),
  GLUE_CALL(ffi_scores_metric, 3),
  GLUE_CALL(ffi_scores_products, 4),
  GLUE_CALL(ffi_moment_delete, 6),
  {NULL, NULL, 0}
};
