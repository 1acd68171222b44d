/* Glue between R and the core: argument views, result lists, statuses raised
 * as classed R conditions, the interrupt tick. No arithmetic here. */
#ifndef LMR_GLUE_H
#define LMR_GLUE_H

#include "core/base/arena.h"
#include "core/base/status.h"

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <R_ext/Rdynload.h>

/* Raises the R condition for a failed status (class latentmr_error_<kind>; for
 * LMR_EINTERRUPT what R raised at the tick) and does not return unless LMR_OK.
 * Release whatever is not R memory first. */
void glue_check(lmr_status status, const lmr_error *err);

/* Work memory from R_alloc: freed by R when the .Call ends, errors included. */
lmr_arena glue_arena(size_t bytes);
void *glue_alloc(size_t count, size_t width); /* 64-byte aligned */

/* The same for calls that follow each other with much of it: a block that is kept, so that the system
 * need not clear its pages anew each time. It is given back as soon as the core has returned, before
 * glue_check(): nothing of R may run in between but what a tick asks, for whose calls it is not there.
 * Small and very large work comes from R_alloc. glue_work_free() lets go of the block. */
typedef struct {
  lmr_arena arena;
  int kept;
} glue_work;
glue_work glue_work_take(size_t bytes);
void glue_work_give(const glue_work *work);
void glue_work_free(void);

/* Asks the system for large pages under a new block that will be written whole:
 * on Linux first touching 400 MB in 4 kB pages takes longer than filling it.
 * Advice only; blocks below some megabytes are left alone. */
void glue_large_pages(void *block, size_t bytes);
SEXP glue_matrix(size_t rows, size_t columns); /* of doubles, not protected, on such pages */

/* A tick that polls R at most five times a second: for a user interrupt, a time
 * limit, and, when `progress` is an R function, by calling it with the share done,
 * which is from + share * what the loop says (0 and 1 unless set afterwards).
 * Handlers see what it signals. Whatever R raises then comes to the core as a
 * request to stop and goes on, as itself, from glue_check() of LMR_EINTERRUPT. The
 * state lives in the caller's frame. */
typedef struct {
  double last, from, share;
  SEXP progress;
} glue_tick_state;
lmr_tick glue_tick(glue_tick_state *state, SEXP progress);

/* Threads that a loop of the core may use now: options(LatentMR.threads), or a default that is
 * polite to others. glue_loaded() notes the process that loaded the package. */
int glue_threads(void);
void glue_loaded(void);

/* For the tests: from now on ticks are counted, and the one with this number (from 0)
 * calls an R function without arguments; -1: none is counted. Returns the number
 * since the last call. */
int glue_stop_at(int poll, SEXP call);

/* Argument views. What comes from R may come from a file or from another version of
 * the package: types, lengths and ranges are checked here, at the edge, and nothing
 * behind it is. Each stops with latentmr_error_internal; `length` -1: any. */
#if defined(__GNUC__)
__attribute__((noreturn))
#endif
LMR_FORMAT(1, 2)
void glue_stop(const char *format, ...);
double *glue_real(SEXP x, R_xlen_t length, const char *name);
int *glue_int(SEXP x, R_xlen_t length, const char *name);
double glue_real1(SEXP x, const char *name);
int glue_int1(SEXP x, const char *name);
size_t glue_size1(SEXP x, const char *name); /* one integer that is not negative */

/* Rows and columns of a matrix (a vector is one column) whose dimensions agree with
 * its length, which readRDS() does not see to. */
int glue_nrow(SEXP x);
int glue_ncol(SEXP x);

/* R's positions (from 1) as the core's (from 0), in R memory; and positions that are
 * from 0 already. All are below `limit`. */
int *glue_positions(SEXP x, R_xlen_t length, size_t limit, const char *name);
const int *glue_places(SEXP x, R_xlen_t length, size_t limit, const char *name);

/* Fields of a list by name; the first of that name, as `$` takes it. */
SEXP glue_field(SEXP list, const char *name);
SEXP glue_field_or_null(SEXP list, const char *name); /* R_NilValue when there is none */
double *glue_field_real(SEXP list, const char *name, R_xlen_t length);
int *glue_field_int(SEXP list, const char *name, R_xlen_t length);
double glue_field_real1(SEXP list, const char *name);
size_t glue_field_size1(SEXP list, const char *name);
size_t glue_field_count(SEXP list, const char *name); /* one whole number from 0, double or integer */

/* Part i (from 0) of a list of `length` parts (-1: any). */
SEXP glue_part(SEXP list, R_xlen_t length, R_xlen_t i, const char *name);

/* A file name as the operating system wants it; R memory. */
const char *glue_path(SEXP paths, R_xlen_t i);

/* Named list builder: glue_list(n, "a", SEXP, "b", SEXP, ...), values protected
 * by the caller or by PROTECT inside the argument list. */
SEXP glue_list(int n, ...);

/* One table of routines per glue file, joined in init.c. */
extern const R_CallMethodDef glue_calls[];
extern const R_CallMethodDef glue_autoencoder_calls[];
extern const R_CallMethodDef glue_curve_calls[];
extern const R_CallMethodDef glue_curve_vector_calls[];
extern const R_CallMethodDef glue_base_calls[];
extern const R_CallMethodDef glue_effect_calls[];
extern const R_CallMethodDef glue_encoder_calls[];
extern const R_CallMethodDef glue_genotype_calls[];
extern const R_CallMethodDef glue_genotype_bgen_calls[];
extern const R_CallMethodDef glue_genotype_source_calls[];
extern const R_CallMethodDef glue_iv_calls[];
extern const R_CallMethodDef glue_iv_hat_calls[];
extern const R_CallMethodDef glue_iv_kclass_calls[];
extern const R_CallMethodDef glue_iv_mixed_calls[];
extern const R_CallMethodDef glue_kernel_calls[];
extern const R_CallMethodDef glue_la_calls[];
extern const R_CallMethodDef glue_moments_calls[];
extern const R_CallMethodDef glue_moments_pass_calls[];
extern const R_CallMethodDef glue_moments_view_calls[];
extern const R_CallMethodDef glue_test_autoencoder_calls[];
extern const R_CallMethodDef glue_test_calls[];
extern const R_CallMethodDef glue_test_curve_calls[];
extern const R_CallMethodDef glue_test_encoder_calls[];

#define GLUE_CALL(name, n) {#name, (DL_FUNC)&name, n}

#endif
