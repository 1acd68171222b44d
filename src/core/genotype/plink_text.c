#include "core/genotype/plink_text.h"

#include "core/base/text_bytes.h"
#include "core/base/text_number.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 6, SHOWN_BYTES = 40 };

static int is_blank(char c) { return c == ' ' || c == '\t'; }

lmr_status text_lines_over(text_lines *lines, const char *text, size_t size,
                           const char *name, lmr_error *err) {
  const size_t mark = text_mark(text, size);
  text += mark;
  size -= mark;
  while (size && (is_blank(text[size - 1]) || text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
  *lines = (text_lines){name, text, text + size, 0};
  if (!size)
    return lmr_fail(err, LMR_EFORMAT, "'%s' is empty: expected %d columns and at least one line.", name, COLUMNS);
  return LMR_OK;
}

static const char *remedy(const text_lines *lines) {
  return lines->line == 1 ? "Correct the line, or remove it if it is a header: these files have none."
                          : "Correct the line, or copy or make the file again.";
}

static lmr_status next_fields(text_lines *lines, text_field *fields, const char *meaning, lmr_error *err) {
  const char *start = lines->at;
  const char *stop = memchr(start, '\n', (size_t)(lines->end - start));
  if (!stop) stop = lines->end;
  lines->at = stop < lines->end ? stop + 1 : stop;
  lines->line++;
  if (stop > start && stop[-1] == '\r') stop--;
  LMR_TRY(text_check_line(start, stop, lines->line, lines->name, err));
  size_t found = 0;
  for (const char *c = start; c < stop;) {
    while (c < stop && is_blank(*c)) c++;
    const char *first = c;
    while (c < stop && !is_blank(*c)) c++;
    if (c == first) break;
    if (found < COLUMNS) fields[found] = (text_field){first, (size_t)(c - first)};
    found++;
  }
  if (found != COLUMNS)
    return lmr_fail(err, LMR_EFORMAT, "Line %zu of '%s' has %zu columns, expected %d: %s.\ni %s",
                    lines->line, lines->name, found, COLUMNS, meaning, remedy(lines));
  return LMR_OK;
}

int text_equal(const text_field *field, const char *word) {
  return strlen(word) == field->length && !memcmp(field->start, word, field->length);
}

static lmr_status bad_field(const text_lines *lines, const char *column, const text_field *field,
                            const char *must, lmr_error *err) {
  size_t shown = field->length;
  if (shown > SHOWN_BYTES) {
    shown = SHOWN_BYTES;
    while (shown && (field->start[shown] & 0xC0) == 0x80) shown--;
  }
  return lmr_fail(err, LMR_EFORMAT, "Line %zu of '%s': the %s must be %s, not '%.*s%s'.\ni %s", lines->line, lines->name,
                  column, must, (int)shown, field->start, shown < field->length ? "..." : "", remedy(lines));
}

lmr_status bim_next(text_lines *lines, bim_line *out, lmr_error *err) {
  text_field field[COLUMNS];
  LMR_TRY(next_fields(lines, field, "chromosome, variant, centimorgans, position, allele 1, allele 2", err));
  double pos;
  if (!text_number(field[2].start, field[2].length, &out->cm))
    return bad_field(lines, "genetic position (column 3)", &field[2], "a number of centimorgans or 0", err);
  if (!text_number(field[3].start, field[3].length, &pos) || floor(pos) < pos || fabs(pos) > INT32_MAX)
    return bad_field(lines, "position (column 4)", &field[3], "a whole number of base pairs", err);
  out->chr = field[0];
  out->snp = field[1];
  out->pos = (int32_t)pos;
  out->effect_allele = field[4];
  out->other_allele = field[5];
  return LMR_OK;
}

lmr_status fam_next(text_lines *lines, fam_line *out, lmr_error *err) {
  text_field field[COLUMNS];
  LMR_TRY(next_fields(lines, field, "family, individual, father, mother, sex, phenotype", err));
  const text_field *phenotype = &field[5];
  if (text_equal(phenotype, "NA") || text_equal(phenotype, "nan") || text_equal(phenotype, "."))
    out->phenotype = NAN;
  else if (!text_number(phenotype->start, phenotype->length, &out->phenotype))
    return bad_field(lines, "phenotype (column 6)", phenotype, "a number, NA or -9", err);
  out->fid = field[0];
  out->iid = field[1];
  out->father = field[2];
  out->mother = field[3];
  out->sex = text_equal(&field[4], "1") ? 1 : text_equal(&field[4], "2") ? 2 : 0;
  return LMR_OK;
}
