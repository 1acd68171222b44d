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

#define REAL double
#define AE(x, y) x##_f64##y
#define LAYERS layers_f64
#define LAYERS_AT layers_f64_at
#include "core/autoencoder/net.inc.c"
#include "core/autoencoder/autoencoder_loss.inc.c"
#include "core/autoencoder/autoencoder_rows.inc.c"
#include "core/autoencoder/autoencoder_start.inc.c"
#include "core/autoencoder/autoencoder_fit.inc.c"

