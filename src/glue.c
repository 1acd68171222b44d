#include "core/base/clock.h"
#include "core/base/cpu.h"
#include "glue.h"

#include <stdarg.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

static const char *status_class(lmr_status status) {
  switch (status) {
    case LMR_EIO: return "io";
    case LMR_EFORMAT: return "format";
    case LMR_ESINGULAR: return "singular";
    case LMR_ENOCONV: return "noconv";
    case LMR_ENONFINITE: return "nonfinite";
    case LMR_EINTERRUPT: return "interrupt";
    default: return "internal";
  }
}

void glue_check(lmr_status status, const lmr_error *err) {
  if (status == LMR_OK) return;
  SEXP package = PROTECT(Rf_mkString("LatentMR"));
  SEXP ns = PROTECT(R_FindNamespace(package));
  SEXP class = PROTECT(Rf_mkString(status_class(status)));
  SEXP message = PROTECT(Rf_ScalarString(Rf_mkCharCE(err->message, CE_UTF8)));
  SEXP call = PROTECT(Rf_lang3(Rf_install("abort_core"), class, message));
  Rf_eval(call, ns);
  UNPROTECT(5);
  Rf_error("abort_core() returned"); /* not reached: it never returns */
}

void *glue_alloc(size_t count, size_t width) {
  const size_t bytes = lmr_add_bytes(lmr_bytes(count, width), 64);
  if (bytes == SIZE_MAX || bytes > (size_t)R_XLEN_T_MAX)
    Rf_error("cannot allocate %.0f bytes", (double)count * (double)width);
  lmr_arena whole = lmr_arena_over(R_alloc(bytes, 1), bytes);
  return lmr_arena_take(&whole, count, width);
}

void glue_large_pages(void *block, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const size_t page = 4096, least = (size_t)8 << 20;
  if (bytes < least) return;
  const size_t off = (page - (uintptr_t)block % page) % page;
  madvise((char *)block + off, (bytes - off) / page * page, MADV_HUGEPAGE);
#else
  (void)block;
  (void)bytes;
#endif
}

lmr_arena glue_arena(size_t bytes) {
  return lmr_arena_over(glue_alloc(bytes, 1), bytes);
}

static void check_interrupt(void *unused) {
  (void)unused;
  R_CheckUserInterrupt();
}

static int stop_at = -1, polls = 0; /* glue_stop_at() */

int glue_stop_at(int poll) {
  const int seen = polls;
  stop_at = poll, polls = 0;
  return seen;
}

static int tick(void *context, double done) {
  glue_tick_state *state = context;
  if (stop_at >= 0 && polls++ == stop_at) return 1;
  const double now = lmr_seconds();
  if (now - state->last < .2) return 0;
  state->last = now;
  if (!R_ToplevelExec(check_interrupt, NULL)) return 1;
  if (Rf_isFunction(state->progress)) {
    /* A plain call: handlers of conditions, which progress is, are not seen
     * under R_ToplevelExec. */
    SEXP share = PROTECT(Rf_ScalarReal(done));
    SEXP call = PROTECT(Rf_lang2(state->progress, share));
    Rf_eval(call, R_GlobalEnv);
    UNPROTECT(2);
  }
  return 0;
}

lmr_tick glue_tick(glue_tick_state *state, SEXP progress) {
  state->last = lmr_seconds();
  state->progress = progress;
  lmr_tick t = {tick, state};
  return t;
}

double *glue_real(SEXP x, R_xlen_t length, const char *name) {
  if (TYPEOF(x) != REALSXP || (length >= 0 && Rf_xlength(x) != length))
    Rf_error("internal: `%s` must be double of length %.0f, not %s of length %.0f", name,
             (double)length, Rf_type2char(TYPEOF(x)), (double)Rf_xlength(x));
  return REAL(x);
}

int *glue_int(SEXP x, R_xlen_t length, const char *name) {
  if (TYPEOF(x) != INTSXP || (length >= 0 && Rf_xlength(x) != length))
    Rf_error("internal: `%s` must be integer of length %.0f, not %s of length %.0f", name,
             (double)length, Rf_type2char(TYPEOF(x)), (double)Rf_xlength(x));
  return INTEGER(x);
}

double glue_real1(SEXP x, const char *name) { return glue_real(x, 1, name)[0]; }
int glue_int1(SEXP x, const char *name) { return glue_int(x, 1, name)[0]; }

const char *glue_path(SEXP paths, R_xlen_t i) {
#ifdef _WIN32
  return Rf_translateCharUTF8(STRING_ELT(paths, i));
#else
  return Rf_translateChar(STRING_ELT(paths, i));
#endif
}

SEXP glue_list(int n, ...) {
  SEXP list = PROTECT(Rf_allocVector(VECSXP, n));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, n));
  va_list args;
  va_start(args, n);
  for (int i = 0; i < n; i++) {
    const char *name = va_arg(args, const char *);
    SET_VECTOR_ELT(list, i, va_arg(args, SEXP));
    SET_STRING_ELT(names, i, Rf_mkChar(name));
  }
  va_end(args);
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

static SEXP ffi_cpu_level(void) { return Rf_ScalarInteger(lmr_cpu_detect()); }

const R_CallMethodDef glue_calls[] = {
  GLUE_CALL(ffi_cpu_level, 0),
  {NULL, NULL, 0}
};
