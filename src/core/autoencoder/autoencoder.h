/* The cross-environment autoencoder (arXiv 2602.19782):
 *   code      u = skip'x + b + net(x)   (net: two layers of `units`, layer norm, ReLU)
 *             s = (u - mean) / sd over the batch, What its first columns, Vhat the rest
 *   decoder   the same kind of net of s, or a linear map of the monomials of s
 *   loss      reconstruction + penalties on s (code_loss.h)
 *             + related * mean (q(What) - exposure)^2, q one tanh layer
 * Reconstruction over the entries that are not missing (NaN): mean squared error, or
 * for counts 0..2 the mean of 2 log(1 + exp(eta)) - g eta with eta = offset + decoder.
 * Parameters are one vector; its length depends on the shape only. Compiled in
 * single (_f32, training) and double (_f64) precision; interfaces are double. */
#ifndef LMR_CORE_AUTOENCODER_H
#define LMR_CORE_AUTOENCODER_H

#include "core/autoencoder/code_loss.h"

typedef struct {
  size_t inputs, outputs, invariant, variant;
  size_t units;  /* a multiple of LAYER_PAD, at most LAYER_MAX_WIDTH; 0: linear encoder */
  int degree;    /* decoder: 0 the net, 1 to 3 monomials */
  int binomial;
  int related;   /* has q */
} ae_shape;

typedef struct {
  size_t n, environments;
  const double *x;        /* n x inputs, column-major */
  const double *target;   /* n x outputs; NaN is missing */
  const double *offset;   /* [outputs], logits; read when binomial */
  const double *exposure; /* [n], or NULL when not related */
  const int *label;       /* environment of a row, 0-based */
} ae_data;

typedef struct {
  double total, reconstruction, related;
  code_terms code;
} ae_terms;

typedef struct {
  size_t epochs, batch; /* rows per environment and step */
  size_t patience;      /* epochs without a better held-out criterion */
  size_t every;         /* epochs between looks at the held-out rows */
  double held_out;      /* share of each environment, at most AE_HELD_OUT rows of it */
  double rate, decay, clip;
  double settle, ramp; /* shares of the epochs: no penalties (an encoder that starts at `skip` is
                          held still, the decoder learns it); then penalties growing */
  double settle_rate;  /* from a random start the rate of that time, a cosine of its own */
  size_t turns;        /* and the random starts of code_turn() at its end; 0: not turned */
  double related;       /* weight */
  double slack, slack_absolute; /* reconstruction within best * (1 + slack) + slack_absolute */
  double start_scale;   /* sd of the net's last layer relative to 1 / sqrt(units) */
  code_penalty penalty;
} ae_options;

enum { AE_HELD_OUT = 1000, AE_HISTORY = 11, AE_HISTORY_TRAIN = 6 /* of the training rows */, AE_TURN_ROWS = 20000 };
/* Columns of the history: epoch, training means of total, reconstruction, mmd,
 * hsic within, hsic pooled, log det; held-out reconstruction, nHSIC, nMMD, noise. */

/* Held-out rows: reconstruction; nHSIC within environments and nMMD across them (in
 * [0, 1] as normalised HSIC, less their expectation when nothing depends, so that 0 is
 * "nothing left" whatever the law of the code); `noise`, the standard deviation of
 * their sum then. The criterion is nhsic + nmmd. */
typedef struct {
  double reconstruction, nhsic, nmmd, noise;
  double lowest; /* of the criterion among the weights taken so far */
  size_t epoch;
} ae_held;

size_t ae_length(const ae_shape *s);
size_t ae_history_rows(const ae_options *o);

#define AUTOENCODER(suffix)                                                                        \
  /* Loss of all rows as one batch (they must come environment by environment) and its             \
   * gradient[ae_length] (NULL: value only). */                                                    \
  size_t ae_loss##suffix##_bytes(const ae_shape *s, const ae_data *data, const ae_options *o);     \
  lmr_status ae_loss##suffix(const ae_shape *s, const ae_data *data, const ae_options *o,          \
                             const double *theta, ae_terms *terms, double *gradient, lmr_cpu level, \
                             lmr_arena work, lmr_error *err);                                      \
  /* The code before it is standardised: u, n x (invariant + variant), column-major. */            \
  size_t ae_encode##suffix##_bytes(const ae_shape *s);                                             \
  lmr_status ae_encode##suffix(const ae_shape *s, const double *theta, size_t n, const double *x,  \
                               double *u, lmr_cpu level, lmr_arena work, lmr_error *err);          \
  /* Trains from seed and stream. skip (inputs x code, NULL: random): the map the encoder          \
   * starts at; the linear part of the decoder starts at its regression. theta gets the            \
   * weights with the best held-out criterion, `best` their figures, history                       \
   * [ae_history_rows x AE_HISTORY] a line per look (unused lines untouched), *lines their         \
   * number. On LMR_ENONFINITE all of them hold the last good state. */                            \
  size_t ae_fit##suffix##_bytes(const ae_shape *s, const ae_data *data, const ae_options *o);      \
  lmr_status ae_fit##suffix(const ae_shape *s, const ae_data *data, const ae_options *o,           \
                            const double *skip, uint64_t seed, uint64_t stream, double *theta,     \
                            ae_held *best, double *history, size_t *lines, lmr_cpu level,          \
                            lmr_arena work, const lmr_tick *tick, lmr_error *err);

AUTOENCODER(_f32)
AUTOENCODER(_f64)

#endif
