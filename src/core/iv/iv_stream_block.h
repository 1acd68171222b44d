/* Blocks of rows of a stream: the part of core/iv/iv_data.h that knows how. */
#ifndef LMR_CORE_IV_STREAM_BLOCK_H
#define LMR_CORE_IV_STREAM_BLOCK_H

#include "core/iv/iv_data.h"

size_t iv_stream_block_rows(const iv_stream *s);

/* Columns of the forms that a stream keeps: those of its widest cell. */
size_t iv_stream_forms(const iv_stream *s, size_t k);

/* The packed matrices of a block, and what every block has of its own. */
size_t iv_stream_block_bytes(const iv_data *d, int want);
lmr_status iv_stream_block_make(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err);
size_t iv_stream_block_share_bytes(const iv_data *d);
lmr_status iv_stream_block_share(iv_block *b, const iv_data *d, lmr_arena *work, lmr_error *err);

/* q, xy, hw and hz as wanted; hat and left unless the instruments are given. */
void iv_stream_block_load(iv_block *b, const iv_data *d, size_t first, size_t count, lmr_cpu level);

#endif
