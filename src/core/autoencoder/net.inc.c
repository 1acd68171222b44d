/* A net y = skip'x + bias + third'h2, h2 = norm(second'h1), h1 = norm(first'x),
 * forward beside backward, rows in blocks that stay in cache. REAL, AE(x) and the
 * type LAYERS are set before. Matrices are row-major and padded (layers.h). */
#if !defined(REAL) || !defined(AE) || !defined(LAYERS) || !defined(LAYERS_AT)
#error "a piece of autoencoder_f32.c and autoencoder_f64.c: REAL, AE(x, y), LAYERS and LAYERS_AT are set there"
#endif

typedef struct {
  size_t in, out, units;
  size_t skip, bias, first, norm1, second, norm2, third, length; /* offsets; norm: bias, gain, shift */
} net_shape;

enum { NET_ROWS = 96 };

static size_t padded(size_t x) { return (x + LAYER_PAD - 1) / LAYER_PAD * LAYER_PAD; }

static net_shape net_of(size_t in, size_t out, size_t units) {
  const size_t po = padded(out);
  net_shape s = {.in = in, .out = out, .units = units};
  s.bias = in * po;
  s.first = s.bias + po;
  s.norm1 = s.first + in * units;
  s.second = s.norm1 + 3 * units;
  s.norm2 = s.second + units * units;
  s.third = s.norm2 + 3 * units;
  s.length = s.third + units * po;
  return s;
}

/* What backward needs of forward, for all rows of the batch. */
typedef struct {
  REAL *x1, *h1, *inverse1, *x2, *h2, *inverse2;
} net_state;

static size_t net_state_bytes(const net_shape *s, size_t rows) {
  return lmr_add_bytes(4 * lmr_bytes(rows * s->units, sizeof(REAL)), 2 * lmr_bytes(rows, sizeof(REAL)));
}

static lmr_status net_state_take(net_state *t, const net_shape *s, size_t rows, lmr_arena *work, lmr_error *err) {
  LMR_TAKE(t->x1, work, rows * s->units, err);
  LMR_TAKE(t->h1, work, rows * s->units, err);
  LMR_TAKE(t->x2, work, rows * s->units, err);
  LMR_TAKE(t->h2, work, rows * s->units, err);
  LMR_TAKE(t->inverse1, work, rows, err);
  LMR_TAKE(t->inverse2, work, rows, err);
  return LMR_OK;
}

/* x: rows x padded(in), y: rows x padded(out), written. */
static void net_forward(const LAYERS *f, const net_shape *s, const REAL *theta, size_t rows, const REAL *x,
                        const net_state *t, REAL *y) {
  const size_t pi = padded(s->in), po = padded(s->out), h = s->units;
  for (size_t i = 0; i < rows; i += NET_ROWS) {
    const size_t m = rows - i < NET_ROWS ? rows - i : NET_ROWS;
    const REAL *xi = x + i * pi;
    REAL *yi = y + i * po;
    f->product(m, po, s->in, xi, pi, 1, theta + s->skip, po, yi, po, 0);
    if (h) {
      REAL *x1 = t->x1 + i * h, *h1 = t->h1 + i * h, *x2 = t->x2 + i * h, *h2 = t->h2 + i * h;
      const REAL *n1 = theta + s->norm1, *n2 = theta + s->norm2;
      f->product(m, h, s->in, xi, pi, 1, theta + s->first, h, x1, h, 0);
      f->norm(m, h, n1, n1 + h, n1 + 2 * h, x1, t->inverse1 + i, h1);
      f->product(m, h, h, h1, h, 1, theta + s->second, h, x2, h, 0);
      f->norm(m, h, n2, n2 + h, n2 + 2 * h, x2, t->inverse2 + i, h2);
      f->product(m, po, h, h2, h, 1, theta + s->third, po, yi, po, 1);
    }
    for (size_t r = 0; r < m; r++)
      for (size_t j = 0; j < s->out; j++) yi[r * po + j] += theta[s->bias + j];
  }
}

static size_t net_back_bytes(const net_shape *s) {
  const size_t pi = padded(s->in), po = padded(s->out), h = s->units;
  size_t bytes = lmr_add_bytes(2 * lmr_bytes(NET_ROWS * h, sizeof(REAL)), lmr_bytes(h * h, sizeof(REAL)));
  bytes = lmr_add_bytes(bytes, lmr_add_bytes(lmr_bytes(s->out * h, sizeof(REAL)), lmr_bytes(h * pi, sizeof(REAL))));
  return lmr_add_bytes(bytes, lmr_bytes(po * pi, sizeof(REAL)));
}

