#include "core/genotype/bed_file.h"
#include "core/moments/moments.h"

/* One run of neighbouring variants of one file, opened for this read only. */
static lmr_status read_run(const moments_bed *from, size_t n_samples, size_t file, size_t first,
                           size_t count, uint8_t *raw, lmr_error *err) {
  bed_file bed;
  LMR_TRY(bed_reopen(&bed, from->path[file], n_samples, (size_t)from->variants[file],
                     (uint64_t)from->size[file], from->mtime[file], err));
  const lmr_status status = bed_read(&bed, first, count, raw, err);
  bed_close(&bed);
  return status;
}

static lmr_status read_files(const moments_source *source, size_t first, size_t count, uint8_t *raw,
                             lmr_error *err) {
  const moments_bed *from = source->context;
  for (size_t v = first, run; v < first + count; v += run) {
    for (run = 1; v + run < first + count; run++)
      if (from->file[v + run] != from->file[v] || from->col[v + run] != from->col[v] + (int)run) break;
    LMR_TRY(read_run(from, source->n_samples, (size_t)from->file[v], (size_t)from->col[v], run,
                     raw + (v - first) * source->stride, err));
  }
  return LMR_OK;
}

moments_source moments_source_bed(const moments_bed *files, size_t n_samples, size_t variants) {
  moments_source source = {n_samples, variants, bed_stride(n_samples), read_files, files};
  return source;
}
