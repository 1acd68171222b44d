#include "glue_iv.h"

#include <string.h>

#include "core/genotype/bed_file.h"
#include "core/iv/iv_stream_block.h"

/* ---- columns in memory ---- */

static R_xlen_t width(SEXP matrix, size_t n) {
  if (Rf_isNull(matrix)) return 0;
  if (TYPEOF(matrix) == VECSXP) return Rf_xlength(matrix);
  return n ? Rf_xlength(matrix) / (R_xlen_t)n : 0;
}

static const double *column(SEXP matrix, R_xlen_t j, size_t n, const char *name) {
  if (TYPEOF(matrix) == VECSXP) return glue_real(VECTOR_ELT(matrix, j), (R_xlen_t)n, name);
  return glue_real(matrix, -1, name) + (size_t)j * n;
}

/* Columns of a matrix, those that `keep` (1-based, NULL: all) names. */
typedef struct {
  SEXP matrix;
  const int *pick; /* 0-based, or NULL for all */
  R_xlen_t count;
  const char *name;
} chosen;

static chosen chosen_of(SEXP rows, const char *name, const char *keep_name, size_t n) {
  chosen out = {glue_field_or_null(rows, name), NULL, 0, name};
  SEXP keep = keep_name ? glue_field_or_null(rows, keep_name) : R_NilValue;
  const R_xlen_t columns = width(out.matrix, n);
  out.count = Rf_isNull(keep) ? columns : Rf_xlength(keep);
  if (!Rf_isNull(keep)) out.pick = glue_positions(keep, -1, (size_t)columns, keep_name);
  return out;
}

static size_t append(const double **col, size_t at, const chosen *from, size_t n) {
  for (R_xlen_t j = 0; j < from->count; j++)
    col[at++] = column(from->matrix, from->pick ? from->pick[j] : j, n, from->name);
  return at;
}

static glue_iv_columns view(SEXP rows, int picked) {
  glue_iv_columns c;
  SEXP y = glue_field(rows, "y"), root = glue_field_or_null(rows, "root");
  c.n = (size_t)Rf_xlength(y);
  const double *response = glue_real(y, -1, "y");
  c.root = Rf_isNull(root) ? NULL : glue_real(root, (R_xlen_t)c.n, "root");
  const chosen w = chosen_of(rows, "w", picked ? "keep_w" : NULL, c.n);
  const chosen z = chosen_of(rows, "z", picked ? "keep_z" : NULL, c.n);
  const chosen x = chosen_of(rows, "x", picked ? "keep_x" : NULL, c.n);
  c.col = glue_alloc((size_t)(w.count + z.count + x.count) + 1, sizeof *c.col);
  c.K = append(c.col, 0, &w, c.n);
  c.L = append(c.col, c.K, &z, c.n) - c.K;
  c.k = append(c.col, c.K + c.L, &x, c.n) - c.K - c.L;
  c.col[c.K + c.L + c.k] = response;
  return c;
}

glue_iv_columns glue_iv_all_columns(SEXP rows) { return view(rows, 0); }

/* ---- streams ---- */

/* list(codes or numbers, variants, person, columns, cell, cells); see R/latent_rows.R. */
static const moment_rows *stream_rows(SEXP stream, size_t *cells) {
  moment_rows *m = glue_alloc(1, sizeof *m);
  SEXP codes = glue_field_or_null(stream, "codes"), list = glue_field(stream, "columns");
  SEXP person = glue_field(stream, "person");
  const size_t people = (size_t)Rf_xlength(person), p = glue_field_size1(stream, "variants");
  m->q = (size_t)Rf_xlength(list);
  const size_t n = m->q ? (size_t)Rf_xlength(glue_part(list, -1, 0, "columns")) : 0;
  *cells = glue_field_size1(stream, "cells");
  memset(&m->g, 0, sizeof m->g);
  m->g.people = people;
  m->g.variants = p;
  m->person = glue_places(person, -1, n, "person");
  if (codes != R_NilValue) {
    if (TYPEOF(codes) != RAWSXP || (size_t)Rf_xlength(codes) != p * bed_stride(people)) glue_stop("internal: codes of another size");
    m->g.codes = RAW(codes);
  } else {
    m->g.numbers = glue_field_real(stream, "numbers", (R_xlen_t)(n * p));
    m->g.ld = n;
    m->g.person = m->person;
  }
  const double **column = glue_alloc(m->q, sizeof *column);
  for (size_t c = 0; c < m->q; c++) column[c] = glue_real(VECTOR_ELT(list, (R_xlen_t)c), (R_xlen_t)n, "columns");
  m->column = column;
  m->cell = glue_places(glue_field(stream, "cell"), (R_xlen_t)people, *cells, "cell");
  return m;
}

