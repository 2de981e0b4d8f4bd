/// A pool of worker threads for short parallel regions.

#include "braid_kernels.h"
#include "braid_patience.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

// One word says everything about the region in progress, so that claiming a piece is one compare-and-swap that cannot
// mix two regions:   generation (24 bits) | pieces (20 bits) | next piece (20 bits)
#define FIELD 20
#define FIELD_MASK ((1u << FIELD) - 1)

// Looks before a thread sleeps, about 0.1 ms: longer than from one region to the next, and from one step to the next,
// shorter than what another process loses that waits for this processor.
#define SPINS 4096

struct braid_pool {
    _Alignas(64) _Atomic uint64_t region;
    _Alignas(64) _Atomic uint32_t done;
    // Written before `region` is published, read after a piece of it was claimed.
    braid_pool_work work;
    void *context;
    // Of the caller alone.
    braid_patience patience;
    _Alignas(64) _Atomic uint32_t sleepers;
    _Atomic bool caller_sleeps;
    // The rest is guarded by the mutex, and slow: somebody sleeps, or is about to.
    pthread_mutex_t mutex;
    pthread_cond_t work_is_there;
    pthread_cond_t work_is_done;
    uint64_t calls;
    bool ending;
    size_t worker_count;
    pthread_t workers[63];
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline bool has_pieces(uint64_t region) { return (region & FIELD_MASK) < (region >> FIELD & FIELD_MASK); }

/// Does one piece, if one is left.
static bool help(struct braid_pool *pool) {
    uint64_t region = atomic_load_explicit(&pool->region, memory_order_acquire);
    while (has_pieces(region)) {
        if (atomic_compare_exchange_weak_explicit(&pool->region, &region, region + 1, memory_order_acquire,
                                                  memory_order_acquire)) {
            // The region cannot end before this piece is done, so `work` and `context` are still its own.
            pool->work(pool->context, region & FIELD_MASK);
            // Either the caller sees this piece, or this thread sees that the caller sleeps.
            atomic_fetch_add(&pool->done, 1);
            if (atomic_load(&pool->caller_sleeps)) {
                pthread_mutex_lock(&pool->mutex);
                pthread_cond_signal(&pool->work_is_done);
                pthread_mutex_unlock(&pool->mutex);
            }
            return true;
        }
    }
    return false;
}

/// Sleeps until there is work or a call; false when the pool ends.
static bool sleep_until_called(struct braid_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    uint64_t calls = pool->calls;
    // Either this thread sees the caller's region, or the caller sees this sleeper.
    atomic_fetch_add(&pool->sleepers, 1);
    while (!pool->ending && pool->calls == calls && !has_pieces(atomic_load(&pool->region))) {
        pthread_cond_wait(&pool->work_is_there, &pool->mutex);
    }
    atomic_fetch_sub(&pool->sleepers, 1);
    bool goes_on = !pool->ending;
    pthread_mutex_unlock(&pool->mutex);
    return goes_on;
}

static void *worker(void *argument) {
    struct braid_pool *pool = argument;
    for (unsigned spins = 0;;) {
        if (help(pool)) {
            spins = 0;
        } else if (++spins < SPINS) {
            relax();
        } else {
            if (!sleep_until_called(pool)) return NULL;
            spins = 0;
        }
    }
}

/// Wakes the workers that sleep.
static void call(struct braid_pool *pool) {
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pool->calls++;
    pthread_cond_broadcast(&pool->work_is_there);
    pthread_mutex_unlock(&pool->mutex);
}

braid_pool *braid_pool_create(size_t threads) {
    if (threads > 64) threads = 64;
    struct braid_pool *pool = aligned_alloc(64, sizeof(struct braid_pool));
    if (!pool) return NULL;
    atomic_init(&pool->region, 0);
    atomic_init(&pool->done, 0);
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->caller_sleeps, false);
    pool->work = NULL;
    pool->context = NULL;
    braid_patience_end(&pool->patience);
    pool->calls = 0;
    pool->ending = false;
    pool->worker_count = 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work_is_there, NULL);
    pthread_cond_init(&pool->work_is_done, NULL);
    while (pool->worker_count + 1 < threads) {
        if (pthread_create(&pool->workers[pool->worker_count], NULL, worker, pool) != 0) {
            braid_pool_destroy(pool);
            return NULL;
        }
        pool->worker_count++;
    }
    return pool;
}

void braid_pool_destroy(braid_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work_is_there);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->work_is_done);
    pthread_cond_destroy(&pool->work_is_there);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

size_t braid_pool_threads(const braid_pool *pool) { return pool->worker_count + 1; }

void braid_pool_wake(braid_pool *pool) {
    if (pool->worker_count == 0) return;
    braid_patience_begin(&pool->patience, nanoseconds());
    call(pool);
}

void braid_pool_rest(braid_pool *pool) { braid_patience_end(&pool->patience); }

void braid_pool_run(braid_pool *pool, size_t pieces, braid_pool_work work, void *context) {
    if (pool->patience.alone_until != 0) braid_patience_look(&pool->patience, nanoseconds());
    if (pieces <= 1 || pieces > FIELD_MASK || !pool->patience.together) {
        for (size_t piece = 0; piece < pieces; piece++) work(context, piece);
        return;
    }
    // Nobody can claim anything here: the last region's pieces were all claimed and done.
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    pool->work = work;
    pool->context = context;
    uint64_t generation = (atomic_load_explicit(&pool->region, memory_order_relaxed) >> 2 * FIELD) + 1;
    atomic_store(&pool->region, generation << 2 * FIELD | (uint64_t)pieces << FIELD);
    call(pool);
    while (help(pool)) {}
    for (unsigned spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < pieces;) {
        if (++spins < SPINS) {
            relax();
            continue;
        }
        // A worker was put aside in the middle of a piece: whatever runs in its place may have this processor too.
        uint64_t start = nanoseconds();
        pthread_mutex_lock(&pool->mutex);
        atomic_store(&pool->caller_sleeps, true);
        while (atomic_load(&pool->done) < pieces) pthread_cond_wait(&pool->work_is_done, &pool->mutex);
        atomic_store(&pool->caller_sleeps, false);
        pthread_mutex_unlock(&pool->mutex);
        braid_patience_wait(&pool->patience, start, nanoseconds());
    }
}
