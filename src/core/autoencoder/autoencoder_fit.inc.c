/* Training: see autoencoder.h. */
#if !defined(REAL) || !defined(AE) || !defined(LAYERS) || !defined(LAYERS_AT)
#error "a piece of autoencoder_f32.c and autoencoder_f64.c: REAL, AE(x, y), LAYERS and LAYERS_AT are set there"
#endif

/* A normalised statistic less its null mean, and its null variance. n_biased: n times
 * the biased statistic, whose null law has `mean` and `var`. */
static double excess(double normalised, double n_biased, double mean, double var, double *noise) {
  if (!(n_biased > 0)) return 0;
  const double unit = normalised / n_biased;
  *noise += unit * unit * var;
  return unit * (n_biased - mean);
}

/* RBF kernels of fixed width on the standardised code. */
static lmr_status held_criterion(const LAYERS *f, const model *m, const REAL *theta, const double *offset,
                                 size_t environments, batch_work *b, ae_held *out, lmr_cpu level, lmr_arena work,
                                 lmr_error *err) {
  const size_t n = b->start[environments], d = m->s.invariant, k = m->s.variant;
  LMR_TRY(batch_forward(f, m, theta, n, offset, b, &out->reconstruction, level, err));
  int *label;
  double *biased, *unbiased;
  LMR_TAKE(label, &work, n, err);
  LMR_TAKE(biased, &work, environments * environments, err);
  LMR_TAKE(unbiased, &work, environments * environments, err);
  lmr_points x = {b->s, n, d, n, NULL, {LMR_RBF, 0, 1, 0, {code_gamma(d)}}};
  const double share = 1 / (double)environments;
  double across = 0, within = 0;
  out->nmmd = out->nhsic = 0;
  if (environments > 1) {
    mmd_result r;
    for (size_t e = 0; e < environments; e++)
      for (size_t i = b->start[e]; i < b->start[e + 1]; i++) label[i] = (int)e;
    LMR_TRY(mmd_exact(&x, label, environments, biased, unbiased, &r, level, work, NULL, err));
    out->nmmd = excess(r.normalised, r.n * r.biased, r.null_mean, r.null_var, &across);
  }
  for (size_t e = 0; k && e < environments; e++) {
    hsic_result r;
    lmr_points y = {b->s + d * n + b->start[e], b->start[e + 1] - b->start[e], k, n, NULL,
                    {LMR_RBF, 0, 1, 0, {code_gamma(k)}}};
    x.x = b->s + b->start[e], x.n = y.n;
    LMR_TRY(hsic_exact(&x, &y, 0, &r, level, work, NULL, err));
    out->nhsic += share * excess(r.normalised, r.n * r.biased, r.trace_mean, r.trace_var, &within);
  }
  out->noise = sqrt(across + share * share * within);
  return LMR_OK;
}

static int held_finite(const ae_held *h) { return isfinite(h->reconstruction) && isfinite(h->nhsic) && isfinite(h->nmmd); }

size_t AE(ae_fit, _bytes)(const ae_shape *s, const ae_data *data, const ae_options *o) {
  const model m = model_of(s);
  const size_t environments = data->environments, rows = o->batch * environments;
  const size_t held = (data->n < AE_HELD_OUT * environments ? data->n : AE_HELD_OUT * environments);
  size_t work = loss_bytes(&m, rows, &o->penalty);
  const size_t look = held_bytes(&m, held, environments), start = regression_bytes(&m);
  if (look > work) work = look;
  if (start > work) work = start;
  const size_t turn = turn_bytes(&m, data, o);
  if (turn > work) work = turn;
  size_t bytes = lmr_add_bytes(rows_bytes(&m, data), batch_bytes(&m, rows, environments));
  bytes = lmr_add_bytes(bytes, batch_bytes(&m, held, environments));
  bytes = lmr_add_bytes(bytes, 4 * lmr_bytes(m.length, sizeof(REAL)));
  return lmr_add_bytes(bytes, work);
}

/* Whether `now` takes the place of `best`, among those whose reconstruction is near
 * the best one seen: after a warm start when its criterion is smaller by more than the
 * noise, after a random one as soon as it is not larger by more than that, because
 * training goes on to remove what the held-out rows are too few to see. */
static int held_better(const ae_options *o, const ae_held *now, const ae_held *best, double reconstruction, int warm) {
  const double limit = reconstruction * (1 + o->slack) + o->slack_absolute;
  if (now->reconstruction > limit) return 0;
  if (best->reconstruction > limit) return 1;
  return now->nhsic + now->nmmd < best->lowest + (warm ? -now->noise : now->noise);
}

