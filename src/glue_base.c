/* Files and pipes as raw vectors; their text checked. */
#include "core/base/crc32.h"
#include "core/base/input_file.h"
#include "core/base/text_bytes.h"
#include "glue.h"

typedef struct {
  input_file file;
  const char *path;
  double limit;
  SEXP out;
  PROTECT_INDEX at;
} reading;

enum { FIRST_BYTES = 1 << 16 };

/* All bytes of the file or pipe, or as a number how many when they are too many. */
static SEXP read_whole(void *context) {
  reading *r = context;
  lmr_error err;
  int regular = 0;
  glue_check(stream_open(&r->file, r->path, &regular, &err), &err);
  if ((double)r->file.size > r->limit) return Rf_ScalarReal((double)r->file.size);
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  size_t size = 0, room = r->file.size >= FIRST_BYTES ? (size_t)r->file.size + 1 : FIRST_BYTES;
  PROTECT_WITH_INDEX(r->out = Rf_allocVector(RAWSXP, (R_xlen_t)room), &r->at);
  for (size_t got = 1; got; size += got) {
    if (size == room) {
      room *= 2;
      REPROTECT(r->out = Rf_xlengthgets(r->out, (R_xlen_t)room), r->at);
    }
    glue_check(stream_read(&r->file, RAW(r->out) + size, room - size, &got, &tick, &err), &err);
    if ((double)size + (double)got > r->limit) {
      UNPROTECT(1);
      return Rf_ScalarReal((double)size + (double)got);
    }
  }
  if (regular) glue_check(input_unchanged(&r->file, &err), &err);
  SEXP out = Rf_xlengthgets(r->out, (R_xlen_t)size);
  UNPROTECT(1);
  return out;
}

static void close_reading(void *context) { input_close(&((reading *)context)->file); }

static SEXP ffi_read_bytes(SEXP path, SEXP limit) {
  reading r = {.file = {.fd = -1}, .path = glue_path(path, 0), .limit = glue_real1(limit, "limit")};
  return R_ExecWithCleanup(read_whole, &r, close_reading, &r);
}

/* Stops unless the bytes are text; otherwise the length of its byte order mark. */
static SEXP ffi_check_text(SEXP bytes, SEXP name) {
  if (TYPEOF(bytes) != RAWSXP) Rf_error("internal: `bytes` must be raw");
  const char *text = (const char *)RAW(bytes);
  const size_t size = (size_t)Rf_xlength(bytes), mark = text_mark(text, size);
  lmr_error err;
  glue_check(text_check(text + mark, size - mark, Rf_translateCharUTF8(STRING_ELT(name, 0)), &err), &err);
  return Rf_ScalarInteger((int)mark);
}

/* The check of the last `size` bytes, as four bytes. */
static SEXP ffi_crc32(SEXP bytes, SEXP size) {
  if (TYPEOF(bytes) != RAWSXP) Rf_error("internal: `bytes` must be raw");
  const size_t length = (size_t)Rf_xlength(bytes), last = (size_t)glue_real1(size, "size");
  if (last > length) Rf_error("internal: %.0f of %.0f bytes", (double)last, (double)length);
  const uint32_t crc = lmr_crc32(RAW(bytes) + (length - last), last);
  SEXP out = Rf_allocVector(RAWSXP, 4);
  for (int i = 0; i < 4; i++) RAW(out)[i] = (Rbyte)(crc >> 8 * i & 0xFF);
  return out;
}

const R_CallMethodDef glue_base_calls[] = {
  GLUE_CALL(ffi_read_bytes, 2),
  GLUE_CALL(ffi_check_text, 2),
  GLUE_CALL(ffi_crc32, 2),
  {NULL, NULL, 0}
};
