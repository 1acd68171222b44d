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

#define REAL double
#define AE(x, y) x##_f64##y
#define LAYERS layers_f64
#define LAYERS_AT layers_f64_at
#include "core/net_body.h"
#include "core/autoencoder_body.h"
#include "core/autoencoder_fit_body.h"

