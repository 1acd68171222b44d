/* Files and pipes as raw vectors; their text checked; tables written as text. */
#include "core/base/crc32.h"
#include "core/base/input_file.h"
#include "core/base/text_bytes.h"
#include "core/base/text_number.h"
#include "core/base/text_table.h"
#include "glue.h"

#include <limits.h>
#include <string.h>

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
  if (TYPEOF(bytes) != RAWSXP) glue_stop("internal: `bytes` must be raw");
  const char *text = (const char *)RAW(bytes);
  const size_t size = (size_t)Rf_xlength(bytes), mark = text_mark(text, size);
  lmr_error err;
  glue_check(text_check(text + mark, size - mark, Rf_translateCharUTF8(STRING_ELT(name, 0)), &err), &err);
  return Rf_ScalarInteger((int)mark);
}

/* The check of the last `size` bytes, as four bytes. */
static SEXP ffi_crc32(SEXP bytes, SEXP size) {
  if (TYPEOF(bytes) != RAWSXP) glue_stop("internal: `bytes` must be raw");
  const size_t length = (size_t)Rf_xlength(bytes), last = (size_t)glue_real1(size, "size");
  if (last > length) glue_stop("internal: %.0f of %.0f bytes", (double)last, (double)length);
  const uint32_t crc = lmr_crc32(RAW(bytes) + (length - last), last);
  SEXP out = Rf_allocVector(RAWSXP, 4);
  for (int i = 0; i < 4; i++) RAW(out)[i] = (Rbyte)(crc >> 8 * i & 0xFF);
  return out;
}

/* separator: one byte as an integer, 0 for blanks, NA to look for it. */
static text_table table_of(SEXP bytes, SEXP separator, SEXP name) {
  if (TYPEOF(bytes) != RAWSXP) Rf_error("internal: `bytes` must be raw");
  const char *text = (const char *)RAW(bytes);
  const size_t size = (size_t)Rf_xlength(bytes);
  const int given = glue_int1(separator, "separator");
  const char used = given == NA_INTEGER ? text_table_separator(text, size) : (char)given;
  return text_table_over(text, size, used, Rf_translateCharUTF8(STRING_ELT(name, 0)));
}

static SEXP cell_string(const table_cell *cell) {
  if (!cell->quoted || !memchr(cell->start, '"', cell->length))
    return Rf_mkCharLenCE(cell->start, (int)cell->length, CE_UTF8);
  const void *mark = vmaxget();
  char *text = R_alloc(cell->length, 1);
  int length = 0;
  for (size_t i = 0; i < cell->length; i++) {
    text[length++] = cell->start[i];
    if (cell->start[i] == '"') i++;
  }
  SEXP out = Rf_mkCharLenCE(text, length, CE_UTF8);
  vmaxset(mark);
  return out;
}

/* The separator and the cells of the first record. */
static SEXP ffi_table_head(SEXP bytes, SEXP separator, SEXP name) {
  text_table table = table_of(bytes, separator, name), again = table;
  size_t found, width;
  lmr_error err;
  glue_check(text_table_next(&table, NULL, 0, &width, &err), &err);
  if (width > INT_MAX) Rf_error("internal: %.0f cells", (double)width);
  table_cell *cells = glue_alloc(width + 1, sizeof *cells);
  glue_check(text_table_next(&again, cells, width, &found, &err), &err);
  SEXP head = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)width));
  for (size_t j = 0; j < width; j++) SET_STRING_ELT(head, (R_xlen_t)j, cell_string(&cells[j]));
  SEXP used = PROTECT(Rf_ScalarInteger(table.separator));
  SEXP out = glue_list(2, "separator", used, "head", head);
  UNPROTECT(2);
  return out;
}

static SEXP ffi_table_shape(SEXP bytes, SEXP separator, SEXP name, SEXP width) {
  table_shape shape;
  lmr_error err;
  glue_tick_state state;
  const lmr_tick tick = glue_tick(&state, R_NilValue);
  glue_check(text_table_shape(table_of(bytes, separator, name), (size_t)glue_int1(width, "width"), &shape, &tick, &err), &err);
  const char *names[] = {"records", "wide", "longer", "fit_line", "odd_line", "odd_cells", "longer_line"};
  const size_t values[] = {shape.records,  shape.wide,      shape.longer,     shape.fit_line,
                           shape.odd_line, shape.odd_cells, shape.longer_line};
  SEXP out = PROTECT(Rf_allocVector(VECSXP, 7)), labels = PROTECT(Rf_allocVector(STRSXP, 7));
  for (int i = 0; i < 7; i++) {
    SET_VECTOR_ELT(out, i, Rf_ScalarReal((double)values[i]));
    SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
  }
  Rf_setAttrib(out, R_NamesSymbol, labels);
  UNPROTECT(2);
  return out;
}

typedef struct {
  const char **word;
  size_t *length, count;
} word_list;

