/* Loss and gradient of a batch: see autoencoder.h. REAL, AE(x) and LAYERS are set. */
#if !defined(REAL) || !defined(AE) || !defined(LAYERS) || !defined(LAYERS_AT)
#error "a piece of autoencoder_f32.c and autoencoder_f64.c: REAL, AE(x, y), LAYERS and LAYERS_AT are set there"
#endif

typedef struct {
  ae_shape s;
  net_shape encoder, decoder; /* decoder.in: monomials when degree > 0 */
  size_t code, features;
  size_t at_decoder, at_related, length; /* offsets in theta */
} model;

static model model_of(const ae_shape *s) {
  model m = {.s = *s, .code = s->invariant + s->variant};
  m.encoder = net_of(s->inputs, m.code, s->units);
  m.features = s->degree ? monomial_count(m.code, s->degree) : m.code;
  m.decoder = net_of(m.features, s->outputs, s->degree ? 0 : s->units);
  m.at_decoder = m.encoder.length;
  m.at_related = m.at_decoder + m.decoder.length;
  m.length = m.at_related + (s->related ? s->invariant * (s->invariant + 2) + 1 : 0);
  return m;
}

/* Work of a batch of at most `rows` rows. */
typedef struct {
  REAL *x, *target, *u, *features, *out, *up, *g_features, *g_code; /* row-major, padded */
  double *exposure;
  net_state encoder, decoder;
  double *raw, *s, *gradient, *mean, *inverse; /* the code, column-major */
  double *monomials, *g_monomials, *line, *other;
  monomial *table;
  size_t *start; /* environments + 1 */
} batch_work;

static size_t batch_bytes(const model *m, size_t rows, size_t environments) {
  const size_t pi = padded(m->s.inputs), po = padded(m->s.outputs), pc = padded(m->code), pf = padded(m->features);
  size_t bytes = lmr_bytes(rows * pi, sizeof(REAL));
  bytes = lmr_add_bytes(bytes, 3 * lmr_bytes(rows * po, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, 2 * lmr_bytes(rows * pc, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, 2 * lmr_bytes(rows * pf, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(net_state_bytes(&m->encoder, rows), net_state_bytes(&m->decoder, rows)));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(3, rows * m->code));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(1, rows));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, m->code));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, rows * m->features));
  bytes = lmr_add_bytes(bytes, lmr_double_bytes(2, m->s.outputs));
  bytes = lmr_add_bytes(bytes, lmr_bytes(m->features, sizeof(monomial)));
  return lmr_add_bytes(bytes, lmr_bytes(environments + 1, sizeof(size_t)));
}

static lmr_status batch_take(batch_work *b, const model *m, size_t rows, size_t environments, lmr_arena *work,
                             lmr_error *err) {
  const size_t pi = padded(m->s.inputs), po = padded(m->s.outputs), pc = padded(m->code), pf = padded(m->features);
  LMR_TAKE(b->x, work, rows * pi, err);
  LMR_TAKE(b->target, work, rows * po, err);
  LMR_TAKE(b->out, work, rows * po, err);
  LMR_TAKE(b->up, work, rows * po, err);
  LMR_TAKE(b->u, work, rows * pc, err);
  LMR_TAKE(b->g_code, work, rows * pc, err);
  LMR_TAKE(b->features, work, rows * pf, err);
  LMR_TAKE(b->g_features, work, rows * pf, err);
  LMR_TRY(net_state_take(&b->encoder, &m->encoder, rows, work, err));
  LMR_TRY(net_state_take(&b->decoder, &m->decoder, rows, work, err));
  LMR_TAKE(b->raw, work, rows * m->code, err);
  LMR_TAKE(b->s, work, rows * m->code, err);
  LMR_TAKE(b->gradient, work, rows * m->code, err);
  LMR_TAKE(b->exposure, work, rows, err);
  LMR_TAKE(b->mean, work, m->code, err);
  LMR_TAKE(b->inverse, work, m->code, err);
  LMR_TAKE(b->monomials, work, rows * m->features, err);
  LMR_TAKE(b->g_monomials, work, rows * m->features, err);
  LMR_TAKE(b->line, work, m->s.outputs, err);
  LMR_TAKE(b->other, work, m->s.outputs, err);
  LMR_TAKE(b->table, work, m->features, err);
  LMR_TAKE(b->start, work, environments + 1, err);
  memset(b->x, 0, rows * pi * sizeof *b->x);
  memset(b->target, 0, rows * po * sizeof *b->target);
  memset(b->up, 0, rows * po * sizeof *b->up);
  memset(b->g_code, 0, rows * pc * sizeof *b->g_code);
  memset(b->features, 0, rows * pf * sizeof *b->features);
  if (m->s.degree) monomial_table(m->code, m->s.degree, b->table);
  return LMR_OK;
}

