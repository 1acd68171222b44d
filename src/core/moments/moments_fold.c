#include "core/moments/moments.h"
#include "core/base/rng.h"

#include <string.h>

size_t moments_folds_bytes(size_t n, size_t environments, size_t clusters, size_t folds) {
  size_t bytes = lmr_bytes(clusters, sizeof(int));
  bytes = lmr_add_bytes(bytes, lmr_bytes(clusters + 1, sizeof(size_t)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(n, sizeof(int)));
  bytes = lmr_add_bytes(bytes, lmr_bytes(environments * folds, sizeof(size_t)));
  return bytes;
}

/* members[start[c] .. start[c + 1]) are the people of cluster c. */
static void members_of(const int *cluster, size_t n, size_t clusters, size_t *start, int *members) {
  memset(start, 0, (clusters + 1) * sizeof *start);
  for (size_t i = 0; i < n; i++) start[cluster ? (size_t)cluster[i] + 1 : i + 1]++;
  for (size_t c = 0; c < clusters; c++) start[c + 1] += start[c];
  for (size_t i = 0; i < n; i++) members[start[cluster ? (size_t)cluster[i] : i]++] = (int)i;
  for (size_t c = clusters; c > 0; c--) start[c] = start[c - 1];
  start[0] = 0;
}

lmr_status moments_folds(const int *environment, size_t n, size_t environments, const int *cluster,
                         size_t clusters, size_t folds, uint64_t seed, int *fold, lmr_arena work,
                         lmr_error *err) {
  int *turn, *members;
  size_t *start, *taken; /* taken[e * folds + f]: people of e in f so far */
  LMR_TAKE(turn, &work, clusters, err);
  LMR_TAKE(start, &work, clusters + 1, err);
  LMR_TAKE(members, &work, n, err);
  LMR_TAKE(taken, &work, environments * folds, err);
  memset(taken, 0, environments * folds * sizeof *taken);
  members_of(cluster, n, clusters, start, members);
  for (size_t c = 0; c < clusters; c++) turn[c] = (int)c;
  lmr_rng rng;
  lmr_rng_seed(&rng, seed, 0);
  lmr_rng_shuffle(&rng, turn, clusters);

  for (size_t t = 0; t < clusters; t++) {
    const size_t c = (size_t)turn[t];
    size_t best = 0, fewest = SIZE_MAX;
    for (size_t f = 0; f < folds; f++) {
      size_t people = 0;
      for (size_t k = start[c]; k < start[c + 1]; k++)
        people += taken[(size_t)environment[members[k]] * folds + f];
      if (people < fewest) {
        fewest = people;
        best = f;
      }
    }
    for (size_t k = start[c]; k < start[c + 1]; k++) {
      fold[members[k]] = (int)best;
      taken[(size_t)environment[members[k]] * folds + best]++;
    }
  }
  return LMR_OK;
}
