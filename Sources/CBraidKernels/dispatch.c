/// Chooses kernels by what the processor says it has.

#include "levels.h"

#if defined(__x86_64__)

static bool has(int32_t level) {
    // Also asks whether the operating system saves the wide registers.
    __builtin_cpu_init();
    switch (level) {
    case BRAID_LEVEL_SCALAR: return true;
    case BRAID_LEVEL_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case BRAID_LEVEL_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    default: return false;
    }
}

static const braid_kernels *const tables[BRAID_LEVEL_COUNT] = {&braid_scalar, &braid_avx2, &braid_avx512, NULL};

#elif defined(__aarch64__)

// Advanced SIMD is part of the architecture's base.
static bool has(int32_t level) { return level == BRAID_LEVEL_SCALAR || level == BRAID_LEVEL_NEON; }

static const braid_kernels *const tables[BRAID_LEVEL_COUNT] = {&braid_scalar, NULL, NULL, &braid_neon};

#else

static bool has(int32_t level) { return level == BRAID_LEVEL_SCALAR; }

static const braid_kernels *const tables[BRAID_LEVEL_COUNT] = {&braid_scalar, NULL, NULL, NULL};

#endif

int32_t braid_best_level(void) {
    for (int32_t level = BRAID_LEVEL_COUNT - 1; level > BRAID_LEVEL_SCALAR; level--) {
        if (braid_kernels_for(level)) return level;
    }
    return BRAID_LEVEL_SCALAR;
}

const braid_kernels *braid_kernels_for(int32_t level) {
    if (level < 0 || level >= BRAID_LEVEL_COUNT || !has(level)) return NULL;
    return tables[level];
}

const char *braid_level_name(int32_t level) {
    static const char *const names[BRAID_LEVEL_COUNT] = {"scalar", "avx2", "avx512", "neon"};
    return level < 0 || level >= BRAID_LEVEL_COUNT ? "unknown" : names[level];
}
