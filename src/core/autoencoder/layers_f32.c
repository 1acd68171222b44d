#include "core/autoencoder/layers.h"

#include <math.h>

#define REAL float
#define SQRT sqrtf
#define LAYERS_NAME(x) x##_f32
#define LAYERS_NAME2(x, y) x##_f32##y
#include "core/autoencoder/layers.inc.c"
