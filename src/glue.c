#include "core/base/clock.h"
#include "core/base/cpu.h"
#include "core/base/output_file.h"
#include "glue.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#ifndef _WIN32
#include <unistd.h>
#endif
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
    default: return "internal";
  }
}

/* What R raised while a loop was polled (an error, an interrupt, a time limit, a
 * jump to a restart) waits in `unwind` until the core has stopped and given back
 * its files; glue_check() lets it go on. */
static SEXP unwind = NULL;
static int waiting = 0;

void glue_check(lmr_status status, const lmr_error *err) {
  if (status == LMR_OK) return;
  if (status == LMR_EINTERRUPT && waiting) {
    waiting = 0;
    R_ContinueUnwind(unwind);
  }
  SEXP package = PROTECT(Rf_mkString("LatentMR"));
  SEXP ns = PROTECT(R_FindNamespace(package));
  SEXP class = PROTECT(Rf_mkString(status_class(status)));
  SEXP message = PROTECT(Rf_ScalarString(Rf_mkCharCE(err->message, CE_UTF8)));
  SEXP call = PROTECT(Rf_lang3(Rf_install("abort_core"), class, message));
  Rf_eval(call, ns);
  UNPROTECT(5);
  Rf_error("abort_core() returned"); /* not reached: it never returns */
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

void *glue_alloc(size_t count, size_t width) {
  const size_t bytes = lmr_add_bytes(lmr_bytes(count, width), 64);
  if (bytes == SIZE_MAX || bytes > (size_t)R_XLEN_T_MAX)
    glue_stop("cannot allocate %.0f bytes", (double)count * (double)width);
  void *block = R_alloc(bytes, 1);
  glue_large_pages(block, bytes);
  lmr_arena whole = lmr_arena_over(block, bytes);
  return lmr_arena_take(&whole, count, width);
}

SEXP glue_matrix(size_t rows, size_t columns) {
  if (rows > INT_MAX || columns > INT_MAX) glue_stop("internal: a matrix of %zu by %zu", rows, columns);
  SEXP out = Rf_allocMatrix(REALSXP, (int)rows, (int)columns);
  glue_large_pages(REAL(out), rows * columns * sizeof(double));
  return out;
}

lmr_arena glue_arena(size_t bytes) {
  return lmr_arena_over(glue_alloc(bytes, 1), bytes);
}

enum { KEPT_LEAST = 1 << 20, KEPT_MOST = 1 << 28 };
static struct {
  void *block;
  size_t bytes;
  int taken;
} kept;

void glue_work_free(void) {
  if (kept.taken) return;
  free(kept.block);
  kept.block = NULL;
  kept.bytes = 0;
}

glue_work glue_work_take(size_t bytes) {
  if (kept.taken || bytes < KEPT_LEAST || bytes > KEPT_MOST) return (glue_work){glue_arena(bytes), 0};
  const size_t whole = bytes + 64; /* what aligning it may cost */
  if (kept.bytes < whole) {
    glue_work_free();
    kept.block = malloc(whole);
    if (!kept.block) return (glue_work){glue_arena(bytes), 0};
    kept.bytes = whole;
    glue_large_pages(kept.block, whole);
  }
  kept.taken = 1;
  return (glue_work){lmr_arena_over(kept.block, whole), 1};
}

void glue_work_give(const glue_work *work) {
  if (work->kept) kept.taken = 0;
}

/* glue_stop_at() */
static int stop_at = -1, polls = 0;
static SEXP stop_by = NULL;

int glue_stop_at(int poll, SEXP call) {
  const int seen = polls;
  if (stop_by) R_ReleaseObject(stop_by);
  R_PreserveObject(stop_by = call);
  stop_at = poll, polls = 0;
  return seen;
}

typedef struct {
  SEXP call; /* a function, or NULL */
  const double *done;
} question;

/* All of R that runs while the core is in the middle of something. */
static SEXP ask(void *data) {
  const question *q = data;
  if (Rf_isFunction(q->call)) {
    SEXP share = PROTECT(q->done ? Rf_ScalarReal(*q->done) : R_NilValue);
    SEXP call = PROTECT(q->done ? Rf_lang2(q->call, share) : Rf_lang1(q->call));
    Rf_eval(call, R_GlobalEnv);
    UNPROTECT(2);
  }
  R_CheckUserInterrupt();
  return R_NilValue;
}

static void back(void *out, Rboolean jump) {
  if (jump) longjmp(*(jmp_buf *)out, 1);
}

static int stopped_by(question *q) {
  jmp_buf out;
  if (setjmp(out)) {
    waiting = 1;
    return 1;
  }
  R_UnwindProtect(ask, q, back, &out, unwind);
  return 0;
}

static int tick(void *context, double done) {
  glue_tick_state *state = context;
  if (waiting) return 1;
  done = state->from + state->share * done;
  if (stop_at >= 0 && polls++ == stop_at) return stopped_by(&(question){stop_by, &done});
  const double now = lmr_seconds();
  if (now - state->last < .2) return 0;
  state->last = now;
  return stopped_by(&(question){state->progress, &done});
}

#ifdef _OPENMP
static long process(void) {
#ifdef _WIN32
  return 0; /* knows no forks */
#else
  return (long)getpid();
#endif
}

static long loaded_by = -1; /* written once, at load */

static int lesser(int a, int b) { return a < b ? a : b; }

/* As data.table has it: what the option says, else half of the processors and not more than the
 * environment allows; one in a forked child, where the threads of its parent are gone; two while
 * packages are checked. */
static int threads_here(void) {
  if (loaded_by != process()) return 1;
  const char *checked = getenv("_R_CHECK_LIMIT_CORES_");
  const int most = checked && *checked && strcmp(checked, "false") && strcmp(checked, "FALSE") ? 2 : 1024;
  if (Rf_GetOption1(Rf_install("LatentMR.threads")) == R_NilValue) {
    const int half = omp_get_num_procs() / 2;
    return lesser(lesser(half > 1 ? half : 1, most), lesser(omp_get_max_threads(), omp_get_thread_limit()));
  }
  SEXP package = PROTECT(Rf_mkString("LatentMR")), ns = PROTECT(R_FindNamespace(package));
  SEXP call = PROTECT(Rf_lang1(Rf_install("asked_threads"))), asked = PROTECT(Rf_eval(call, ns));
  const int threads = glue_int1(asked, "threads");
  UNPROTECT(4);
  return lesser(threads, lesser(most, omp_get_thread_limit()));
}

void glue_loaded(void) { loaded_by = process(); }
int glue_threads(void) { return threads_here(); }
#else
void glue_loaded(void) {}
int glue_threads(void) { return 1; }
#endif

lmr_tick glue_tick(glue_tick_state *state, SEXP progress) {
  if (!unwind) R_PreserveObject(unwind = R_MakeUnwindCont());
  waiting = 0; /* of a call whose stop nobody waited for */
  *state = (glue_tick_state){.last = lmr_seconds(), .progress = progress, .share = 1};
  lmr_tick t = {tick, state, glue_threads()};
  return t;
}

void glue_stop(const char *format, ...) {
  lmr_error err;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(err.message, sizeof err.message, format, args);
  va_end(args);
  glue_check(LMR_EINVAL, &err);
  Rf_error("%s", err.message); /* not reached */
}

static void check_vector(SEXP x, int type, R_xlen_t length, const char *name) {
  if (TYPEOF(x) != type)
    glue_stop("internal: `%s` must be %s, not %s", name, Rf_type2char((SEXPTYPE)type), Rf_type2char(TYPEOF(x)));
  if (length >= 0 && Rf_xlength(x) != length)
    glue_stop("internal: `%s` must be of length %.0f, not %.0f", name, (double)length, (double)Rf_xlength(x));
}

double *glue_real(SEXP x, R_xlen_t length, const char *name) {
  check_vector(x, REALSXP, length, name);
  return REAL(x);
}

int *glue_int(SEXP x, R_xlen_t length, const char *name) {
  check_vector(x, INTSXP, length, name);
  return INTEGER(x);
}

double glue_real1(SEXP x, const char *name) { return glue_real(x, 1, name)[0]; }
int glue_int1(SEXP x, const char *name) { return glue_int(x, 1, name)[0]; }

size_t glue_size1(SEXP x, const char *name) {
  const int n = glue_int1(x, name);
  if (n < 0) glue_stop("internal: `%s` must not be negative or missing", name);
  return (size_t)n;
}

/* Side 0 or 1 of the dimensions. */
static int side_of(SEXP x, int side) {
  if (!Rf_isVector(x)) glue_stop("internal: a matrix is %s", Rf_type2char(TYPEOF(x)));
  SEXP dim = Rf_getAttrib(x, R_DimSymbol);
  const R_xlen_t n = Rf_xlength(x);
  if (Rf_isNull(dim) || Rf_xlength(dim) == 1) {
    if (n > INT_MAX) glue_stop("internal: a column of %.0f rows", (double)n);
    return side ? 1 : (int)n;
  }
  if (TYPEOF(dim) != INTSXP || Rf_xlength(dim) != 2) glue_stop("internal: a matrix has other dimensions than two");
  const int *d = INTEGER(dim);
  if (d[0] < 0 || d[1] < 0 || (R_xlen_t)d[0] * d[1] != n)
    glue_stop("internal: a matrix of %d x %d holds %.0f numbers", d[0], d[1], (double)n);
  return d[side];
}

int glue_nrow(SEXP x) { return side_of(x, 0); }
int glue_ncol(SEXP x) { return side_of(x, 1); }

static void check_place(int at, int from, size_t limit, const char *name) {
  if (at < from || (size_t)(at - from) >= limit)
    glue_stop("internal: `%s` holds %d, outside %d to %.0f", name, at, from, (double)limit - 1 + from);
}

int *glue_positions(SEXP x, R_xlen_t length, size_t limit, const char *name) {
  const int *from = glue_int(x, length, name);
  const R_xlen_t n = Rf_xlength(x);
  int *to = glue_alloc((size_t)n + 1, sizeof *to);
  for (R_xlen_t i = 0; i < n; i++) {
    check_place(from[i], 1, limit, name);
    to[i] = from[i] - 1;
  }
  return to;
}

const int *glue_places(SEXP x, R_xlen_t length, size_t limit, const char *name) {
  const int *at = glue_int(x, length, name);
  for (R_xlen_t i = 0; i < Rf_xlength(x); i++) check_place(at[i], 0, limit, name);
  return at;
}

SEXP glue_field_or_null(SEXP list, const char *name) {
  if (TYPEOF(list) != VECSXP) glue_stop("internal: `%s` is asked of %s, not of a list", name, Rf_type2char(TYPEOF(list)));
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  if (TYPEOF(names) != STRSXP || Rf_xlength(names) != Rf_xlength(list)) return R_NilValue;
  for (R_xlen_t i = 0; i < Rf_xlength(list); i++)
    if (!strcmp(CHAR(STRING_ELT(names, i)), name)) return VECTOR_ELT(list, i);
  return R_NilValue;
}

SEXP glue_field(SEXP list, const char *name) {
  SEXP x = glue_field_or_null(list, name);
  if (Rf_isNull(x)) glue_stop("internal: a list without `%s`", name);
  return x;
}

double *glue_field_real(SEXP list, const char *name, R_xlen_t length) {
  return glue_real(glue_field(list, name), length, name);
}
int *glue_field_int(SEXP list, const char *name, R_xlen_t length) {
  return glue_int(glue_field(list, name), length, name);
}
double glue_field_real1(SEXP list, const char *name) { return glue_real1(glue_field(list, name), name); }
size_t glue_field_size1(SEXP list, const char *name) { return glue_size1(glue_field(list, name), name); }

size_t glue_field_count(SEXP list, const char *name) {
  SEXP x = glue_field(list, name);
  if (TYPEOF(x) == INTSXP) return glue_size1(x, name);
  const double value = glue_real1(x, name);
  if (!(value >= 0 && value < 9e15)) glue_stop("internal: `%s` is %g, not a count", name, value);
  return (size_t)value;
}

SEXP glue_part(SEXP list, R_xlen_t length, R_xlen_t i, const char *name) {
  check_vector(list, VECSXP, length, name);
  if (i < 0 || i >= Rf_xlength(list)) glue_stop("internal: part %.0f of `%s`, which has %.0f", (double)i + 1, name, (double)Rf_xlength(list));
  return VECTOR_ELT(list, i);
}

const char *glue_path(SEXP paths, R_xlen_t i) {
  if (TYPEOF(paths) != STRSXP || i < 0 || i >= Rf_xlength(paths)) glue_stop("internal: no file name %.0f", (double)i + 1);
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

/* Raw bytes into a new file; NULL, or the system's reason why not. */
static SEXP ffi_write_file(SEXP path, SEXP bytes) {
  if (TYPEOF(bytes) != RAWSXP || TYPEOF(path) != STRSXP || Rf_xlength(path) != 1)
    Rf_error("internal: `bytes` must be raw, `path` one string");
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  lmr_error err;
  const lmr_status status = output_write(glue_path(path, 0), RAW(bytes), (size_t)Rf_xlength(bytes), &tick, &err);
  if (status == LMR_EIO) return Rf_ScalarString(Rf_mkChar(err.message));
  glue_check(status, &err);
  return R_NilValue;
}

static SEXP ffi_cpu_level(void) { return Rf_ScalarInteger(lmr_cpu_detect()); }

const R_CallMethodDef glue_calls[] = {
  GLUE_CALL(ffi_cpu_level, 0),
  GLUE_CALL(ffi_write_file, 2),
  {NULL, NULL, 0}
};
