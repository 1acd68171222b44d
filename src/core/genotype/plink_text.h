/* The text halves of a PLINK file set: bim (variants) and fam (samples). Six
 * fields a line, separated by spaces or tabs; every line is checked, and a
 * failure (LMR_EFORMAT) names file, line, what is there and what should be.
 * https://www.cog-genomics.org/plink/1.9/formats#bim and #fam */
#ifndef LMR_CORE_PLINK_TEXT_H
#define LMR_CORE_PLINK_TEXT_H

#include "core/base/status.h"

/* A view into the text: not terminated. */
typedef struct {
  const char *start;
  size_t length;
} text_field;

/* A cursor over the lines of a text held in memory. */
typedef struct {
  const char *name; /* the file, for messages */
  const char *at, *end;
  size_t line; /* of the last line read, from 1 */
} text_lines;

typedef struct {
  text_field chr, snp, effect_allele, other_allele; /* A1 is the effect allele */
  double cm;
  int32_t pos;
} bim_line;

typedef struct {
  text_field fid, iid, father, mother;
  int32_t sex;      /* 1 male, 2 female, 0 anything else */
  double phenotype; /* NaN for NA, nan and . */
} fam_line;

/* Skips a byte order mark and blank lines at the end; an empty text is
 * LMR_EFORMAT. */
lmr_status text_lines_over(text_lines *lines, const char *text, size_t size,
                           const char *name, lmr_error *err);

static inline int text_lines_left(const text_lines *lines) { return lines->at < lines->end; }

lmr_status bim_next(text_lines *lines, bim_line *out, lmr_error *err);
lmr_status fam_next(text_lines *lines, fam_line *out, lmr_error *err);

int text_equal(const text_field *field, const char *word);

#endif