static word_list words_of(SEXP x) {
  word_list list = {.count = (size_t)Rf_xlength(x)};
  list.word = glue_alloc(list.count + 1, sizeof *list.word);
  list.length = glue_alloc(list.count + 1, sizeof *list.length);
  for (size_t i = 0; i < list.count; i++) {
    list.word[i] = Rf_translateCharUTF8(STRING_ELT(x, (R_xlen_t)i));
    list.length[i] = strlen(list.word[i]);
  }
  return list;
}

static int is_among(const word_list *list, const table_cell *cell) {
  for (size_t i = 0; i < list->count; i++)
    if (list->length[i] == cell->length && !memcmp(list->word[i], cell->start, cell->length)) return 1;
  return 0;
}

typedef struct {
  text_table table; /* behind the header, if there is one */
  table_cell *cells;
  size_t width, rows;
  word_list missing;
  const int *columns;
  R_xlen_t n;
} cell_reading;

/* Fills the vectors of `out` that are of type `type`; a column of numbers becomes text
 * (for the second pass) at the first cell that is neither a
 * number nor missing. */
static void read_cells(cell_reading *r, SEXP out, SEXPTYPE type) {
  text_table table = r->table;
  lmr_error err;
  size_t found;
  for (size_t i = 0; i < r->rows; i++) {
    glue_check(text_table_next(&table, r->cells, r->width, &found, &err), &err);
    for (R_xlen_t k = 0; k < r->n; k++) {
      SEXP column = VECTOR_ELT(out, k);
      if ((SEXPTYPE)TYPEOF(column) != type) continue;
      const table_cell *cell = &r->cells[r->columns[k]];
      const int missing = is_among(&r->missing, cell);
      if (type == STRSXP)
        SET_STRING_ELT(column, (R_xlen_t)i, missing ? NA_STRING : cell_string(cell));
      else if (missing)
        REAL(column)[i] = NA_REAL;
      else if (!text_number(cell->start, cell->length, &REAL(column)[i]))
        SET_VECTOR_ELT(out, k, Rf_allocVector(STRSXP, (R_xlen_t)r->rows));
    }
    if (i % 4096 == 0) R_CheckUserInterrupt();
  }
}

/* columns: 0-based; numbers: for each whether it may be one of numbers; missing: what cells
 * that are missing hold; skip: whether the first record is a header. A list of vectors. */
static SEXP ffi_table_cells(SEXP bytes, SEXP separator, SEXP name, SEXP skip, SEXP rows, SEXP width, SEXP columns,
                            SEXP numbers, SEXP missing) {
  cell_reading r = {.table = table_of(bytes, separator, name), .width = (size_t)glue_int1(width, "width"),
                    .rows = (size_t)glue_real1(rows, "rows"), .missing = words_of(missing), .n = Rf_xlength(columns)};
  r.columns = glue_int(columns, -1, "columns");
  const int *number = LOGICAL(numbers);
  r.cells = glue_alloc(r.width + 1, sizeof *r.cells);
  memset(r.cells, 0, (r.width + 1) * sizeof *r.cells);
  size_t found;
  lmr_error err;
  if (glue_int1(skip, "skip")) glue_check(text_table_next(&r.table, r.cells, r.width, &found, &err), &err);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, r.n));
  for (R_xlen_t k = 0; k < r.n; k++) {
    if (r.columns[k] < 0 || (size_t)r.columns[k] >= r.width) Rf_error("internal: column %d", r.columns[k] + 1);
    SET_VECTOR_ELT(out, k, Rf_allocVector(number[k] ? REALSXP : STRSXP, (R_xlen_t)r.rows));
  }
  read_cells(&r, out, REALSXP);
  read_cells(&r, out, STRSXP);
  UNPROTECT(1);
  return out;
}

/* Bytes that an atomic vector will take once it is touched: R keeps sequences and their
 * texts as a rule, of any length in a file of 200 bytes. 0 for one that is there. */
static SEXP ffi_claimed(SEXP x) {
  size_t each = 0;
  switch (TYPEOF(x)) {
    case LGLSXP:
    case INTSXP: each = sizeof(int); break;
    case REALSXP: each = sizeof(double); break;
    case STRSXP: each = sizeof(SEXP); break;
    default: return Rf_ScalarReal(0);
  }
  return Rf_ScalarReal(DATAPTR_OR_NULL(x) ? 0 : (double)each * (double)Rf_xlength(x));
}

static SEXP ffi_work_free(void) {
  glue_work_free();
  return R_NilValue;
}

const R_CallMethodDef glue_base_calls[] = {
  GLUE_CALL(ffi_work_free, 0),
  GLUE_CALL(ffi_read_bytes, 2),
  GLUE_CALL(ffi_check_text, 2),
  GLUE_CALL(ffi_crc32, 2),
  GLUE_CALL(ffi_claimed, 1),
  GLUE_CALL(ffi_table_head, 3),
  GLUE_CALL(ffi_table_shape, 4),
  GLUE_CALL(ffi_table_cells, 9),
  {NULL, NULL, 0}
};
