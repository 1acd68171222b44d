/* Numbers of the core on one machine, to be compared with those of another: a program without
 * R. `numbers` prints them; `numbers FILE` compares with what another machine printed: integers
 * must be the same, doubles within ULPS steps (libm and fused products differ). Run by tools/core.sh.
 * Whatever can be worked out in a slow obvious way is, here, so that both may not be wrong alike. */
#include "core/base/cpu.h"
#include "core/base/crc32.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/text_number.h"
#include "core/genotype/bed_file.h"
#include "core/genotype/bits.h"
#include "core/genotype/hwe.h"
#include "core/kernel/kernel.h"
#include "core/la/fastmath.h"
#include "core/la/gemm.h"
#include "core/la/sincos.h"
#include "core/la/tall.h"
#include "core/la/tridiagonal.h"
#include "core/moments/moments_numeric.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ULPS = 64 };

static FILE *other;
static long integers, doubles, wrong;
static double largest;

static int next_line(char *name, char *value) {
  if (fscanf(other, "%63s %63s", name, value) == 2) return 1;
  fprintf(stderr, "the other machine has fewer numbers\n");
  wrong++;
  return 0;
}

static void integer(const char *name, uint64_t x) {
  char said[64], value[64];
  integers++;
  if (!other) {
    printf("%s %" PRIu64 "\n", name, x);
    return;
  }
  if (!next_line(said, value)) return;
  if (strcmp(said, name) || strtoull(value, NULL, 10) != x) {
    fprintf(stderr, "%s: %" PRIu64 ", there %s %s\n", name, x, said, value);
    wrong++;
  }
}

static void real(const char *name, double x) {
  char said[64], value[64];
  doubles++;
  if (!other) {
    printf("%s %.17g\n", name, x);
    return;
  }
  if (!next_line(said, value)) return;
  /* A sum near zero is known to the precision of its terms, which are about one. */
  const double y = strtod(value, NULL), step = DBL_EPSILON * fmax(1, fabs(y));
  const double away = (isnan(x) && isnan(y)) || x == y ? 0 : fabs(x - y) / step;
  if (away > largest) largest = away;
  if (strcmp(said, name) || !(away <= ULPS)) {
    fprintf(stderr, "%s: %.17g, there %s %s\n", name, x, said, value);
    wrong++;
  }
}

/* What must hold on every machine. */
static void holds(const char *what, int true_) {
  if (true_) return;
  fprintf(stderr, "does not hold: %s\n", what);
  wrong++;
}

/* Aligned as glue.c has it; never given back, the program is short. */
static lmr_arena work(size_t bytes) {
  unsigned char *block = malloc(bytes + 64);
  return lmr_arena_over(block + (64 - (uintptr_t)block % 64) % 64, bytes);
}

static void streams(void) {
  lmr_rng rng;
  lmr_rng_seed(&rng, 20, 7);
  for (int i = 0; i < 8; i++) integer("rng", lmr_rng_next(&rng));
  for (int i = 0; i < 8; i++) integer("below", lmr_rng_below(&rng, 1000003));
  for (int i = 0; i < 8; i++) real("normal", lmr_rng_normal(&rng));
  for (int i = 0; i < 8; i++) real("gamma", lmr_rng_gamma(&rng, .5 + i));
  int order[50];
  for (int i = 0; i < 50; i++) order[i] = i;
  lmr_rng_shuffle(&rng, order, 50);
  for (int i = 0; i < 50; i++) integer("shuffle", (uint64_t)order[i]);
}

static void texts(void) {
  static const char *const number[] = {"1.5", "-0.000123456789012345678", "9007199254740993", "1e-300", "1,5", "", "0x1p3", "+7.", "1e400"};
  for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
    double value = -1;
    integer("is_number", (uint64_t)text_number(number[i], strlen(number[i]), &value));
    real("number", value);
  }
  integer("crc", lmr_crc32((const uint8_t *)"123456789", 9));
  holds("the check value of CRC-32", lmr_crc32((const uint8_t *)"123456789", 9) == 0xcbf43926u);
  real("hwe", hwe_exact(57, 78, 13));
  real("hwe", hwe_exact(1469, 138, 5));
}

