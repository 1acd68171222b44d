/* Status codes, messages and the interrupt tick: what every core function
 * speaks. A core function returns a status and, when it is not LMR_OK, leaves a
 * sentence in `err` (which may be NULL). It never prints, allocates or exits. */
#ifndef LMR_CORE_STATUS_H
#define LMR_CORE_STATUS_H

#if defined(R_R_H) || defined(R_INTERNALS_H_)
#error "core headers come before any R header: the core must not see R"
#endif

#include <stddef.h>
#include <stdint.h>

typedef enum {
  LMR_OK = 0,
  LMR_EINVAL,     /* an argument is out of its range: a bug in the caller */
  LMR_EIO,        /* the operating system refused a read */
  LMR_EFORMAT,    /* a file is not what it claims to be */
  LMR_ESINGULAR,  /* a matrix is rank deficient or not positive definite */
  LMR_ENOCONV,    /* an iteration did not converge */
  LMR_ENONFINITE, /* a number became NaN or infinite */
  LMR_EINTERRUPT, /* the tick asked to stop */
  LMR_ENOMEM      /* the caller's work block is too small */
} lmr_status;

typedef struct {
  char message[512];
} lmr_error;

/* The compiler checks the format at position f against the arguments from a on. */
#if defined(__MINGW32__) && !defined(__clang__)
#define LMR_FORMAT(f, a) __attribute__((format(gnu_printf, f, a))) /* `printf` is there what an old runtime took */
#elif defined(__GNUC__)
#define LMR_FORMAT(f, a) __attribute__((format(printf, f, a)))
#else
#define LMR_FORMAT(f, a)
#endif

/* Writes the sentence (truncated at 511 bytes) and returns `code`. */
LMR_FORMAT(3, 4)
lmr_status lmr_fail(lmr_error *err, lmr_status code, const char *format, ...);

#define LMR_TRY(expr)                            \
  do {                                           \
    lmr_status lmr_try_status_ = (expr);         \
    if (lmr_try_status_ != LMR_OK) return lmr_try_status_; \
  } while (0)

/* Long loops poll the tick; a non-zero answer means "stop": clean up, return
 * LMR_EINTERRUPT. `fn` may be NULL (never stop). `done` in [0, 1] is progress.
 * `threads`: how many a loop may use (parallel.h); 0 and 1 are this one alone. */
typedef struct {
  int (*fn)(void *context, double done);
  void *context;
  int threads;
} lmr_tick;

static inline int lmr_tick_poll(const lmr_tick *tick, double done) {
  return tick && tick->fn ? tick->fn(tick->context, done) : 0;
}

static inline int lmr_tick_ask(void *tick, double done) {
  (void)done;
  return lmr_tick_poll(tick, 0);
}

/* Asks as `tick` does, which must stay, but reports nothing: for what comes before the
 * work whose share is reported. */
static inline lmr_tick lmr_tick_before(const lmr_tick *tick) {
  const lmr_tick out = {lmr_tick_ask, (void *)tick, tick ? tick->threads : 1};
  return out;
}

/* A stretch of the work that reports from `from` on, `share` of the whole: as the context of
 * lmr_tick_part_ask(). */
typedef struct {
  const lmr_tick *tick;
  double from, share;
} lmr_tick_part;

static inline int lmr_tick_part_ask(void *context, double done) {
  const lmr_tick_part *part = (const lmr_tick_part *)context;
  return lmr_tick_poll(part->tick, part->from + part->share * done);
}

#endif
