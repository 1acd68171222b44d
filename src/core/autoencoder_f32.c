#include "core/autoencoder.h"

#include <math.h>
#include <string.h>

#include "core/code_turn.h"
#include "core/fastmath.h"
#include "core/hsic.h"
#include "core/la.h"
#include "core/layers.h"
#include "core/mmd.h"
#include "core/monomials.h"
#include "core/rng.h"

#define REAL float
#define AE(x, y) x##_f32##y
#define LAYERS layers_f32
#define LAYERS_AT layers_f32_at
#include "core/net_body.h"
#include "core/autoencoder_body.h"
#include "core/autoencoder_fit_body.h"

size_t ae_length(const ae_shape *s) { return model_of(s).length; }
size_t ae_history_rows(const ae_options *o) { return o->epochs / o->every + 2; }
