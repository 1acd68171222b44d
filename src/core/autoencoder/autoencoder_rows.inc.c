/* Rows and batches of training: see autoencoder.h. */
#if !defined(REAL) || !defined(AE) || !defined(LAYERS) || !defined(LAYERS_AT)
#error "a piece of autoencoder_f32.c and autoencoder_f64.c: REAL, AE(x, y), LAYERS and LAYERS_AT are set there"
#endif

/* The rows as the batches take them, and which of them train. */
typedef struct {
  REAL *x, *target;       /* n x padded(inputs), n x padded(outputs) */
  int *order;             /* rows by environment; within one the held-out ones first */
  size_t *first, *held;   /* environments + 1; environments */
  size_t *next;           /* position of the next training row of an environment */
  size_t batch, steps, held_rows;
} rows_of;

static size_t rows_bytes(const model *m, const ae_data *data) {
  size_t bytes = lmr_bytes(data->n * padded(m->s.inputs), sizeof(REAL));
  bytes = lmr_add_bytes(bytes, lmr_bytes(data->n * padded(m->s.outputs), sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(data->n, sizeof(int)));
  return lmr_add_bytes(bytes, 3 * lmr_bytes(data->environments + 1, sizeof(size_t)));
}

/* Below this many held-out rows in an environment nothing is held out and the
 * criterion is that of the training rows. */
enum { HELD_MIN = 20 };

static lmr_status rows_take(rows_of *r, const model *m, const ae_data *data, const ae_options *o, lmr_rng *rng,
                            lmr_arena *work, lmr_error *err) {
  const size_t pi = padded(m->s.inputs), po = padded(m->s.outputs), environments = data->environments;
  LMR_TAKE(r->x, work, data->n * pi, err);
  LMR_TAKE(r->target, work, data->n * po, err);
  LMR_TAKE(r->order, work, data->n, err);
  LMR_TAKE(r->first, work, environments + 1, err);
  LMR_TAKE(r->held, work, environments + 1, err);
  LMR_TAKE(r->next, work, environments + 1, err);
  memset(r->x, 0, data->n * pi * sizeof *r->x);
  memset(r->target, 0, data->n * po * sizeof *r->target);
  for (size_t j = 0; j < m->s.inputs; j++)
    for (size_t i = 0; i < data->n; i++) r->x[i * pi + j] = (REAL)data->x[i + j * data->n];
  for (size_t j = 0; j < m->s.outputs; j++)
    for (size_t i = 0; i < data->n; i++) r->target[i * po + j] = (REAL)data->target[i + j * data->n];
  memset(r->first, 0, (environments + 1) * sizeof *r->first);
  for (size_t i = 0; i < data->n; i++) r->first[data->label[i] + 1]++;
  for (size_t e = 0; e < environments; e++) {
    if (r->first[e + 1] < 4) return lmr_fail(err, LMR_EINVAL, "environment %zu has %zu rows, 4 are needed", e + 1, r->first[e + 1]);
    r->first[e + 1] += r->first[e];
    r->next[e] = r->first[e];
  }
  for (size_t i = 0; i < data->n; i++) r->order[r->next[data->label[i]]++] = (int)i;
  int split = 1;
  for (size_t e = 0; e < environments; e++) {
    const size_t n = r->first[e + 1] - r->first[e], share = (size_t)(o->held_out * (double)n);
    r->held[e] = share < AE_HELD_OUT ? share : AE_HELD_OUT;
    if (r->held[e] < HELD_MIN) split = 0;
    lmr_rng_shuffle(rng, r->order + r->first[e], n);
  }
  r->held_rows = 0;
  size_t longest = 0;
  for (size_t e = 0; e < environments; e++) {
    const size_t n = r->first[e + 1] - r->first[e];
    if (!split) r->held[e] = 0;
    r->next[e] = r->first[e] + r->held[e];
    r->held_rows += split ? r->held[e] : (n < AE_HELD_OUT ? n : AE_HELD_OUT);
    if (n - r->held[e] > longest) longest = n - r->held[e];
  }
  r->batch = o->batch < longest ? o->batch : longest;
  r->steps = longest / r->batch;
  return LMR_OK;
}

static void take_row(const model *m, const rows_of *r, const ae_data *data, size_t from, batch_work *b, size_t to) {
  const size_t pi = padded(m->s.inputs), po = padded(m->s.outputs);
  memcpy(b->x + to * pi, r->x + from * pi, pi * sizeof *b->x);
  memcpy(b->target + to * po, r->target + from * po, po * sizeof *b->target);
  b->exposure[to] = data->exposure ? data->exposure[from] : 0;
}

/* The next `batch` training rows of every environment; a shuffled pass ends, the
 * next begins, each environment for itself. */
static void next_batch(const model *m, rows_of *r, const ae_data *data, lmr_rng *rng, batch_work *b) {
  size_t to = 0;
  for (size_t e = 0; e < data->environments; e++) {
    const size_t begin = r->first[e] + r->held[e], end = r->first[e + 1];
    b->start[e] = to;
    for (size_t k = 0; k < r->batch; k++) {
      if (r->next[e] == begin) lmr_rng_shuffle(rng, r->order + begin, end - begin);
      take_row(m, r, data, (size_t)r->order[r->next[e]], b, to++);
      if (++r->next[e] == end) r->next[e] = begin;
    }
  }
  b->start[data->environments] = to;
}

/* About as many training rows as the held-out batch has, the next of a shuffled pass; their number. */
static size_t training_batch(const model *m, rows_of *r, const ae_data *data, lmr_rng *rng, batch_work *b) {
  const size_t batch = r->batch;
  r->batch = r->held_rows / data->environments;
  next_batch(m, r, data, rng, b);
  r->batch = batch;
  return b->start[data->environments];
}

static void held_batch(const model *m, const rows_of *r, const ae_data *data, batch_work *b) {
  size_t to = 0;
  for (size_t e = 0; e < data->environments; e++) {
    const size_t n = r->first[e + 1] - r->first[e];
    const size_t count = r->held[e] ? r->held[e] : (n < AE_HELD_OUT ? n : AE_HELD_OUT);
    b->start[e] = to;
    for (size_t k = 0; k < count; k++) take_row(m, r, data, (size_t)r->order[r->first[e] + k], b, to++);
  }
  b->start[data->environments] = to;
}

static size_t held_bytes(const model *m, size_t rows, size_t environments) {
  const size_t a = hsic_bytes(rows, m->s.invariant, m->s.variant), b = mmd_bytes(rows, m->s.invariant, environments);
  return lmr_add_bytes(lmr_bytes(rows, sizeof(int)),
                       lmr_add_bytes(lmr_double_bytes(2, environments * environments), a > b ? a : b));
}
