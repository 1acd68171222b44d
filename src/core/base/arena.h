/* Work memory: one block owned by the caller, cut into named views.
 * A function `f` that needs work has a companion `f_bytes(sizes)`; the caller
 * allocates that much and passes an arena over it. */
#ifndef LMR_CORE_ARENA_H
#define LMR_CORE_ARENA_H

#include "core/base/status.h"

typedef struct {
  unsigned char *base;
  size_t size, used;
} lmr_arena;

/* Bytes that `count` elements of `width` bytes take in an arena (each view is
 * rounded up to 64 bytes); SIZE_MAX when the product overflows. */
size_t lmr_bytes(size_t count, size_t width);

/* Bytes of `views` views of `count` doubles each. */
size_t lmr_double_bytes(size_t views, size_t count);

/* a + b, SIZE_MAX on overflow. */
size_t lmr_add_bytes(size_t a, size_t b);

lmr_arena lmr_arena_over(void *block, size_t size);

/* The next view, or NULL when the block is too small. Contents undefined. */
void *lmr_arena_take(lmr_arena *arena, size_t count, size_t width);

#define LMR_TAKE(pointer, arena, count, err)                               \
  do {                                                                     \
    (pointer) = lmr_arena_take((arena), (count), sizeof *(pointer));       \
    if (!(pointer))                                                        \
      return lmr_fail((err), LMR_ENOMEM, "work block too small in %s (%s)", \
                      __func__, #pointer);                                 \
  } while (0)

#endif
