#include "core/autoencoder/layers.h"

#include <math.h>

#define REAL double
#define SQRT sqrt
#define LAYERS_NAME(x) x##_f64
#define LAYERS_NAME2(x, y) x##_f64##y
#include "core/autoencoder/layers.inc.c"
