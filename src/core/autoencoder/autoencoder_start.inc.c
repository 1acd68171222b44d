/* Where training starts, and its code turned: see autoencoder.h. */
#if !defined(REAL) || !defined(AE) || !defined(LAYERS) || !defined(LAYERS_AT)
#error "a piece of autoencoder_f32.c and autoencoder_f64.c: REAL, AE(x, y), LAYERS and LAYERS_AT are set there"
#endif

/* The linear part of the decoder: ridge regression (1e-6) of the targets of the rows
 * in b on (1, features); for counts one Newton step from the frequencies. */
static size_t regression_bytes(const model *m) {
  const size_t q = m->features + 1;
  return lmr_add_bytes(lmr_double_bytes(1, q * q), lmr_add_bytes(lmr_double_bytes(1, q * m->s.outputs), lmr_double_bytes(1, q)));
}

static lmr_status start_decoder(const LAYERS *f, const model *m, const double *offset, size_t rows, batch_work *b,
                                REAL *theta, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t q = m->features + 1, p = m->s.outputs, po = padded(p), pf = padded(m->features);
  double *a, *t, *row, loss;
  LMR_TRY(batch_forward(f, m, theta, rows, offset, b, &loss, level, err));
  LMR_TAKE(a, &work, q * q, err);
  LMR_TAKE(t, &work, q * p, err);
  LMR_TAKE(row, &work, q, err);
  memset(a, 0, q * q * sizeof *a);
  memset(t, 0, q * p * sizeof *t);
  for (size_t i = 0; i < rows; i++) {
    row[0] = 1;
    for (size_t j = 1; j < q; j++) row[j] = (double)b->features[i * pf + j - 1];
    for (size_t j = 0; j < q; j++)
      for (size_t l = 0; l <= j; l++) a[l + j * q] += row[j] * row[l];
    for (size_t k = 0; k < p; k++) {
      double y = (double)b->target[i * po + k];
      if (y != y) continue; /* the mean */
      if (m->s.binomial) {
        const double f0 = 1 / (1 + exp(-offset[k]));
        y = (y / 2 - f0) / (f0 * (1 - f0));
      }
      for (size_t j = 0; j < q; j++) t[j + k * q] += row[j] * y;
    }
  }
  for (size_t j = 0; j < q; j++) a[j * (q + 1)] += 1e-6 * (a[j * (q + 1)] + (double)rows);
  LMR_TRY(la_chol(a, q, q, err));
  LMR_TRY(la_trsm('L', 'T', q, p, 1, a, q, t, q, err));
  LMR_TRY(la_trsm('L', 'N', q, p, 1, a, q, t, q, err));
  REAL *to = theta + m->at_decoder;
  for (size_t k = 0; k < p; k++) {
    to[m->decoder.bias + k] = (REAL)t[k * q];
    for (size_t j = 1; j < q; j++) to[m->decoder.skip + (j - 1) * po + k] = (REAL)t[j + k * q];
  }
  return LMR_OK;
}

static void start_model(const model *m, const ae_options *o, const double *skip, lmr_rng *rng, REAL *theta) {
  const size_t pc = padded(m->code);
  memset(theta, 0, m->length * sizeof *theta);
  net_start(&m->encoder, o->start_scale, rng, theta);
  net_start(&m->decoder, .1, rng, theta + m->at_decoder);
  for (size_t i = 0; i < m->s.inputs; i++)
    for (size_t j = 0; j < m->code; j++)
      theta[m->encoder.skip + i * pc + j] =
          (REAL)(skip ? skip[i + j * m->s.inputs] : lmr_rng_normal(rng) / sqrt((double)m->s.inputs));
  for (size_t j = m->at_related; j < m->length; j++) theta[j] = (REAL)(lmr_rng_normal(rng) / sqrt((double)m->s.invariant));
}

/* Rows of each environment that code_turn() sees. */
static size_t turn_rows(size_t rows, size_t environments) {
  const size_t most = AE_TURN_ROWS / environments > 4 ? AE_TURN_ROWS / environments : 4;
  return rows < most ? rows : most;
}