enum { PEOPLE = 700, VARIANTS = 37, LEVELS = 5 };

static int code_of(const uint8_t *raw, size_t stride, size_t v, size_t i) { return raw[v * stride + i / 4] >> 2 * (i % 4) & 3; }
static int copies_of(int code) { return code == 0 ? 2 : code == 2 ? 1 : 0; }

/* Counts of bit planes at every level, with one thread and three, and by hand. */
static void counts(void) {
  const size_t stride = bed_stride(PEOPLE), padded = (PEOPLE + 31) / 32 * 32;
  uint8_t *raw = malloc(VARIANTS * stride);
  uint64_t *word = malloc(padded * sizeof *word);
  int index[PEOPLE], missing[VARIANTS], gg[VARIANTS * (VARIANTS + 1) / 2], gm[VARIANTS * VARIANTS];
  lmr_rng rng;
  lmr_rng_seed(&rng, 3, 0);
  for (size_t k = 0; k < VARIANTS * stride; k++) raw[k] = (uint8_t)lmr_rng_below(&rng, 256);
  for (int i = 0; i < PEOPLE; i++) index[i] = (i * 13) % PEOPLE;
  for (int v = 0; v < VARIANTS; v++) missing[v] = v;
  lmr_arena arena = work(bits_chunk_bytes(PEOPLE, VARIANTS));
  bits_chunk chunk;
  lmr_error err;
  bits_chunk_take(&chunk, PEOPLE, VARIANTS, &arena, &err);
  for (size_t first = 0; first < VARIANTS; first += BITS_GROUP) {
    const size_t count = VARIANTS - first < BITS_GROUP ? VARIANTS - first : BITS_GROUP;
    bits_person_words(raw + first * stride, stride, PEOPLE, count, word, 1);
    bits_repack(word, index, &chunk, first, count);
  }
  for (int level = 0; level < LEVELS && level <= (int)lmr_cpu_detect(); level++)
    for (int threads = 1; threads <= 3; threads += 2) {
      const lmr_tick tick = {NULL, NULL, threads};
      memset(gg, 0, sizeof gg);
      memset(gm, 0, sizeof gm);
      bits_cross_gg(&chunk, (bits_counts){gg, NULL}, (lmr_cpu)level, &tick, &err);
      bits_cross_gm(&chunk, missing, VARIANTS, (bits_counts){gm, NULL}, (lmr_cpu)level, &tick, &err);
      for (size_t b = 0, k = 0; b < VARIANTS; b++)
        for (size_t a = 0; a <= b; a++, k++) {
          int expected = 0, with = 0;
          for (size_t i = 0; i < PEOPLE; i++) {
            const int x = code_of(raw, stride, a, i), y = code_of(raw, stride, b, i);
            expected += copies_of(x) * copies_of(y);
            with += copies_of(x) * (y == 1);
          }
          holds("counts of copies", gg[k] == expected);
          holds("counts of missing calls", gm[a + VARIANTS * b] == with);
        }
    }
  for (size_t k = 0; k < sizeof gg / sizeof *gg; k++) integer("gg", (uint64_t)gg[k]);
  lmr_arena room = work(lmr_double_bytes(1, PEOPLE * 8));
  double *x = lmr_arena_take(&room, PEOPLE * 8, sizeof *x), gx[VARIANTS * 3], mx[VARIANTS * 3], first_gx[VARIANTS * 3] = {0};
  memset(x, 0, PEOPLE * 8 * sizeof *x);
  const numeric_genotypes g = numeric_bits(&chunk);
  for (size_t i = 0; i < PEOPLE; i++)
    for (size_t c = 0; c < 3; c++) x[8 * i + c] = lmr_rng_normal(&rng);
  for (int level = 0; level < LEVELS && level <= (int)lmr_cpu_detect(); level++) {
    memset(gx, 0, sizeof gx);
    memset(mx, 0, sizeof mx);
    numeric_products(&g, missing, VARIANTS, x, 3, gx, mx, (lmr_cpu)level, work(numeric_products_bytes(VARIANTS, 3)), NULL,
                     &err);
    if (!level) memcpy(first_gx, gx, sizeof gx);
    for (size_t k = 0; k < VARIANTS * 3; k++) holds("sums over people at every level", gx[k] == first_gx[k]);
  }
  for (size_t k = 0; k < VARIANTS * 3; k++) real("gx", gx[k]);
}

