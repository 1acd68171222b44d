/* Positioned reads from a regular file. No memory mapping: a file that shrinks
 * while it is read is an error here, not a signal. `path` is in the system's
 * encoding (UTF-8 on Windows). */
#ifndef LMR_CORE_INPUT_FILE_H
#define LMR_CORE_INPUT_FILE_H

#include "core/base/status.h"

typedef struct {
  int fd;        /* -1 when closed */
  uint64_t size; /* bytes, when opened */
  double mtime;  /* last modification, seconds since 1970 */
  char name[208]; /* the path for messages, its front cut when it is long */
} input_file;

/* LMR_EIO (missing, unreadable) or LMR_EFORMAT (a directory, a device): then
 * nothing is left open. */
lmr_status input_open(input_file *file, const char *path, lmr_error *err);

/* Exactly `count` bytes from `offset`; fewer in the file is LMR_EIO. */
lmr_status input_read(input_file *file, uint64_t offset, void *dest, size_t count,
                      lmr_error *err);

/* May be called twice, and after a failed input_open. */
void input_close(input_file *file);

#endif
