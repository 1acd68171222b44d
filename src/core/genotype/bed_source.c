#include "core/genotype/source.h"

static lmr_status open_none(genotype_source *source, lmr_error *err) {
  bed_places *from = source->context;
  (void)err;
  from->current = -1;
  return LMR_OK;
}

static void close_file(genotype_source *source) {
  bed_places *from = source->context;
  if (from->current >= 0) bed_close(&from->open);
  from->current = -1;
}

/* One file is open at a time: variants of several come in runs. */
static lmr_status turn_to(genotype_source *source, int file, lmr_error *err) {
  bed_places *from = source->context;
  if (from->current == file) return LMR_OK;
  close_file(source);
  LMR_TRY(bed_reopen(&from->open, from->path[file], source->people, (size_t)from->variants[file],
                     (uint64_t)from->size[file], from->mtime[file], err));
  from->current = file;
  return LMR_OK;
}

static lmr_status codes(genotype_source *source, size_t first, size_t count, uint8_t *to, lmr_error *err) {
  const bed_places *from = source->context;
  for (size_t v = first, run; v < first + count; v += run) {
    for (run = 1; v + run < first + count; run++)
      if (from->file[v + run] != from->file[v] || from->col[v + run] != from->col[v] + (int)run) break;
    LMR_TRY(turn_to(source, from->file[v], err));
    LMR_TRY(bed_read(&((bed_places *)source->context)->open, (size_t)from->col[v], run,
                     to + (v - first) * genotype_stride(source), err));
  }
  return LMR_OK;
}

genotype_source bed_source(bed_places *files, size_t people, size_t variants) {
  const genotype_source source = {people, variants, open_none, close_file, codes, NULL, files, NULL};
  files->current = -1;
  return source;
}