static void products(void) {
  enum { M = 70, N = 45, K = 150 };
  double *a = malloc(M * K * sizeof *a), *b = malloc(K * N * sizeof *b), c[M * N], tall[N * N];
  lmr_rng rng;
  lmr_error err;
  lmr_rng_seed(&rng, 5, 0);
  for (size_t i = 0; i < M * K; i++) a[i] = lmr_rng_normal(&rng);
  for (size_t i = 0; i < K * N; i++) b[i] = lmr_rng_normal(&rng);
  for (int level = 0; level < LEVELS && level <= (int)lmr_cpu_detect(); level++) {
    gemm('N', 'N', M, N, K, 1, a, M, b, K, 0, c, M, 0, (lmr_cpu)level, NULL);
    tall_crossprod(b, K, N, K, NULL, tall, (lmr_cpu)level, work(tall_crossprod_bytes(N)), NULL, &err);
    for (size_t j = 0; j < N; j++)
      for (size_t i = 0; i < M; i++) {
        double sum = 0, squares = 0;
        for (size_t l = 0; l < K; l++) sum += a[i + M * l] * b[l + K * j];
        holds("a product", fabs(sum - c[i + M * j]) < 1e-12);
        if (i >= N) continue;
        for (size_t l = 0; l < K; l++) squares += b[l + K * i] * b[l + K * j];
        holds("a cross product", fabs(squares - tall[i + N * j]) < 1e-12);
      }
  }
  double d[20], off[20];
  for (size_t i = 0; i < 20; i++) d[i] = 2, off[i] = -1;
  tridiagonal_values(d, off, 20, NULL, &err);
  for (size_t i = 0; i < 20; i++) {
    holds("eigenvalues of the second difference", fabs(d[i] - 2 + 2 * cos(acos(-1) * (double)(i + 1) / 21)) < 1e-13);
    integer("eigenvalue", (uint64_t)(d[i] * 1e9 + .5));
  }
}

static void functions(void) {
  enum { COUNT = 101 };
  double x[COUNT], e[COUNT], t[COUNT], c[COUNT], s[COUNT];
  for (int i = 0; i < COUNT; i++) x[i] = (i - 50) * .37;
  for (int level = 0; level < LEVELS && level <= (int)lmr_cpu_detect(); level++) {
    vexp(e, x, COUNT, (lmr_cpu)level);
    vtanh(t, x, COUNT, (lmr_cpu)level);
    vsincos(c, s, x, COUNT, (lmr_cpu)level);
    for (int i = 0; i < COUNT; i++) {
      holds("exp", fabs(e[i] / exp(x[i]) - 1) < 1e-14);
      holds("tanh", fabs(t[i] - tanh(x[i])) < 1e-14);
      holds("sine and cosine", fabs(s[i] - sin(x[i])) < 1e-14 && fabs(c[i] - cos(x[i])) < 1e-14);
    }
  }
  for (int i = 0; i < COUNT; i += 10) real("exp", exp(x[i]));
}

int main(int count, char **argument) {
  if (count > 1 && !(other = fopen(argument[1], "r"))) {
    fprintf(stderr, "cannot read %s\n", argument[1]);
    return 2;
  }
  streams();
  texts();
  counts();
  products();
  functions();
  if (other) {
    printf("level %d: %ld integers the same, %ld doubles within %.0f ulps", (int)lmr_cpu_detect(), integers, doubles, largest);
    printf(wrong ? ", %ld WRONG\n" : "\n", wrong);
  }
  return wrong != 0;
}