/* Column-major doubles from the leading columns of padded rows, and back. */
static void columns_from_rows(size_t rows, size_t d, const REAL *from, size_t ld, double *to) {
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < rows; i++) to[i + j * rows] = (double)from[i * ld + j];
}

static void rows_from_columns(size_t rows, size_t d, const double *from, REAL *to, size_t ld) {
  for (size_t j = 0; j < d; j++)
    for (size_t i = 0; i < rows; i++) to[i * ld + j] = (REAL)from[i + j * rows];
}

/* The mean over the observed entries; b->up := its derivatives in b->out. */
static double reconstruction(const model *m, size_t rows, const double *offset, batch_work *b, lmr_cpu level) {
  const size_t p = m->s.outputs, po = padded(p);
  double sum = 0;
  size_t seen = 0;
  for (size_t i = 0; i < rows; i++) {
    const REAL *t = b->target + i * po, *o = b->out + i * po;
    REAL *u = b->up + i * po;
    if (!m->s.binomial) {
      REAL row = 0;
      for (size_t j = 0; j < p; j++) {
        const REAL r = t[j] == t[j] ? o[j] - t[j] : 0;
        seen += t[j] == t[j];
        row += r * r;
        u[j] = 2 * r;
      }
      sum += (double)row;
      continue;
    }
    /* With z = exp(-|eta|): log(1 + exp(eta)) = max(eta, 0) + log(1 + z). */
    for (size_t j = 0; j < p; j++) b->line[j] = -fabs((double)o[j] + offset[j]);
    vexp(b->other, b->line, p, level);
    for (size_t j = 0; j < p; j++) {
      if (t[j] != t[j]) {
        u[j] = 0;
        continue;
      }
      const double eta = (double)o[j] + offset[j], z = b->other[j], g = (double)t[j];
      seen++;
      sum += 2 * ((eta > 0 ? eta : 0) + log1p(z)) - g * eta;
      u[j] = (REAL)(2 * (eta > 0 ? 1 : z) / (1 + z) - g);
    }
  }
  if (!seen) return 0;
  const REAL share = (REAL)(1 / (double)seen);
  for (size_t i = 0; i < rows * po; i++) b->up[i] *= share;
  return sum / (double)seen;
}

/* mean (q(What) - exposure)^2, q(w) = c0 + sum_k c_k tanh(a_k + sum_j A_kj w_j);
 * gradients (unless NULL) are added to. */
static double relatedness(const model *m, const REAL *theta, size_t rows, const double *s, const double *exposure,
                          double weight, REAL *gradient, double *g_code) {
  const size_t d = m->s.invariant;
  const REAL *A = theta, *a = A + d * d, *c = a + d;
  double sum = 0;
  for (size_t i = 0; i < rows; i++) {
    double fit = (double)c[d];
    for (size_t k = 0; k < d; k++) {
      double t = (double)a[k];
      for (size_t j = 0; j < d; j++) t += (double)A[k * d + j] * s[i + j * rows];
      fit += (double)c[k] * tanh(t);
    }
    const double r = fit - exposure[i], up = 2 * weight * r / (double)rows;
    sum += r * r;
    if (!gradient) continue;
    gradient[d * d + 2 * d] += (REAL)up;
    for (size_t k = 0; k < d; k++) {
      double t = (double)a[k];
      for (size_t j = 0; j < d; j++) t += (double)A[k * d + j] * s[i + j * rows];
      t = tanh(t);
      const double back = up * (double)c[k] * (1 - t * t);
      gradient[d * d + d + k] += (REAL)(up * t);
      gradient[d * d + k] += (REAL)back;
      for (size_t j = 0; j < d; j++) {
        gradient[k * d + j] += (REAL)(back * s[i + j * rows]);
        g_code[i + j * rows] += back * (double)A[k * d + j];
      }
    }
  }
  return sum / (double)rows;
}

