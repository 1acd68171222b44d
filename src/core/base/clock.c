/* The system's own interfaces, before any header: clock_gettime. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE 1
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include "core/base/clock.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

double lmr_seconds(void) {
  LARGE_INTEGER ticks, rate;
  QueryPerformanceFrequency(&rate);
  QueryPerformanceCounter(&ticks);
  return (double)ticks.QuadPart / (double)rate.QuadPart;
}
#else
#include <time.h>

double lmr_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
#endif
