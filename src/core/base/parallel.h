/* Loops whose turns do not depend on one another, over several threads where the compiler
 * has OpenMP. How many is the tick's (status.h), because only who polls knows: the loop is
 * entered on the main thread, which takes its share of the turns and alone asks whether to stop.
 *
 *   int stop = 0;
 *   LMR_PARALLEL_FOR(threads, dynamic)
 *   for (size_t i = 0; i < n; i++) {
 *     if (lmr_stop_asked(&stop, tick, share)) continue;
 *     ...
 *   }
 *   if (stop) return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
 *
 * A turn writes what no other turn touches and sums in an order of its own, so that any number
 * of threads gives the same bits. */
#ifndef LMR_CORE_PARALLEL_H
#define LMR_CORE_PARALLEL_H

#include <string.h>

#include "core/base/status.h"

#ifdef _OPENMP
#include <omp.h>
#define LMR_PRAGMA(text) _Pragma(#text)
#define LMR_PARALLEL_FOR(threads, order) LMR_PRAGMA(omp parallel for num_threads(threads) schedule(order))
static inline int lmr_main_thread(void) { return omp_get_thread_num() == 0; }
static inline size_t lmr_thread(void) { return (size_t)omp_get_thread_num(); } /* from 0, of a parallel loop */
#else
#define LMR_PARALLEL_FOR(threads, order)
static inline int lmr_main_thread(void) { return 1; }
static inline size_t lmr_thread(void) { return 0; }
#endif

/* Threads for `turns` turns: the tick's, not more than turns. */
static inline int lmr_threads(const lmr_tick *tick, size_t turns) {
#ifdef _OPENMP
  const int asked = tick && tick->threads > 1 ? tick->threads : 1;
  return (size_t)asked <= turns ? asked : turns ? (int)turns : 1;
#else
  (void)tick;
  (void)turns;
  return 1;
#endif
}

/* Zeros in memory that is new: clearing its pages is the system's work for whoever touches them first. */
static inline void lmr_zeros(void *to, size_t bytes, int threads) {
  const size_t piece = (size_t)4 << 20, turns = (bytes + piece - 1) / piece;
  (void)threads;
  LMR_PARALLEL_FOR((size_t)threads < turns ? threads : turns ? (int)turns : 1, static)
  for (size_t t = 0; t < turns; t++)
    memset((char *)to + t * piece, 0, bytes - t * piece < piece ? bytes - t * piece : piece);
}

/* Whether to stop; asks the tick on the main thread, and remembers a yes for all. */
static inline int lmr_stop_asked(int *stop, const lmr_tick *tick, double done) {
  int now;
#ifdef _OPENMP
#pragma omp atomic read
#endif
  now = *stop;
  if (now || !lmr_main_thread() || !lmr_tick_poll(tick, done)) return now;
#ifdef _OPENMP
#pragma omp atomic write
#endif
  *stop = 1;
  return 1;
}

#endif