/* From the inputs in b to code, decoder output and reconstruction. */
static lmr_status batch_forward(const LAYERS *f, const model *m, const REAL *theta, size_t rows,
                                const double *offset, batch_work *b, double *loss, lmr_cpu level, lmr_error *err) {
  const size_t pc = padded(m->code), pf = padded(m->features);
  net_forward(f, &m->encoder, theta, rows, b->x, &b->encoder, b->u);
  columns_from_rows(rows, m->code, b->u, pc, b->raw);
  LMR_TRY(code_standardise(rows, m->code, b->raw, b->s, b->mean, b->inverse, err));
  const double *features = b->s;
  if (m->s.degree) {
    monomial_values(b->table, m->features, rows, b->s, b->monomials);
    features = b->monomials;
  }
  rows_from_columns(rows, m->features, features, b->features, pf);
  net_forward(f, &m->decoder, theta + m->at_decoder, rows, b->features, &b->decoder, b->out);
  *loss = reconstruction(m, rows, offset, b, level);
  return LMR_OK;
}

/* Loss of the rows in b (x, target, exposure, start), its terms, and unless
 * `gradient` is NULL its gradient. `penalty` has the weights of this step. */
static lmr_status batch_loss(const LAYERS *f, const model *m, const REAL *theta, size_t rows, const double *offset,
                             const code_penalty *penalty, double related, batch_work *b, ae_terms *terms,
                             REAL *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const size_t pc = padded(m->code), pf = padded(m->features);
  *terms = (ae_terms){0};
  LMR_TRY(batch_forward(f, m, theta, rows, offset, b, &terms->reconstruction, level, err));
  LMR_TRY(code_loss(penalty, rows, b->start, b->s, &terms->code, b->gradient, level, work, err));
  if (gradient) memset(gradient, 0, m->length * sizeof *gradient);
  if (m->s.related && related > 0)
    terms->related = relatedness(m, theta + m->at_related, rows, b->s, b->exposure, related,
                                 gradient ? gradient + m->at_related : NULL, b->gradient);
  terms->total = terms->reconstruction + penalty->mmd * terms->code.mmd +
                 penalty->hsic / 2 * (terms->code.hsic_within + terms->code.hsic_pooled) -
                 penalty->entropy * terms->code.logdet + related * terms->related;
  if (!gradient) return LMR_OK;
  LMR_TRY(net_backward(f, &m->decoder, theta + m->at_decoder, rows, b->features, &b->decoder, b->up,
                       gradient + m->at_decoder, b->g_features, work, err));
  columns_from_rows(rows, m->features, b->g_features, pf, b->g_monomials);
  if (m->s.degree) {
    monomial_chain(b->table, m->features, rows, b->s, b->monomials, b->g_monomials, b->gradient);
  } else {
    for (size_t i = 0; i < rows * m->code; i++) b->gradient[i] += b->g_monomials[i];
  }
  code_standardise_back(rows, m->code, b->s, b->inverse, b->gradient);
  rows_from_columns(rows, m->code, b->gradient, b->g_code, pc);
  return net_backward(f, &m->encoder, theta, rows, b->x, &b->encoder, b->g_code, gradient, NULL, work, err);
}

static size_t loss_bytes(const model *m, size_t rows, const code_penalty *penalty) {
  size_t work = code_loss_bytes(penalty, rows);
  const size_t e = net_back_bytes(&m->encoder), d = net_back_bytes(&m->decoder);
  if (e > work) work = e;
  return d > work ? d : work;
}

