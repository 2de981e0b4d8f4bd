/// Chooses kernels by what the processor says it has.

#include "levels.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#if defined(__x86_64__)

static const braid_kernels *const tables[] = {&braid_avx512_bf16, &braid_avx512_vnni, &braid_avx512, &braid_avx2,
                                              &braid_scalar};

static bool has(const braid_kernels *table) {
    // Also asks whether the operating system saves the wide registers.
    __builtin_cpu_init();
    if (table->features & BRAID_FEATURE_INT8_DOT && !__builtin_cpu_supports("avx512vnni")) return false;
    if (table->features & BRAID_FEATURE_BF16_DOT && !__builtin_cpu_supports("avx512bf16")) return false;
    switch (table->level) {
    case BRAID_LEVEL_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case BRAID_LEVEL_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    default: return true;
    }
}

#elif defined(__aarch64__)

static const braid_kernels *const tables[] = {&braid_neon_dotprod, &braid_neon, &braid_scalar};

// Advanced SIMD is part of the architecture's base.
static bool has(const braid_kernels *table) {
    if (!(table->features & BRAID_FEATURE_INT8_DOT)) return true;
#if defined(__linux__)
    return getauxval(AT_HWCAP) >> 20 & 1;  // HWCAP_ASIMDDP
#elif defined(__APPLE__)
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, NULL, 0) == 0 && value != 0;
#else
    return false;
#endif
}

#else

static const braid_kernels *const tables[] = {&braid_scalar};

static bool has(const braid_kernels *table) {
    (void)table;
    return true;
}

#endif

int32_t braid_best_level(void) {
    for (int32_t level = BRAID_LEVEL_COUNT - 1; level > BRAID_LEVEL_SCALAR; level--) {
        if (braid_kernels_for(level)) return level;
    }
    return BRAID_LEVEL_SCALAR;
}

const braid_kernels *braid_kernels_limited_to(int32_t level, int32_t features) {
    // Those of a level that use most come first.
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const braid_kernels *table = tables[i];
        if (table->level == level && (table->features & ~features) == 0 && has(table)) return table;
    }
    return NULL;
}

const braid_kernels *braid_kernels_for(int32_t level) { return braid_kernels_limited_to(level, BRAID_FEATURE_ALL); }

const char *braid_level_name(int32_t level) {
    static const char *const names[BRAID_LEVEL_COUNT] = {"scalar", "avx2", "avx512", "neon"};
    return level < 0 || level >= BRAID_LEVEL_COUNT ? "unknown" : names[level];
}