static size_t turn_bytes(const model *m, const ae_data *data, const ae_options *o) {
  if (!o->turns || !m->s.variant) return 0;
  const size_t n = turn_rows(data->n, data->environments) * data->environments, d = m->code;
  size_t bytes = lmr_add_bytes(lmr_double_bytes(1, n * d), lmr_bytes(data->environments + 1, sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_double_bytes(2, d), lmr_double_bytes(2, d * d)));
  return lmr_add_bytes(bytes, code_turn_bytes(&o->penalty, n));
}

/* rows (`count` of `width` numbers, `stride` apart) := map' rows: row a of the result is the sum over j of map[j, a]
 * row j (or of map[a, j], when turned). */
static void map_rows(size_t count, size_t width, const double *map, int turned, REAL *rows, size_t stride, double *line) {
  for (size_t k = 0; k < width; k++) {
    for (size_t j = 0; j < count; j++) line[j] = (double)rows[j * stride + k];
    for (size_t a = 0; a < count; a++) {
      double sum = 0;
      for (size_t j = 0; j < count; j++) sum += (turned ? map[a + j * count] : map[j + a * count]) * line[j];
      rows[a * stride + k] = (REAL)sum;
    }
  }
}

/* Turns the code by code_turn(): the map goes into the last layer of the encoder, its
 * inverse into the first of the decoder (a decoder of monomials is fitted anew by the
 * caller). Uses b for its rows. A code that cannot be whitened stays as it is. */
static lmr_status turn_code(const LAYERS *f, const model *m, const ae_options *o, const rows_of *r,
                            const ae_data *data, batch_work *b, REAL *theta, lmr_rng *rng, lmr_cpu level,
                            lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const size_t d = m->code, pc = padded(d), environments = data->environments, units = m->s.units;
  size_t *start, n = 0;
  double *u, *mean, *map, *back, *line, value;
  LMR_TAKE(start, &work, environments + 1, err);
  LMR_TAKE(mean, &work, d, err);
  LMR_TAKE(line, &work, d, err);
  LMR_TAKE(map, &work, d * d, err);
  LMR_TAKE(back, &work, d * d, err);
  for (size_t e = 0; e < environments; e++) {
    start[e] = n;
    n += turn_rows(r->first[e + 1] - r->first[e] - r->held[e], environments);
  }
  start[environments] = n;
  LMR_TAKE(u, &work, n * d, err);
  for (size_t e = 0; e < environments; e++)
    for (size_t i = start[e]; i < start[e + 1]; i += r->batch) {
      const size_t rows = start[e + 1] - i < r->batch ? start[e + 1] - i : r->batch;
      for (size_t k = 0; k < rows; k++)
        take_row(m, r, data, (size_t)r->order[r->first[e] + r->held[e] + i - start[e] + k], b, k);
      net_forward(f, &m->encoder, theta, rows, b->x, &b->encoder, b->u);
      for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < rows; k++) u[i + k + j * n] = (double)b->u[k * pc + j];
    }
  const lmr_status status = code_turn(&o->penalty, n, start, u, o->turns, rng, mean, map, back, &value, level, work,
                                      tick, err);
  if (status == LMR_ESINGULAR || status == LMR_ENONFINITE) return LMR_OK;
  LMR_TRY(status);
  for (size_t j = 0; j < d; j++) theta[m->encoder.bias + j] -= (REAL)mean[j];
  const size_t from[3] = {m->encoder.skip, m->encoder.bias, m->encoder.third}, count[3] = {m->s.inputs, 1, units};
  for (int k = 0; k < 3; k++)
    for (size_t i = 0; i < count[k]; i++) map_rows(d, 1, map, 0, theta + from[k] + i * pc, 1, line);
  if (m->s.degree) return LMR_OK;
  /* The decoder took (u - mean) / sd, the sd that of u over everybody. */
  for (size_t j = 0; j < d; j++) {
    double sd = 0;
    for (size_t a = 0; a < d; a++) sd += back[a + j * d] * back[a + j * d];
    sd = sqrt(sd);
    for (size_t a = 0; a < d; a++) back[a + j * d] /= sd;
  }
  REAL *to = theta + m->at_decoder;
  map_rows(d, padded(m->s.outputs), back, 1, to + m->decoder.skip, padded(m->s.outputs), line);
  if (m->decoder.units) map_rows(d, m->decoder.units, back, 1, to + m->decoder.first, m->decoder.units, line);
  return LMR_OK;
}
