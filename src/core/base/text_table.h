/* A table written as text in memory: records of cells. Cells are separated by one
 * character, or by runs of blanks. A cell that starts with " ends with the next " that is
 * not doubled, and may hold separators and line ends; blanks around a cell are no part of
 * it. Blank lines are skipped. Lines end with \n, \r\n or \r and count from 1. */
#ifndef LMR_CORE_TEXT_TABLE_H
#define LMR_CORE_TEXT_TABLE_H

#include "core/base/status.h"

typedef struct {
  const char *at, *end; /* what is left */
  const char *name;     /* the file, for messages */
  char separator;       /* 0: runs of spaces and tabs */
  size_t line;          /* where the last record started */
  size_t next_line;
  size_t filled; /* cells of the last record up to its last one that is not empty */
} text_table;

/* A view into the text. Inside quotes "" stands for one ". */
typedef struct {
  const char *start;
  size_t length;
  int quoted;
} table_cell;

text_table text_table_over(const char *text, size_t size, char separator, const char *name);

/* The next record: `found` is how many cells it has (0: the text is at its end), of which
 * the first `most` are put into `cells`. LMR_EFORMAT for a quote that is not closed, and for a
 * cell of more than a million bytes. */
lmr_status text_table_next(text_table *table, table_cell *cells, size_t most, size_t *found, lmr_error *err);

/* The separator of a table, from its first two records: the first of tab, semicolon, comma
 * and | that both have as often (or the second one once more, for row names); 0, blanks,
 * when none is. */
char text_table_separator(const char *text, size_t size);

/* How the records after the first fit `width` columns. One fits that has `width` cells and
 * after these only empty ones; one is longer that has one cell more. */
typedef struct {
  size_t records;             /* without the first */
  size_t wide, longer;        /* of these with width + 1 cells; of which the last is not empty */
  size_t fit_line;            /* the first with width cells and no more */
  size_t odd_line, odd_cells; /* the first that is neither; 0: none */
  size_t longer_line;         /* the first that is longer */
} table_shape;

lmr_status text_table_shape(text_table table, size_t width, table_shape *out, const lmr_tick *tick, lmr_error *err);

#endif
