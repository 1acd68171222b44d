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

/* Raises the R condition for a failed status (class latentmr_error_<kind>, or
 * an R interrupt for LMR_EINTERRUPT) and does not return unless LMR_OK. Release
 * whatever is not R memory first. */
void glue_check(lmr_status status, const lmr_error *err);

/* Work memory from R_alloc: freed by R when the .Call ends, errors included. */
lmr_arena glue_arena(size_t bytes);
void *glue_alloc(size_t count, size_t width); /* 64-byte aligned */

/* Asks the system for large pages under a new block that will be written whole:
 * on Linux first touching 400 MB in 4 kB pages takes longer than filling it.
 * Advice only; blocks below some megabytes are left alone. */
void glue_large_pages(void *block, size_t bytes);

/* A tick that polls R for a user interrupt at most five times a second. The
 * state lives in the caller's frame. When `progress` is an R function it is
 * called with the done share at the same rate, on the main thread, by a plain
 * call: nothing but R's memory may be held while the tick is polled. */
typedef struct {
  double last;
  SEXP progress;
} glue_tick_state;
lmr_tick glue_tick(glue_tick_state *state, SEXP progress);

/* For the tests: from now on ticks are counted, and the one with this number (from 0)
 * asks to stop; -1: none is counted. Returns the number since the last call. */
int glue_stop_at(int poll);

/* Argument views; each stops with an R error when the type is not as promised
 * by the R wrapper (a bug in the package, not in the user's input). */
double *glue_real(SEXP x, R_xlen_t length, const char *name);
int *glue_int(SEXP x, R_xlen_t length, const char *name);
double glue_real1(SEXP x, const char *name);
int glue_int1(SEXP x, const char *name);

/* A file name as the operating system wants it; R memory. */
const char *glue_path(SEXP paths, R_xlen_t i);

/* Named list builder: glue_list(n, "a", SEXP, "b", SEXP, ...), values protected
 * by the caller or by PROTECT inside the argument list. */
SEXP glue_list(int n, ...);

/* One table of routines per glue file, joined in init.c. */
extern const R_CallMethodDef glue_calls[];
extern const R_CallMethodDef glue_autoencoder_calls[];
extern const R_CallMethodDef glue_curve_calls[];
extern const R_CallMethodDef glue_base_calls[];
extern const R_CallMethodDef glue_effect_calls[];
extern const R_CallMethodDef glue_encoder_calls[];
extern const R_CallMethodDef glue_genotype_calls[];
extern const R_CallMethodDef glue_iv_calls[];
extern const R_CallMethodDef glue_kernel_calls[];
extern const R_CallMethodDef glue_moments_calls[];
extern const R_CallMethodDef glue_test_autoencoder_calls[];
extern const R_CallMethodDef glue_test_calls[];
extern const R_CallMethodDef glue_test_curve_calls[];

#define GLUE_CALL(name, n) {#name, (DL_FUNC)&name, n}

#endif
