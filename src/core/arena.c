#include "core/arena.h"

#define LMR_ALIGN 64

size_t lmr_bytes(size_t count, size_t width) {
  if (width && count > (SIZE_MAX - LMR_ALIGN) / width) return SIZE_MAX;
  return (count * width + LMR_ALIGN - 1) / LMR_ALIGN * LMR_ALIGN;
}

size_t lmr_add_bytes(size_t a, size_t b) {
  return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

lmr_arena lmr_arena_over(void *block, size_t size) {
  lmr_arena arena = {block, size, 0};
  /* The block may not be aligned: the first view starts at the next boundary
   * and the caller's slack of 64 bytes (see glue) pays for it. */
  size_t off = (size_t)((uintptr_t)block % LMR_ALIGN);
  if (off) {
    off = LMR_ALIGN - off;
    arena.base += off;
    arena.size = size > off ? size - off : 0;
  }
  return arena;
}

void *lmr_arena_take(lmr_arena *arena, size_t count, size_t width) {
  size_t bytes = lmr_bytes(count, width);
  if (bytes == SIZE_MAX || bytes > arena->size - arena->used) return NULL;
  void *view = arena->base + arena->used;
  arena->used += bytes;
  return view;
}
