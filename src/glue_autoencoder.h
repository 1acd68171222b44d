/* R lists as the autoencoder's shape, data and options. */
#ifndef LMR_GLUE_AUTOENCODER_H
#define LMR_GLUE_AUTOENCODER_H

#include "core/autoencoder/autoencoder.h"
#include "glue.h"

ae_shape glue_ae_shape(SEXP shape);
ae_data glue_ae_data(SEXP data, const ae_shape *s);
ae_options glue_ae_options(SEXP options, const ae_shape *s, size_t environments);

#endif
