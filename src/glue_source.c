/* Where genotype bits come from: a matrix in memory, or bed files. */
#include "core/moments/moments.h"
#include "glue_moments.h"

/* list(files = list(bed, size, mtime, variants), n_samples, file, col): for each
 * variant its file and its position there, both 0-based. */
static moments_source bed_source(SEXP source) {
  SEXP files = VECTOR_ELT(source, 0), paths = VECTOR_ELT(files, 0);
  const R_xlen_t n_files = Rf_xlength(paths), variants = Rf_xlength(VECTOR_ELT(source, 2));
  const char **path = glue_alloc((size_t)n_files, sizeof *path);
  for (R_xlen_t f = 0; f < n_files; f++) path[f] = glue_path(paths, f);
  moments_bed *bed = glue_alloc(1, sizeof *bed);
  bed->path = path;
  bed->size = glue_real(VECTOR_ELT(files, 1), n_files, "size");
  bed->mtime = glue_real(VECTOR_ELT(files, 2), n_files, "mtime");
  bed->variants = glue_int(VECTOR_ELT(files, 3), n_files, "variants");
  bed->file = glue_int(VECTOR_ELT(source, 2), variants, "file");
  bed->col = glue_int(VECTOR_ELT(source, 3), variants, "col");
  for (R_xlen_t v = 0; v < variants; v++)
    if (bed->file[v] < 0 || bed->file[v] >= n_files) Rf_error("internal: file %d of %d", bed->file[v] + 1, (int)n_files);
  return moments_source_bed(bed, (size_t)glue_int1(VECTOR_ELT(source, 1), "n_samples"), (size_t)variants);
}

moments_source glue_genotype_source(SEXP source) {
  if (TYPEOF(source) == VECSXP) return bed_source(source);
  return moments_source_matrix(glue_real(source, -1, "genotypes"), (size_t)Rf_nrows(source),
                               (size_t)Rf_ncols(source));
}
