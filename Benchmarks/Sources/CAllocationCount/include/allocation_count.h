#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdint.h>

/// Calls of malloc, calloc, realloc and their aligned kin by any thread of this process so far; -1 where they cannot be
/// counted, which is everywhere but with the GNU C library, and under a sanitizer.
int64_t allocation_count(void);

/// The same, by the calling thread alone.
int64_t allocation_count_of_thread(void);

#endif