/* A row of the data into row `to` of the batch. */
static void batch_row(const model *m, const ae_data *data, size_t from, batch_work *b, size_t to) {
  const size_t pi = padded(m->s.inputs), po = padded(m->s.outputs);
  for (size_t j = 0; j < m->s.inputs; j++) b->x[to * pi + j] = (REAL)data->x[from + j * data->n];
  for (size_t j = 0; j < m->s.outputs; j++) b->target[to * po + j] = (REAL)data->target[from + j * data->n];
  b->exposure[to] = data->exposure ? data->exposure[from] : 0;
}

size_t AE(ae_loss, _bytes)(const ae_shape *s, const ae_data *data, const ae_options *o) {
  const model m = model_of(s);
  size_t bytes = lmr_add_bytes(batch_bytes(&m, data->n, data->environments), loss_bytes(&m, data->n, &o->penalty));
  return lmr_add_bytes(bytes, 2 * lmr_bytes(m.length, sizeof(REAL)));
}

lmr_status AE(ae_loss, )(const ae_shape *s, const ae_data *data, const ae_options *o, const double *theta,
                         ae_terms *terms, double *gradient, lmr_cpu level, lmr_arena work, lmr_error *err) {
  const model m = model_of(s);
  batch_work b;
  REAL *th, *g;
  LMR_TRY(batch_take(&b, &m, data->n, data->environments, &work, err));
  LMR_TAKE(th, &work, m.length, err);
  LMR_TAKE(g, &work, m.length, err);
  for (size_t j = 0; j < m.length; j++) th[j] = (REAL)theta[j];
  for (size_t i = 0, e = 0; i < data->n; i++) {
    if (!i) b.start[0] = 0;
    while (e < (size_t)data->label[i]) b.start[++e] = i;
    b.start[e + 1] = i + 1;
    batch_row(&m, data, i, &b, i);
  }
  LMR_TRY(batch_loss(LAYERS_AT(level), &m, th, data->n, data->offset, &o->penalty, o->related, &b, terms,
                     gradient ? g : NULL, level, work, err));
  if (gradient)
    for (size_t j = 0; j < m.length; j++) gradient[j] = (double)g[j];
  return LMR_OK;
}

enum { ENCODE_ROWS = 960 };

size_t AE(ae_encode, _bytes)(const ae_shape *s) {
  const model m = model_of(s);
  size_t bytes = lmr_add_bytes(net_state_bytes(&m.encoder, ENCODE_ROWS), lmr_bytes(m.encoder.length, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(ENCODE_ROWS * padded(s->inputs), sizeof(REAL)));
  return lmr_add_bytes(bytes, lmr_bytes(ENCODE_ROWS * padded(m.code), sizeof(REAL)));
}

lmr_status AE(ae_encode, )(const ae_shape *s, const double *theta, size_t n, const double *x, double *u,
                           lmr_cpu level, lmr_arena work, lmr_error *err) {
  const model m = model_of(s);
  const size_t pi = padded(s->inputs), pc = padded(m.code);
  net_state state;
  REAL *th, *in, *out;
  LMR_TRY(net_state_take(&state, &m.encoder, ENCODE_ROWS, &work, err));
  LMR_TAKE(th, &work, m.encoder.length, err);
  LMR_TAKE(in, &work, ENCODE_ROWS * pi, err);
  LMR_TAKE(out, &work, ENCODE_ROWS * pc, err);
  for (size_t j = 0; j < m.encoder.length; j++) th[j] = (REAL)theta[j];
  memset(in, 0, ENCODE_ROWS * pi * sizeof *in);
  for (size_t first = 0; first < n; first += ENCODE_ROWS) {
    const size_t rows = n - first < ENCODE_ROWS ? n - first : ENCODE_ROWS;
    for (size_t j = 0; j < s->inputs; j++)
      for (size_t i = 0; i < rows; i++) in[i * pi + j] = (REAL)x[first + i + j * n];
    net_forward(LAYERS_AT(level), &m.encoder, th, rows, in, &state, out);
    for (size_t j = 0; j < m.code; j++)
      for (size_t i = 0; i < rows; i++) u[first + i + j * n] = (double)out[i * pc + j];
  }
  return LMR_OK;
}
