#include "core/genotype/panel.h"

#include "core/genotype/bed_file.h"

static inline unsigned code_of(const uint8_t *codes, size_t i) { return codes[i >> 2] >> 2 * (i & 3) & 3u; }

void genotype_panel_pack(const uint8_t *raw, const int *person, size_t n, uint8_t *codes) {
  for (size_t i = 0; i < n; i += 4) {
    unsigned byte = 0;
    for (size_t k = i; k < i + 4 && k < n; k++) byte |= code_of(raw, (size_t)person[k]) << 2 * (k - i);
    codes[i / 4] = (uint8_t)byte;
  }
}

/* People who follow each other: four a byte, but for the ends. */
static void read_run(const uint8_t *codes, size_t first, size_t count, const double value[4], double *to) {
  size_t i = 0;
  while (i < count && (first + i) % 4) {
    to[i] = value[code_of(codes, first + i)];
    i++;
  }
  for (const uint8_t *from = codes + (first + i) / 4; i + 4 <= count; i += 4, from++) {
    const unsigned byte = *from;
    to[i] = value[byte & 3u];
    to[i + 1] = value[byte >> 2 & 3u];
    to[i + 2] = value[byte >> 4 & 3u];
    to[i + 3] = value[byte >> 6];
  }
  for (; i < count; i++) to[i] = value[code_of(codes, first + i)];
}

enum { PEOPLE = 512 }; /* whose rows are looked up once for all variants */

/* People of a cell lie far apart: the memory of the next variant is asked for in time. */
#ifdef __GNUC__
#define FETCH(place) __builtin_prefetch(place)
#else
#define FETCH(place) ((void)0)
#endif

static void read_numbers(const genotype_panel *panel, const int *who, size_t count, const double *fill,
                         const double *center, double *block, size_t rows) {
  for (size_t first = 0; first < count; first += PEOPLE) {
    const size_t some = count - first < PEOPLE ? count - first : PEOPLE;
    int row[PEOPLE];
    for (size_t i = 0; i < some; i++) row[i] = panel->person[who[first + i]];
    for (size_t v = 0; v < panel->variants; v++) {
      const double *from = panel->numbers + v * panel->ld, missing = fill[v], c = center[v];
      const double *next = v + 1 < panel->variants ? from + panel->ld : from;
      double *to = block + first + v * rows;
      for (size_t i = 0; i < some; i++) {
        FETCH(next + row[i]);
        const double x = from[row[i]];
        to[i] = (x == x ? x : missing) - c;
      }
    }
  }
}

void genotype_panel_read(const genotype_panel *panel, const int *who, size_t count, const double *fill,
                         const double *center, double *block, size_t rows) {
  if (!count) return;
  if (!panel->codes) {
    read_numbers(panel, who, count, fill, center, block, rows);
    return;
  }
  const size_t stride = bed_stride(panel->people), first = (size_t)who[0];
  const int run = (size_t)who[count - 1] == first + count - 1;
  for (size_t v = 0; v < panel->variants; v++) {
    const uint8_t *codes = panel->codes + v * stride;
    const double c = center[v], value[4] = {2 - c, fill[v] - c, 1 - c, -c};
    double *to = block + v * rows;
    if (run) {
      read_run(codes, first, count, value, to);
      continue;
    }
    for (size_t i = 0; i < count; i++) to[i] = value[code_of(codes, (size_t)who[i])];
  }
}
