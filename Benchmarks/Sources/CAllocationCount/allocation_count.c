#include "allocation_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
/* They bring a malloc of their own. */
#define HAS_SANITIZER
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Atomic int64_t allocations;
static _Thread_local int64_t allocations_of_thread;

static void count(void) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  allocations_of_thread++;
}

/* An executable's own definitions stand before the C library's. */
void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  count();
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

int64_t allocation_count(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

int64_t allocation_count_of_thread(void) { return allocations_of_thread; }

#else

int64_t allocation_count(void) { return -1; }

int64_t allocation_count_of_thread(void) { return -1; }

#endif
