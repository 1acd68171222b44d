#include "core/base/text_table.h"

enum { LONGEST_CELL = 1 << 20 };

static int is_blank(char c) { return c == ' ' || c == '\t'; }
static int is_end(char c) { return c == '\n' || c == '\r'; }

text_table text_table_over(const char *text, size_t size, char separator, const char *name) {
  return (text_table){text, text + size, name, separator, 0, 1, 0};
}

/* Blanks that are no separator. */
static void skip_blanks(text_table *table) {
  while (table->at < table->end && is_blank(*table->at) && *table->at != table->separator) table->at++;
}

static void skip_end(text_table *table) {
  if (table->at == table->end) return;
  const char first = *table->at++;
  if (first == '\r' && table->at < table->end && *table->at == '\n') table->at++;
  table->next_line++;
}

static int at_separator(const text_table *table) {
  return table->separator ? *table->at == table->separator : is_blank(*table->at);
}

static lmr_status quoted_cell(text_table *table, table_cell *cell, lmr_error *err) {
  const size_t opened = table->next_line;
  cell->start = ++table->at;
  cell->quoted = 1;
  for (; table->at < table->end; table->at++) {
    if (*table->at == '\n' || (*table->at == '\r' && (table->at + 1 == table->end || table->at[1] != '\n')))
      table->next_line++;
    if (*table->at != '"') continue;
    if (table->at + 1 < table->end && table->at[1] == '"') {
      table->at++;
      continue;
    }
    cell->length = (size_t)(table->at++ - cell->start);
    const char *closed = table->at;
    skip_blanks(table);
    if (table->at == table->end || is_end(*table->at) || at_separator(table) || (!table->separator && table->at > closed))
      return LMR_OK;
    return lmr_fail(err, LMR_EFORMAT,
                    "Line %zu of '%s' has letters after a closing quote.\n"
                    "i Inside quotes write \"\" for a quote, or write the table without quotes.",
                    table->next_line, table->name);
  }
  return lmr_fail(err, LMR_EFORMAT, "Line %zu of '%s' opens a quote that is never closed.\ni Close or remove it.", opened,
                  table->name);
}

static void plain_cell(text_table *table, table_cell *cell) {
  cell->start = table->at;
  cell->quoted = 0;
  while (table->at < table->end && !is_end(*table->at) && !at_separator(table)) table->at++;
  const char *stop = table->at;
  while (stop > cell->start && is_blank(stop[-1])) stop--;
  cell->length = (size_t)(stop - cell->start);
}

static void skip_blank_lines(text_table *table) {
  for (;;) {
    const char *c = table->at;
    while (c < table->end && is_blank(*c)) c++;
    if (c < table->end && !is_end(*c)) return;
    table->at = c;
    if (c == table->end) return;
    skip_end(table);
  }
}

lmr_status text_table_next(text_table *table, table_cell *cells, size_t most, size_t *found, lmr_error *err) {
  *found = table->filled = 0;
  skip_blank_lines(table);
  if (table->at == table->end) return LMR_OK;
  table->line = table->next_line;
  for (;;) {
    table_cell cell;
    skip_blanks(table);
    if (!table->separator && (table->at == table->end || is_end(*table->at))) break;
    if (table->at < table->end && *table->at == '"')
      LMR_TRY(quoted_cell(table, &cell, err));
    else
      plain_cell(table, &cell);
    if (cell.length > LONGEST_CELL)
      return lmr_fail(err, LMR_EFORMAT,
                      "Line %zu of '%s' has a cell of %zu bytes.\n"
                      "i A quote that is not closed, or no table of text: look at the line.",
                      table->line, table->name, cell.length);
    if (*found < most) cells[*found] = cell;
    ++*found;
    if (cell.length) table->filled = *found;
    if (table->at == table->end || is_end(*table->at)) break;
    if (table->separator) table->at++;
  }
  skip_end(table);
  return LMR_OK;
}

char text_table_separator(const char *text, size_t size) {
  static const char all[] = {'\t', ';', ',', '|'};
  char best = 0;
  size_t most = 1;
  for (size_t k = 0; k < sizeof all; k++) {
    text_table table = text_table_over(text, size, all[k], "");
    size_t first, second;
    table_cell none;
    if (text_table_next(&table, &none, 0, &first, NULL) != LMR_OK || first < 2) continue;
    if (text_table_next(&table, &none, 0, &second, NULL) != LMR_OK) continue;
    if (!second || second == first || second == first + 1) return all[k];
    if (first > most) {
      most = first;
      best = all[k];
    }
  }
  text_table table = text_table_over(text, size, 0, "");
  size_t first, second;
  table_cell none;
  if (!best || text_table_next(&table, &none, 0, &first, NULL) != LMR_OK ||
      text_table_next(&table, &none, 0, &second, NULL) != LMR_OK)
    return best;
  return first > 1 && first == second ? 0 : best;
}

lmr_status text_table_shape(text_table table, size_t width, table_shape *out, const lmr_tick *tick, lmr_error *err) {
  *out = (table_shape){0};
  const char *const start = table.at;
  size_t found;
  LMR_TRY(text_table_next(&table, NULL, 0, &found, err));
  for (;;) {
    LMR_TRY(text_table_next(&table, NULL, 0, &found, err));
    if (!found) return LMR_OK;
    out->records++;
    out->wide += found == width + 1;
    if (found == width + 1 && table.filled > width) {
      out->longer++;
      if (!out->longer_line) out->longer_line = table.line;
    } else if ((found < width || table.filled > width) && !out->odd_line) {
      out->odd_line = table.line;
      out->odd_cells = found;
    } else if (found == width && !out->fit_line) {
      out->fit_line = table.line;
    }
    if (out->records % 4096 == 0 && lmr_tick_poll(tick, (double)(table.at - start) / (double)(table.end - start)))
      return lmr_fail(err, LMR_EINTERRUPT, "interrupted");
  }
}