static const int *stream_who(SEXP rows, const moment_rows *m, size_t *n) {
  SEXP who = glue_field(rows, "who");
  *n = (size_t)Rf_xlength(who);
  return glue_places(who, -1, m->g.people, "who");
}

/* Everybody asked for stands in a cell that is described. */
static void check_cells(const moment_rows *m, size_t cells, const int *who, size_t n, SEXP list) {
  if ((size_t)Rf_xlength(list) != cells) glue_stop("internal: %d maps of %zu cells", (int)Rf_xlength(list), cells);
  for (size_t i = 0; i < n; i++)
    if (glue_part(list, -1, m->cell[who[i]], "cells") == R_NilValue) glue_stop("internal: no map of cell %d", m->cell[who[i]] + 1);
}

/* list of NULL or list(map, explained, place, intercept, fill, center). */
static const iv_cell *stream_cells(SEXP list, size_t cells, const moment_rows *m, size_t K, size_t k) {
  const R_xlen_t p = (R_xlen_t)m->g.variants, w = (R_xlen_t)moment_rows_width(m);
  iv_cell *out = glue_alloc(cells, sizeof *out);
  memset(out, 0, cells * sizeof *out);
  for (size_t c = 0; c < cells; c++) {
    SEXP cell = VECTOR_ELT(list, (R_xlen_t)c);
    if (cell == R_NilValue) continue;
    SEXP place = glue_field(cell, "place");
    out[c].place = glue_places(place, -1, K, "place");
    if (!Rf_xlength(place)) glue_stop("internal: a cell without columns");
    out[c].columns = (size_t)Rf_xlength(place) - 1;
    out[c].intercept = glue_field_real1(cell, "intercept");
    out[c].map = glue_field_real(cell, "map", w * (R_xlen_t)(out[c].columns + 2 * k));
    out[c].explained = glue_field_real(cell, "explained", (R_xlen_t)out[c].columns * p);
    out[c].fill = glue_field_real(cell, "fill", p);
    out[c].center = glue_field_real(cell, "center", w);
  }
  return out;
}

static const double *real_or_null(SEXP list, const char *name, size_t length) {
  SEXP x = glue_field_or_null(list, name);
  return x == R_NilValue ? NULL : glue_real(x, (R_xlen_t)length, name);
}

const int *glue_rising(SEXP x, size_t limit, const char *name) {
  const int *at = glue_places(x, -1, limit, name);
  for (R_xlen_t i = 1; i < Rf_xlength(x); i++)
    if (at[i] <= at[i - 1]) glue_stop("internal: `%s` does not rise", name);
  return at;
}

/* NULL or list(hat, at, lift). */
static const iv_stream_hat *stream_hat(SEXP x, size_t n) {
  if (x == R_NilValue) return NULL;
  SEXP hat = glue_field(x, "hat"), at = glue_field(x, "at"), lift = glue_field(x, "lift");
  iv_stream_hat *out = glue_alloc(1, sizeof *out);
  out->people = (size_t)glue_nrow(hat);
  out->hat = glue_real(hat, (R_xlen_t)(out->people * out->people), "hat");
  out->at = glue_rising(at, out->people, "at");
  if ((size_t)Rf_xlength(at) != n) glue_stop("internal: a projection of %d people for %zu", (int)Rf_xlength(at), n);
  out->m = (size_t)glue_nrow(lift);
  out->lift = glue_real(lift, (R_xlen_t)(out->m * n), "lift");
  return out;
}

