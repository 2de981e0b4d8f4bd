/// A pool of worker threads for short parallel regions.

#include "braid_kernels.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

// One word says everything about the region in progress, so that claiming a piece is one compare-and-swap that cannot
// mix two regions:   generation (24 bits) | pieces (20 bits) | next piece (20 bits)
#define FIELD 20
#define FIELD_MASK ((1u << FIELD) - 1)

struct braid_pool {
    _Alignas(64) _Atomic uint64_t region;
    _Alignas(64) _Atomic uint32_t done;
    // Written before `region` is published, read after a piece of it was claimed.
    braid_pool_work work;
    void *context;
    _Alignas(64) _Atomic bool awake;
    _Atomic bool ending;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
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

/// Does one piece, if one is left.
static bool help(struct braid_pool *pool) {
    uint64_t region = atomic_load_explicit(&pool->region, memory_order_acquire);
    for (;;) {
        uint64_t next = region & FIELD_MASK, pieces = region >> FIELD & FIELD_MASK;
        if (next >= pieces) return false;
        if (atomic_compare_exchange_weak_explicit(&pool->region, &region, region + 1, memory_order_acquire,
                                                  memory_order_acquire)) {
            // The region cannot end before this piece is done, so `work` and `context` are still its own.
            pool->work(pool->context, next);
            atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
            return true;
        }
    }
}

static void *worker(void *argument) {
    struct braid_pool *pool = argument;
    unsigned idle = 0;
    for (;;) {
        if (!atomic_load_explicit(&pool->awake, memory_order_acquire)) {
            pthread_mutex_lock(&pool->mutex);
            while (!atomic_load(&pool->awake) && !atomic_load(&pool->ending)) {
                pthread_cond_wait(&pool->condition, &pool->mutex);
            }
            pthread_mutex_unlock(&pool->mutex);
            if (atomic_load(&pool->ending)) return NULL;
            idle = 0;
        }
        if (help(pool)) {
            idle = 0;
        } else if (++idle < 4096) {
            relax();
        } else {
            // Somebody else may need this processor.
            sched_yield();
            idle = 0;
        }
    }
}

braid_pool *braid_pool_create(size_t threads) {
    if (threads > 64) threads = 64;
    struct braid_pool *pool = aligned_alloc(64, sizeof(struct braid_pool));
    if (!pool) return NULL;
    atomic_init(&pool->region, 0);
    atomic_init(&pool->done, 0);
    atomic_init(&pool->awake, false);
    atomic_init(&pool->ending, false);
    pool->work = NULL;
    pool->context = NULL;
    pool->worker_count = 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->condition, NULL);
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
    atomic_store(&pool->ending, true);
    atomic_store(&pool->awake, false);
    pthread_cond_broadcast(&pool->condition);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->condition);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

size_t braid_pool_threads(const braid_pool *pool) { return pool->worker_count + 1; }

void braid_pool_wake(braid_pool *pool) {
    if (pool->worker_count == 0) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store_explicit(&pool->awake, true, memory_order_release);
    pthread_cond_broadcast(&pool->condition);
    pthread_mutex_unlock(&pool->mutex);
}

void braid_pool_rest(braid_pool *pool) { atomic_store_explicit(&pool->awake, false, memory_order_release); }

void braid_pool_run(braid_pool *pool, size_t pieces, braid_pool_work work, void *context) {
    if (pieces <= 1 || pieces > FIELD_MASK || !atomic_load_explicit(&pool->awake, memory_order_relaxed)) {
        for (size_t piece = 0; piece < pieces; piece++) work(context, piece);
        return;
    }
    // Nobody can claim anything here: the last region's pieces were all claimed and done.
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    pool->work = work;
    pool->context = context;
    uint64_t generation = (atomic_load_explicit(&pool->region, memory_order_relaxed) >> 2 * FIELD) + 1;
    atomic_store_explicit(&pool->region, generation << 2 * FIELD | (uint64_t)pieces << FIELD, memory_order_release);
    while (help(pool)) {}
    for (unsigned spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < pieces;) {
        if (++spins < 4096) {
            relax();
        } else {
            // A worker was put aside in the middle of a piece.
            sched_yield();
        }
    }
}
