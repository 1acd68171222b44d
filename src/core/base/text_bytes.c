#include "core/base/text_bytes.h"

#include <string.h>

size_t text_mark(const char *text, size_t size) {
  static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
  return size >= sizeof mark && !memcmp(text, mark, sizeof mark) ? sizeof mark : 0;
}

/* Length of the UTF-8 letter at `at` (RFC 3629), 0 when it is not one. */
static size_t letter(const unsigned char *at, size_t left) {
  const unsigned char a = at[0];
  if (a < 0x80) return 1;
  const size_t length = a >= 0xC2 && a <= 0xDF ? 2 : a >= 0xE0 && a <= 0xEF ? 3 : a >= 0xF0 && a <= 0xF4 ? 4 : 0;
  if (!length || length > left) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xC0) != 0x80) return 0;
  const unsigned char b = at[1];
  if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F))
    return 0;
  return length;
}

lmr_status text_check_line(const char *start, const char *stop, size_t line, const char *name,
                           lmr_error *err) {
  for (const char *c = start; c < stop;) {
    const unsigned char byte = (unsigned char)*c;
    if (byte == 0)
      return lmr_fail(err, LMR_EFORMAT,
                      "Line %zu of '%s' holds a NUL byte (byte 00).\n"
                      "i The file is damaged, not a text file, or not in UTF-8: copy or make it again.",
                      line, name);
    if (byte < 0x20 && byte != '\t')
      return lmr_fail(err, LMR_EFORMAT,
                      "Line %zu of '%s' holds a control character (byte %02x).\n"
                      "i The file is damaged or not a text file: copy or make it again.",
                      line, name, byte);
    const size_t length = letter((const unsigned char *)c, (size_t)(stop - c));
    if (!length)
      return lmr_fail(err, LMR_EFORMAT,
                      "Line %zu of '%s' is not valid UTF-8 (byte %02x).\n"
                      "i Convert it, for example from Latin 1: iconv -f latin1 -t utf-8.",
                      line, name, byte);
    c += length;
  }
  return LMR_OK;
}

lmr_status text_check(const char *text, size_t size, const char *name, lmr_error *err) {
  const char *const end = text + size;
  size_t line = 0;
  for (const char *start = text; start < end;) {
    const char *stop = start;
    while (stop < end && *stop != '\n' && *stop != '\r') stop++;
    LMR_TRY(text_check_line(start, stop, ++line, name, err));
    start = stop + 1;
    if (stop < end && *stop == '\r' && start < end && *start == '\n') start++;
  }
  return LMR_OK;
}
