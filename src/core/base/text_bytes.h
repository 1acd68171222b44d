/* Text as it should be: UTF-8 without control characters. A failure (LMR_EFORMAT)
 * names file and line. Lines end with \n, \r\n or \r. */
#ifndef LMR_CORE_TEXT_BYTES_H
#define LMR_CORE_TEXT_BYTES_H

#include "core/base/status.h"

/* Length of a byte order mark (UTF-8) at the start of a text: 3 or 0. */
size_t text_mark(const char *text, size_t size);

/* Bytes from `start` to before `stop`, which hold no line end; `line` from 1. */
lmr_status text_check_line(const char *start, const char *stop, size_t line, const char *name,
                           lmr_error *err);

lmr_status text_check(const char *text, size_t size, const char *name, lmr_error *err);

#endif
