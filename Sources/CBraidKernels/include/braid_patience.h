/// When a caller stops waiting for its workers: decisions without a clock of their own, so that they can be tested.
#ifndef BRAID_PATIENCE_H
#define BRAID_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/// What a caller knows of its workers.
///
/// One that has slept for longer than a millisecond, and for a quarter of the time since it called them, goes on alone for
/// as long as it has slept: they have to share their processors, and there may be a hundred regions to come that would each
/// wait for them. Then it calls them again, for what held them up may have been short, and a step may be long.
///
/// Times are in nanoseconds, of one clock.
typedef struct {
    /// Whether regions are shared with the workers.
    bool together;
    /// When the workers were called.
    uint64_t since;
    /// For how long the caller has slept since then.
    uint64_t slept;
    /// When the workers are called again; 0 when nobody waits for that.
    uint64_t alone_until;
} braid_patience;

/// The workers are called at `now`.
static inline void braid_patience_begin(braid_patience *_Nonnull patience, uint64_t now) {
    patience->together = true;
    patience->since = now;
    patience->slept = 0;
    patience->alone_until = 0;
}

/// The caller works alone until `braid_patience_begin`.
static inline void braid_patience_end(braid_patience *_Nonnull patience) {
    patience->together = false;
    patience->alone_until = 0;
}

/// A region begins at `now`: whoever went on alone calls its workers again if it is time.
static inline void braid_patience_look(braid_patience *_Nonnull patience, uint64_t now) {
    if (patience->alone_until != 0 && now >= patience->alone_until) braid_patience_begin(patience, now);
}

/// The caller slept from `start` to `now`, waiting for workers.
static inline void braid_patience_wait(braid_patience *_Nonnull patience, uint64_t start, uint64_t now) {
    patience->slept += now - start;
    if (patience->slept > 1000000 && 4 * patience->slept > now - patience->since) {
        patience->together = false;
        patience->alone_until = now + patience->slept;
    }
}

#endif
