#include "core/genotype/bgen_unpack.h"

#include <limits.h>
#include <string.h>
#ifdef LMR_DEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif
#ifdef LMR_ZSTD
#include <zstd.h>
#endif

#include "core/genotype/bgen_file.h"

/* zlib takes about 7 kB, and a window of 32 kB when it stops half way; its successors more. */
enum { ZLIB_BYTES = 1 << 18 };

int bgen_has_zstd(void) {
#ifdef LMR_ZSTD
  return 1;
#else
  return 0;
#endif
}

size_t bgen_unpack_bytes(void) { return ZLIB_BYTES; }

static lmr_status wrong(lmr_error *err) { return lmr_fail(err, LMR_EFORMAT, "its genotypes do not unpack"); }

#ifdef LMR_DEFLATE
static lmr_status open_zlib(bgen_unpacker *unpacker, lmr_error *err) {
  unpacker->state = libdeflate_alloc_decompressor();
  return unpacker->state ? LMR_OK : lmr_fail(err, LMR_ENOMEM, "libdeflate cannot begin");
}

static void close_zlib(bgen_unpacker *unpacker) { libdeflate_free_decompressor(unpacker->state); }

/* Without a place for the bytes written, they must be all that were expected. */
static lmr_status unpack_zlib(void *state, const uint8_t *from, size_t size, uint8_t *to, size_t expected, lmr_error *err) {
  size_t read = 0;
  const int status = libdeflate_zlib_decompress_ex(state, from, size, to, expected, &read, NULL);
  return status == LIBDEFLATE_SUCCESS && read == size ? LMR_OK : wrong(err);
}
#else
static voidpf take(voidpf memory, uInt count, uInt width) { return lmr_arena_take(memory, count, width); }

static void keep(voidpf memory, voidpf block) {
  (void)memory;
  (void)block;
}

static lmr_status open_zlib(bgen_unpacker *unpacker, lmr_error *err) {
  z_stream *stream;
  LMR_TAKE(stream, &unpacker->memory, 1, err);
  memset(stream, 0, sizeof *stream);
  stream->zalloc = take;
  stream->zfree = keep;
  stream->opaque = &unpacker->memory;
  if (inflateInit(stream) != Z_OK) return lmr_fail(err, LMR_ENOMEM, "zlib cannot begin");
  unpacker->state = stream;
  return LMR_OK;
}

static void close_zlib(bgen_unpacker *unpacker) { inflateEnd(unpacker->state); }

static lmr_status unpack_zlib(void *state, const uint8_t *from, size_t size, uint8_t *to, size_t expected,
                              lmr_error *err) {
  z_stream *stream = state;
  if (size > UINT_MAX || expected > UINT_MAX || inflateReset(stream) != Z_OK) return wrong(err);
  stream->next_in = (Bytef *)from;
  stream->avail_in = (uInt)size;
  stream->next_out = to;
  stream->avail_out = (uInt)expected;
  const int status = inflate(stream, Z_FINISH);
  return status == Z_STREAM_END && stream->avail_out == 0 && stream->avail_in == 0 ? LMR_OK : wrong(err);
}
#endif

lmr_status bgen_unpack_open(bgen_unpacker *unpacker, int packing, lmr_arena memory, lmr_error *err) {
  *unpacker = (bgen_unpacker){packing, NULL, memory};
  if (packing == BGEN_ZLIB) return open_zlib(unpacker, err);
  if (packing == BGEN_PLAIN) return LMR_OK;
#ifdef LMR_ZSTD
  unpacker->state = ZSTD_createDCtx();
  if (unpacker->state) return LMR_OK;
  return lmr_fail(err, LMR_ENOMEM, "zstd cannot begin");
#else
  return lmr_fail(err, LMR_EFORMAT, "it is packed by zstd");
#endif
}

void bgen_unpack_close(bgen_unpacker *unpacker) {
  if (unpacker->state && unpacker->packing == BGEN_ZLIB) close_zlib(unpacker);
#ifdef LMR_ZSTD
  if (unpacker->state && unpacker->packing == BGEN_ZSTD) ZSTD_freeDCtx(unpacker->state);
#endif
  unpacker->state = NULL;
}

lmr_status bgen_unpack(bgen_unpacker *unpacker, const uint8_t *from, size_t size, uint8_t *to, size_t expected,
                       lmr_error *err) {
  if (unpacker->packing == BGEN_ZLIB) return unpack_zlib(unpacker->state, from, size, to, expected, err);
#ifdef LMR_ZSTD
  if (unpacker->packing == BGEN_ZSTD)
    return ZSTD_decompressDCtx(unpacker->state, to, expected, from, size) == expected ? LMR_OK : wrong(err);
#endif
  if (unpacker->packing != BGEN_PLAIN || size != expected) return wrong(err);
  memcpy(to, from, size);
  return LMR_OK;
}
