/* Positioned reads from a regular file, and whole files or pipes. No memory mapping: a file that shrinks
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

/* LMR_EFORMAT when size or time of modification are no longer those of opening:
 * call it after reading, so that no mixture of old and new content passes. */
lmr_status input_unchanged(const input_file *file, lmr_error *err);

/* The same for a file or a pipe that is read from its start to its end; `regular`
 * says which it is. A device is LMR_EFORMAT unless it is empty. */
lmr_status stream_open(input_file *file, const char *path, int *regular, lmr_error *err);

/* Up to `count` (> 0) bytes; `got` is 0 at the end only. Waits for whoever writes to
 * a pipe, polling the tick about ten times a second. */
lmr_status stream_read(input_file *file, void *dest, size_t count, size_t *got, const lmr_tick *tick,
                       lmr_error *err);

/* May be called twice, and after a failed open. */
void input_close(input_file *file);

#endif
