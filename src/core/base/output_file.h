/* A whole file written at once and handed to the disk, or nothing. `path` is in the
 * system's encoding (UTF-8 on Windows). */
#ifndef LMR_CORE_OUTPUT_FILE_H
#define LMR_CORE_OUTPUT_FILE_H

#include "core/base/status.h"

/* Makes `path`, which must not exist, of `count` bytes; it can be read by whom the
 * system's mask lets. LMR_EIO with the system's reason alone as the sentence ("No space
 * left on device"), or LMR_EINTERRUPT: then no file of that name is left. */
lmr_status output_write(const char *path, const void *bytes, size_t count, const lmr_tick *tick,
                        lmr_error *err);

#endif
