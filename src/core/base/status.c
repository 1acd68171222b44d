/* On Windows: the C99 vsnprintf, which knows %zu, whatever the runtime. */
#if defined(__MINGW32__)
#define __USE_MINGW_ANSI_STDIO 1
#endif

#include "core/base/status.h"

#include <stdarg.h>
#include <stdio.h>

lmr_status lmr_fail(lmr_error *err, lmr_status code, const char *format, ...) {
  if (err) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
  }
  return code;
}