/* to (columns x ld) := from' (rows x ld_from); the pad of a row is zero. */
static void transpose(size_t rows, size_t columns, const REAL *from, size_t ld_from, REAL *to, size_t ld) {
  memset(to, 0, columns * ld * sizeof *to);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) to[j * ld + i] = from[i * ld_from + j];
}

/* up: d loss / d y (rows x padded(out), pad zero). gradient += d loss / d theta;
 * gx (rows x padded(in)), unless NULL, := d loss / d x. */
static lmr_status net_backward(const LAYERS *f, const net_shape *s, const REAL *theta, size_t rows, const REAL *x,
                               const net_state *t, const REAL *up, REAL *gradient, REAL *gx, lmr_arena work,
                               lmr_error *err) {
  const size_t pi = padded(s->in), po = padded(s->out), h = s->units;
  REAL *a, *b, *second, *third, *first, *skip;
  LMR_TAKE(a, &work, NET_ROWS * h, err);
  LMR_TAKE(b, &work, NET_ROWS * h, err);
  LMR_TAKE(second, &work, h * h, err);
  LMR_TAKE(third, &work, s->out * h, err);
  LMR_TAKE(first, &work, h * pi, err);
  LMR_TAKE(skip, &work, po * pi, err);
  transpose(h, h, theta + s->second, h, second, h);
  transpose(h, s->out, theta + s->third, po, third, h);
  if (gx) {
    transpose(s->in, h, theta + s->first, h, first, pi);
    transpose(s->in, s->out, theta + s->skip, po, skip, pi);
  }
  for (size_t i = 0; i < rows; i += NET_ROWS) {
    const size_t m = rows - i < NET_ROWS ? rows - i : NET_ROWS;
    const REAL *xi = x + i * pi, *ui = up + i * po;
    f->product(s->in, po, m, xi, 1, pi, ui, po, gradient + s->skip, po, 1);
    for (size_t r = 0; r < m; r++)
      for (size_t j = 0; j < s->out; j++) gradient[s->bias + j] += ui[r * po + j];
    if (gx) f->product(m, pi, s->out, ui, po, 1, skip, pi, gx + i * pi, pi, 0);
    if (!h) continue;
    const REAL *h1 = t->h1 + i * h, *h2 = t->h2 + i * h;
    REAL *n1 = gradient + s->norm1, *n2 = gradient + s->norm2;
    f->product(h, po, m, h2, 1, h, ui, po, gradient + s->third, po, 1);
    f->product(m, h, s->out, ui, po, 1, third, h, a, h, 0);
    f->norm_back(m, h, theta + s->norm2 + h, t->x2 + i * h, t->inverse2 + i, h2, a, n2, n2 + h, n2 + 2 * h);
    f->product(h, h, m, h1, 1, h, a, h, gradient + s->second, h, 1);
    f->product(m, h, h, a, h, 1, second, h, b, h, 0);
    f->norm_back(m, h, theta + s->norm1 + h, t->x1 + i * h, t->inverse1 + i, h1, b, n1, n1 + h, n1 + 2 * h);
    f->product(s->in, h, m, xi, 1, pi, b, h, gradient + s->first, h, 1);
    if (gx) f->product(m, pi, h, b, h, 1, first, pi, gx + i * pi, pi, 1);
  }
  return LMR_OK;
}

/* He et al. 2015 for the two hidden layers; the last one at `scale` / sqrt(units). */
static void net_start(const net_shape *s, double scale, lmr_rng *rng, REAL *theta) {
  const size_t po = padded(s->out), h = s->units;
  memset(theta, 0, s->length * sizeof *theta);
  for (size_t i = 0; i < s->in * h; i++) theta[s->first + i] = (REAL)(sqrt(2 / (double)s->in) * lmr_rng_normal(rng));
  for (size_t i = 0; i < h * h; i++) theta[s->second + i] = (REAL)(sqrt(2 / (double)h) * lmr_rng_normal(rng));
  for (size_t i = 0; i < h; i++) theta[s->norm1 + h + i] = theta[s->norm2 + h + i] = 1;
  for (size_t i = 0; i < h; i++)
    for (size_t j = 0; j < s->out; j++)
      theta[s->third + i * po + j] = (REAL)(scale / sqrt((double)h) * lmr_rng_normal(rng));
}
