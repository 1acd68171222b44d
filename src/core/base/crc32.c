#include "core/base/crc32.h"

uint32_t lmr_crc32(const uint8_t *bytes, size_t size) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? UINT32_C(0xEDB88320) ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) crc = table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
  return crc ^ UINT32_MAX;
}