/* A run: the weights, the optimiser's memory, and how far it has come. */
typedef struct {
  const model *m;
  const LAYERS *f;
  const ae_data *data;
  const ae_options *o;
  rows_of rows;
  batch_work batch, held;
  REAL *theta, *gradient, *m1, *m2;
  code_penalty penalty;
  adam_rule adam;
  lmr_rng rng;
  int warm, turned; /* started at a map; turn_code() has run */
  size_t done, total, since; /* steps: all, to be made, since the last look */
  double mean[AE_HISTORY_TRAIN]; /* sums over `since` steps */
  lmr_cpu level;
  lmr_arena work;
} training;

static void forget(training *t) {
  memset(t->m1, 0, t->m->length * sizeof *t->m1);
  memset(t->m2, 0, t->m->length * sizeof *t->m2);
  adam_restart(&t->adam);
}

static lmr_status training_take(training *t, lmr_rng *split, lmr_arena *work, lmr_error *err) {
  const size_t environments = t->data->environments, length = t->m->length;
  LMR_TRY(rows_take(&t->rows, t->m, t->data, t->o, split, work, err));
  LMR_TRY(batch_take(&t->batch, t->m, t->rows.batch * environments, environments, work, err));
  LMR_TRY(batch_take(&t->held, t->m, t->rows.held_rows, environments, work, err));
  LMR_TAKE(t->theta, work, length, err);
  LMR_TAKE(t->gradient, work, length, err);
  LMR_TAKE(t->m1, work, length, err);
  LMR_TAKE(t->m2, work, length, err);
  t->total = t->o->epochs * t->rows.steps;
  t->adam = adam_start(t->o->rate, .9, .999);
  t->adam.decay = t->o->decay;
  t->penalty = t->o->penalty;
  t->penalty.single = sizeof(REAL) == sizeof(float);
  forget(t);
  t->work = *work;
  return LMR_OK;
}

/* Share of the settling epochs in which a decoder of monomials is fitted anew. */
static const double SETTLE_REFIT = .2;

/* From a random start: the decoder fitted anew, and once the code turned. A decoder of
 * monomials is a regression: at first it is fitted anew every epoch, which keeps the
 * encoder off the plateaus where a slow decoder has nothing to say. */
static lmr_status before_epoch(training *t, size_t epoch, const lmr_tick *tick, lmr_error *err) {
  if (t->warm) return LMR_OK;
  const ae_options *o = t->o;
  const ae_shape *s = &t->m->s;
  const double begun = (double)t->done / (double)t->total;
  const int refit = s->degree && begun < SETTLE_REFIT * o->settle && epoch > 1;
  const int turn = !t->turned && begun >= o->settle && o->turns && s->variant && (o->penalty.mmd > 0 || o->penalty.hsic > 0);
  if (turn) {
    t->turned = 1;
    LMR_TRY(turn_code(t->f, t->m, o, &t->rows, t->data, &t->batch, t->theta, &t->rng, t->level, t->work, tick, err));
    forget(t);
  }
  if (!refit && !(turn && s->degree)) return LMR_OK;
  const size_t rows = training_batch(t->m, &t->rows, t->data, &t->rng, &t->held);
  LMR_TRY(start_decoder(t->f, t->m, t->data->offset, rows, &t->held, t->theta, t->level, t->work, err));
  held_batch(t->m, &t->rows, t->data, &t->held);
  return LMR_OK;
}

/* The penalties ramp up after `settle`; the rate falls along half a cosine, from a random
 * start once before `settle` and once after it. */
static void schedule(training *t, double at) {
  const ae_options *o = t->o;
  const double ramp = (at - o->settle) / o->ramp;
  const double weight = at < o->settle ? 0 : o->ramp > 0 && ramp < 1 ? ramp : 1;
  t->penalty.mmd = weight * o->penalty.mmd;
  t->penalty.hsic = weight * o->penalty.hsic;
  const int settling = !t->warm && at < o->settle;
  const double passed = t->warm ? at : settling ? at / o->settle : (at - o->settle) / (1 - o->settle);
  t->adam.rate = (settling ? o->settle_rate : o->rate) * (.01 + .99 * .5 * (1 + cos(acos(-1) * passed)));
}