static iv_data stream_model(SEXP rows, SEXP r) {
  size_t cells;
  iv_stream *s = glue_alloc(1, sizeof *s);
  memset(s, 0, sizeof *s);
  s->rows = stream_rows(glue_field(rows, "stream"), &cells);
  s->who = stream_who(rows, s->rows, &s->n);
  SEXP x = glue_field(rows, "x"), list = glue_field(rows, "cells");
  const size_t K = glue_field_size1(rows, "K"), L = glue_field_size1(rows, "L");
  const size_t k = (size_t)Rf_xlength(x), p = K + L + k + 1;
  check_cells(s->rows, cells, s->who, s->n, list);
  s->x = glue_places(x, -1, s->rows->q, "x");
  s->y = *glue_places(glue_field(rows, "y"), 1, s->rows->q, "y");
  s->cell = stream_cells(list, cells, s->rows, K, k);
  s->cells = cells;
  s->basis = real_or_null(rows, "basis", s->rows->g.variants * L);
  s->metric = real_or_null(rows, "metric", s->rows->g.variants * s->rows->g.variants);
  s->hat = stream_hat(glue_field_or_null(rows, "hat"), s->n);
  s->given = real_or_null(rows, "given", s->n * L);
  s->given_w = real_or_null(rows, "given_w", K * L);
  s->given_r = real_or_null(rows, "given_r", L * L);
  s->forms = real_or_null(rows, "forms", s->n * iv_stream_forms(s, k));
  if (s->basis && !s->metric) glue_stop("internal: instruments of a stream without their metric");
  if (L && !s->metric && !s->hat && (!s->given || !s->given_w || !s->given_r)) glue_stop("internal: no instruments");
  const tall_source instruments = {NULL, s->n, K + L, NULL, NULL}, response = {NULL, s->n, k + 1, NULL, NULL};
  const iv_data d = {instruments, response, K, L, k, glue_real(r, (R_xlen_t)(p * p), "r"), s};
  return d;
}

iv_data glue_iv_model(SEXP rows, SEXP r, const int *order) {
  if (glue_field_or_null(rows, "stream") != R_NilValue) return stream_model(rows, r);
  const glue_iv_columns c = view(rows, 1);
  const size_t p = c.K + c.L + c.k + 1;
  const tall_source instruments = {c.col, c.n, c.K + c.L, c.root, order};
  const tall_source response = {c.col + c.K + c.L, c.n, c.k + 1, c.root, order};
  const iv_data d = {instruments, response, c.K, c.L, c.k, glue_real(r, (R_xlen_t)(p * p), "r"), NULL};
  return d;
}

row_meats_input glue_row_meats(SEXP rows, SEXP maps, SEXP estimates, SEXP k, SEXP cluster, SEXP clusters) {
  row_meats_input in = {0};
  size_t cells;
  in.rows = stream_rows(glue_field(rows, "stream"), &cells);
  in.who = stream_who(rows, in.rows, &in.n);
  in.estimates = glue_size1(estimates, "estimates");
  in.k = glue_size1(k, "k");
  const R_xlen_t p = (R_xlen_t)in.rows->g.variants, w = (R_xlen_t)moment_rows_width(in.rows);
  check_cells(in.rows, cells, in.who, in.n, maps);
  row_cell *cell = glue_alloc(cells, sizeof *cell);
  memset(cell, 0, cells * sizeof *cell);
  for (size_t c = 0; c < cells; c++) {
    SEXP one = VECTOR_ELT(maps, (R_xlen_t)c);
    if (one == R_NilValue) continue;
    cell[c].map = glue_field_real(one, "map", w * (R_xlen_t)(in.estimates * (1 + in.k)));
    cell[c].fill = glue_field_real(one, "fill", p);
    cell[c].center = glue_field_real(one, "center", w);
  }
  in.cell = cell;
  in.cells = cells;
  in.cluster = glue_clusters(cluster, clusters, in.n, &in.clusters);
  return in;
}

const int *glue_clusters(SEXP cluster, SEXP clusters, size_t n, size_t *count) {
  *count = 0;
  if (cluster == R_NilValue) return NULL;
  *count = glue_size1(clusters, "clusters");
  return glue_places(cluster, (R_xlen_t)n, *count, "cluster");
}
