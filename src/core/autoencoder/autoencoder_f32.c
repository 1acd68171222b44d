#include "core/autoencoder/autoencoder.h"

#include <math.h>
#include <string.h>

#include "core/autoencoder/code_turn.h"
#include "core/la/adam.h"
#include "core/la/fastmath.h"
#include "core/kernel/hsic.h"
#include "core/la/la.h"
#include "core/autoencoder/layers.h"
#include "core/kernel/mmd.h"
#include "core/la/monomials.h"
#include "core/base/rng.h"

#define REAL float
#define AE(x, y) x##_f32##y
#define LAYERS layers_f32
#define LAYERS_AT layers_f32_at
#include "core/autoencoder/net.inc.c"
#include "core/autoencoder/autoencoder_loss.inc.c"
#include "core/autoencoder/autoencoder_rows.inc.c"
#include "core/autoencoder/autoencoder_start.inc.c"
#include "core/autoencoder/autoencoder_fit.inc.c"

size_t ae_length(const ae_shape *s) { return model_of(s).length; }
size_t ae_history_rows(const ae_options *o) { return o->epochs / o->every + 2; }
