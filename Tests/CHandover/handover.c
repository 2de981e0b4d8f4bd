/// What the thread sanitizer is not told by Swift's runtime on Linux: that a value was handed over from one thread to
/// another. Nothing in any other build.
///
/// The sanitizer knows what it sees, which is the code that was built with it, and what it is told. The runtime tells
/// it when a task goes on after it was suspended; a `Mutex` that nobody holds is taken by code built into its user.
/// It knows nothing of
///
/// - a `Mutex` that somebody waits for: the kernel hands it over;
/// - a continuation that is resumed before its task waits: the task just goes on.
///
/// An executable's own definitions stand before the runtime's, so those here are called in their place, and call them.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__linux__)

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)

void __tsan_acquire(void *address);
void __tsan_release(void *address);

// `Synchronization._MutexHandle`: what a thread calls when somebody else has the mutex, or waits for it.

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

SWIFT void lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT bool try_lock(SELF void *mutex) __asm__(TRY_LOCK);
SWIFT void unlock(SELF void *mutex) __asm__(UNLOCK);

static SWIFT void (*runtime_lock)(uint32_t thread, SELF void *mutex);
static SWIFT bool (*runtime_try_lock)(SELF void *mutex);
static SWIFT void (*runtime_unlock)(SELF void *mutex);

SWIFT void lock(uint32_t thread, SELF void *mutex) {
    runtime_lock(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT bool try_lock(SELF void *mutex) {
    bool is_locked = runtime_try_lock(mutex);
    if (is_locked) __tsan_acquire(mutex);
    return is_locked;
}

SWIFT void unlock(SELF void *mutex) {
    __tsan_release(mutex);
    runtime_unlock(mutex);
}

// Whoever resumes a continuation releases its task; a task that was suspended acquires itself before it goes on.

#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define CONTEXT __attribute__((swift_async_context))

/// How every asynchronous function's frame begins.
struct frame {
    struct frame *caller;
    SWIFT_ASYNC void (*go_on)(CONTEXT struct frame *frame);
};

SWIFT void *swift_task_getCurrent(void);
SWIFT_ASYNC void swift_continuation_await(struct frame *frame);

static SWIFT_ASYNC void (*runtime_await)(struct frame *frame);
static _Thread_local SWIFT_ASYNC void (*go_on)(CONTEXT struct frame *frame);

static SWIFT_ASYNC void acquire_and_go_on(CONTEXT struct frame *frame) {
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return go_on(frame);
}

/// A task that has to wait goes on where the runtime remembers; one that has not, at once and on this thread, where its
/// frame says.
SWIFT_ASYNC void swift_continuation_await(struct frame *frame) {
    go_on = frame->go_on;
    frame->go_on = acquire_and_go_on;
    __attribute__((musttail)) return runtime_await(frame);
}

__attribute__((constructor)) static void find_runtime(void) {
    runtime_lock = dlsym(RTLD_NEXT, LOCK);
    runtime_try_lock = dlsym(RTLD_NEXT, TRY_LOCK);
    runtime_unlock = dlsym(RTLD_NEXT, UNLOCK);
    runtime_await = dlsym(RTLD_NEXT, "swift_continuation_await");
}

#pragma clang attribute pop

#endif
#endif