static lmr_status train_step(training *t, size_t epoch, size_t step, const lmr_tick *tick, lmr_error *err) {
  const model *m = t->m;
  const double at = (double)t->done / (double)t->total;
  const size_t from = t->warm && at < t->o->settle ? m->encoder.length : 0;
  schedule(t, at);
  next_batch(m, &t->rows, t->data, &t->rng, &t->batch);
  ae_terms v;
  const lmr_status status = batch_loss(t->f, m, t->theta, t->rows.batch * t->data->environments, t->data->offset,
                                       &t->penalty, t->o->related, &t->batch, &v, t->gradient, t->level, t->work, err);
  double norm = 0;
  for (size_t j = from; status == LMR_OK && j < m->length; j++) norm += (double)t->gradient[j] * (double)t->gradient[j];
  norm = sqrt(norm);
  if ((status != LMR_OK && status != LMR_EINTERRUPT) || !isfinite(v.total) || !isfinite(norm))
    return lmr_fail(err, LMR_ENONFINITE, "the loss is not finite in epoch %zu, step %zu", epoch, step + 1);
  adam_next(&t->adam);
  t->adam.scale = norm > t->o->clip ? t->o->clip / norm : 1;
  AE(adam_step, )(&t->adam, m->length - from, t->gradient + from, t->m1 + from, t->m2 + from, t->theta + from, t->level);
  const double now[AE_HISTORY_TRAIN] = {v.total, v.reconstruction, v.code.mmd, v.code.hsic_within, v.code.hsic_pooled, v.code.logdet};
  for (int k = 0; k < AE_HISTORY_TRAIN; k++) t->mean[k] += now[k];
  t->since++;
  t->done++;
  return lmr_tick_poll(tick, at) ? lmr_fail(err, LMR_EINTERRUPT, "interrupted") : LMR_OK;
}

/* A line of history: the epoch, means of the steps since the last line, the held-out figures. */
static void write_line(training *t, const ae_held *now, double *line, size_t ld) {
  line[0] = (double)now->epoch;
  for (size_t k = 0; k < AE_HISTORY_TRAIN; k++) {
    line[(k + 1) * ld] = t->since ? t->mean[k] / (double)t->since : NAN;
    t->mean[k] = 0;
  }
  t->since = 0;
  const double held[] = {now->reconstruction, now->nhsic, now->nmmd, now->noise};
  for (size_t k = 0; k < 4; k++) line[(AE_HISTORY_TRAIN + 1 + k) * ld] = held[k];
}

lmr_status AE(ae_fit, )(const ae_shape *s, const ae_data *data, const ae_options *o, const double *skip,
                        uint64_t seed, uint64_t stream, double *theta, ae_held *best, double *history,
                        size_t *lines, lmr_cpu level, lmr_arena work, const lmr_tick *tick, lmr_error *err) {
  const model m = model_of(s);
  lmr_rng split; /* one split for all restarts, so that they compare */
  lmr_rng_seed(&split, seed, 0);
  training t = {.m = &m, .f = LAYERS_AT(level), .data = data, .o = o, .warm = skip != NULL, .level = level};
  lmr_rng_seed(&t.rng, seed, stream);
  LMR_TRY(training_take(&t, &split, &work, err));
  start_model(&m, o, skip, &t.rng, t.theta);
  held_batch(&m, &t.rows, data, &t.held);
  LMR_TRY(start_decoder(t.f, &m, data->offset, t.rows.held_rows, &t.held, t.theta, level, work, err));
  double least = INFINITY;
  size_t counted = 0;
  *lines = 0;
  for (size_t epoch = 0; epoch <= o->epochs; epoch++) {
    if (epoch) LMR_TRY(before_epoch(&t, epoch, tick, err));
    for (size_t step = 0; epoch && step < t.rows.steps; step++) LMR_TRY(train_step(&t, epoch, step, tick, err));
    if (epoch % o->every && epoch < o->epochs) continue;
    ae_held now = {.epoch = epoch};
    const lmr_status status = held_criterion(t.f, &m, t.theta, data->offset, data->environments, &t.held, &now, level, work, err);
    if (status != LMR_OK || !held_finite(&now))
      return lmr_fail(err, LMR_ENONFINITE, "the held-out loss is not finite after epoch %zu", epoch);
    now.lowest = now.nhsic + now.nmmd;
    write_line(&t, &now, history + (*lines)++, ae_history_rows(o));
    /* From a random start nothing counts before the penalties have their weight. */
    const double passed = (double)epoch - (o->settle + o->ramp) * (double)o->epochs;
    const int first = (!skip && passed < 0) || !counted++;
    if (first || now.reconstruction < least) least = now.reconstruction;
    if (first || held_better(o, &now, best, least, t.warm)) {
      const double limit = least * (1 + o->slack) + o->slack_absolute;
      if (!first && best->lowest < now.lowest && best->reconstruction <= limit) now.lowest = best->lowest;
      *best = now;
      for (size_t j = 0; j < m.length; j++) theta[j] = (double)t.theta[j];
    } else if (epoch >= best->epoch + o->patience && passed > 0) {
      break;
    }
  }
  return LMR_OK;
}
