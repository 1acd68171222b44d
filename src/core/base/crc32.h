/* The cyclic redundancy check at the end of gzip data (RFC 1952, section 8). */
#ifndef LMR_CORE_CRC32_H
#define LMR_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t lmr_crc32(const uint8_t *bytes, size_t size);

#endif
