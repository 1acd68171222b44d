#include "core/base/arena.h"

#define LMR_ALIGN 64

/* Views lie side by side in one block, so AddressSanitizer cannot see a step
 * from one into the next by itself: its build puts a forbidden gap after each. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LMR_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(LMR_ASAN)
#include <sanitizer/asan_interface.h>
enum { GAP = LMR_ALIGN };
static void fence(unsigned char *view, size_t inside, size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(view, inside);
  ASAN_POISON_MEMORY_REGION(view + inside, bytes - inside);
}
#else
enum { GAP = 0 };
static void fence(unsigned char *view, size_t inside, size_t bytes) {
  (void)view, (void)inside, (void)bytes;
}
#endif

size_t lmr_bytes(size_t count, size_t width) {
  if (width && count > (SIZE_MAX - LMR_ALIGN - GAP) / width) return SIZE_MAX;
  return (count * width + LMR_ALIGN - 1) / LMR_ALIGN * LMR_ALIGN + GAP;
}

size_t lmr_double_bytes(size_t views, size_t count) {
  const size_t one = lmr_bytes(count, sizeof(double));
  return views && one > SIZE_MAX / views ? SIZE_MAX : views * one;
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
  unsigned char *view = arena->base + arena->used;
  fence(view, count * width, bytes);
  arena->used += bytes;
  return view;
}
