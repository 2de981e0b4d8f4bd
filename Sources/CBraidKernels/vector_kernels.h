/// The vector kernels, written once for vectors of sixteen f32 lanes. Internal; included by one file per level, which
/// defines first:
///   BRAID_TABLE        name of the level's table
///   BRAID_LEVEL        its BRAID_LEVEL_...
///   BRAID_TARGET       the target features of its functions, as a string; not defined where the base has them
///   BRAID_INT8_DOT     1 to use the processor's dot product of bytes, or 0
///   BRAID_BF16_DOT     1 to use that of bf16, or 0
///   BRAID_TILE_ROWS    rows of activations of a register tile, 1...8
///   BRAID_TILE_GROUPS  groups of weights that a wide tile, for many rows, holds: 1 or 2
///   BRAID_WIDE_TILE_ROWS  rows of a wide tile, at most BRAID_TILE_ROWS
///   BRAID_FLOAT_TILE_ROWS  rows of a tile of f32 weights, which has two sums for each; at most, and if not defined,
///                      BRAID_TILE_ROWS
///   BRAID_WIDENED_TILE_ROWS  the same for bf16 weights, which take registers while they are widened
///   BRAID_APART_ROWS   from so many rows on, a tile of bf16 weights takes even columns before odd ones; if not defined,
///                      none does
///   BRAID_STREAM_ROWS  from so many rows on weights are fetched before they are read, see weight_stream.h; if not
///                      defined, never
///   BRAID_QUERY_TILE   queries that meet a page together, see vector_attention.h; a power of two, 1...8
///   BRAID_VALUE_LANES  lane vectors of a value row that they meet at a time
///
/// A lane vector is one AVX-512 register, two AVX registers or four of NEON; the compiler splits it. Additions happen
/// in the same order everywhere and products are fused, so every level computes the same bits. Nothing here may call a
/// function without `BRAID_INLINE` that takes or returns vectors: calling conventions differ between levels.

#include "levels.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Fused multiply-add happens exactly where it is written.
#pragma STDC FP_CONTRACT OFF

// Every function that passes vectors is inlined, so no calling convention is involved.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#ifdef BRAID_TARGET
#pragma clang attribute push(__attribute__((target(BRAID_TARGET))), apply_to = function)
#endif

#define BRAID_INLINE static inline __attribute__((always_inline))
#define BRAID_UNROLL _Pragma("clang loop unroll(full)")

typedef float lanes __attribute__((ext_vector_type(16)));
typedef float lanes8 __attribute__((ext_vector_type(8)));
typedef float lanes4 __attribute__((ext_vector_type(4)));
typedef int32_t mask __attribute__((ext_vector_type(16)));
typedef uint32_t words __attribute__((ext_vector_type(16)));

BRAID_INLINE lanes load(const float *x) {
    lanes v;
    memcpy(&v, x, sizeof v);
    return v;
}

BRAID_INLINE void store(float *x, lanes v) { memcpy(x, &v, sizeof v); }

BRAID_INLINE lanes load_part(const float *x, size_t count) {
    lanes v = 0;
    memcpy(&v, x, count * sizeof(float));
    return v;
}

BRAID_INLINE void store_part(float *x, lanes v, size_t count) { memcpy(x, &v, count * sizeof(float)); }

/// a b + c, rounded once.
BRAID_INLINE lanes fused(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }

BRAID_INLINE lanes larger(lanes a, lanes b) { return a > b ? a : b; }

/// The first steps of a sum: lane i + lane i + 8, then + 4.
BRAID_INLINE lanes4 folded(lanes v) {
    lanes8 eight = v.lo + v.hi;
    return eight.lo + eight.hi;
}

/// The sum of all lanes, in the one order of this file.
BRAID_INLINE float total(lanes v) {
    lanes4 four = folded(v);
    return (four.x + four.z) + (four.y + four.w);
}

/// Four totals at once, in the same order each.
BRAID_INLINE lanes4 totals(lanes a, lanes b, lanes c, lanes d) {
    lanes4 fa = folded(a), fb = folded(b), fc = folded(c), fd = folded(d);
    lanes4 ab = __builtin_shufflevector(fa, fb, 0, 1, 4, 5) + __builtin_shufflevector(fa, fb, 2, 3, 6, 7);
    lanes4 cd = __builtin_shufflevector(fc, fd, 0, 1, 4, 5) + __builtin_shufflevector(fc, fd, 2, 3, 6, 7);
    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

BRAID_INLINE float largest(lanes v) {
    lanes8 eight = v.lo > v.hi ? v.lo : v.hi;
    lanes4 four = eight.lo > eight.hi ? eight.lo : eight.hi;
    float even = four.x > four.z ? four.x : four.z, odd = four.y > four.w ? four.y : four.w;
    return even > odd ? even : odd;
}

/// exp(x) to 2 units in the last place; 0 below -87.3, exp(88.3) above, not a number where x is none.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) by Cephes' polynomial of degree 6 (S. Moshier, expf.c), 2^n by its
/// exponent bits. ln 2 is split in two so that r is exact.
BRAID_INLINE lanes exponential(lanes x) {
    lanes clamped = x < 88.3f ? x : (lanes)88.3f;
    clamped = clamped > -87.3f ? clamped : (lanes)-87.3f;
    const lanes magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    lanes shifted = fused(clamped, (lanes)1.44269504088896341f, magic);
    lanes n = shifted - magic;
    lanes r = fused(n, (lanes)-0.693359375f, clamped);
    r = fused(n, (lanes)2.12194440e-4f, r);
    lanes p = 1.9875691500e-4f;
    p = fused(p, r, (lanes)1.3981999507e-3f);
    p = fused(p, r, (lanes)8.3334519073e-3f);
    p = fused(p, r, (lanes)4.1665795894e-2f);
    p = fused(p, r, (lanes)1.6666665459e-1f);
    p = fused(p, r, (lanes)5.0000001201e-1f);
    p = fused(p, r * r, r) + 1.0f;
    // A cast between vectors of one size keeps the bits.
    words bits = (words)p + ((words)shifted << 23);
    lanes result = (lanes)bits;
    result = x < -87.3f ? (lanes)0 : result;
    return x == x ? result : x;
}

#include "activation_packing.h"
#include "group_matmul.h"

static void rms_norm(float *y, const float *x, const float *weight, size_t rows, size_t columns, float epsilon) {
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
        lanes squares = 0;
        size_t i = 0;
        for (; i + 16 <= columns; i += 16) {
            lanes v = load(x + i);
            squares = fused(v, v, squares);
        }
        if (i < columns) {
            lanes v = load_part(x + i, columns - i);
            squares = fused(v, v, squares);
        }
        float factor = 1 / __builtin_sqrtf(total(squares) / (float)columns + epsilon);
        for (i = 0; i + 16 <= columns; i += 16) store(y + i, load(x + i) * factor * load(weight + i));
        for (; i < columns; i++) y[i] = x[i] * factor * weight[i];
    }
}

static void rotate(float *x, const float *cosine, const float *sine, size_t heads, size_t head_dimension) {
    size_t half = head_dimension / 2;
    for (size_t h = 0; h < heads; h++, x += head_dimension) {
        for (size_t i = 0; i < half; i += 16) {
            size_t count = half - i < 16 ? half - i : 16;
            lanes c = load_part(cosine + i, count), s = load_part(sine + i, count);
            lanes a = load_part(x + i, count), b = load_part(x + half + i, count);
            store_part(x + i, fused(a, c, -(b * s)), count);
            store_part(x + half + i, fused(b, c, a * s), count);
        }
    }
}

static void swiglu(float *out, const float *gate, const float *up, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        lanes g = load(gate + i);
        store(out + i, g / (1.0f + exponential(-g)) * load(up + i));
    }
    if (i < count) {
        lanes g = load_part(gate + i, count - i);
        store_part(out + i, g / (1.0f + exponential(-g)) * load_part(up + i, count - i), count - i);
    }
}

static size_t argmax(const float *x, size_t count) {
    lanes best = (lanes)-INFINITY;
    size_t i = 0;
    // `larger` keeps its second argument when the first is not a number.
    for (; i + 16 <= count; i += 16) best = larger(load(x + i), best);
    float maximum = largest(best);
    for (; i < count; i++) maximum = x[i] > maximum ? x[i] : maximum;
    i = 0;
    for (; i + 16 <= count; i += 16) {
        mask equal = load(x + i) == maximum;
        if (__builtin_reduce_or(equal)) break;
    }
    for (; i < count; i++) {
        if (x[i] == maximum) return i;
    }
    return 0;
}

static float exponentiate(float *out, const float *x, size_t count, float shift, float scale) {
    lanes sums = 0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        lanes e = exponential((load(x + i) - shift) * scale);
        store(out + i, e);
        sums += e;
    }
    if (i < count) {
        lanes rest = (lanes)-INFINITY;
        memcpy(&rest, x + i, (count - i) * sizeof(float));
        lanes e = exponential((rest - shift) * scale);
        store_part(out + i, e, count - i);
        sums += e;
    }
    return total(sums);
}

static float log_sum_exp(const float *x, size_t count, float maximum) {
    lanes sums = 0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) sums += exponential(load(x + i) - maximum);
    if (i < count) {
        lanes rest = (lanes)-INFINITY;
        memcpy(&rest, x + i, (count - i) * sizeof(float));
        sums += exponential(rest - maximum);
    }
    return maximum + logf(total(sums));
}

#include "vector_attention.h"

#ifdef BRAID_TARGET
#pragma clang attribute pop
#endif
#pragma clang diagnostic pop

const braid_kernels BRAID_TABLE = {BRAID_LEVEL, braid_widen,     pack,   matmul, rms_norm,     rotate,
                                   store_slot,  attention, swiglu, argmax, exponentiate, log_sum_exp,
                                   BRAID_INT8_DOT * BRAID_FEATURE_INT8_DOT + BRAID_BF16_DOT * BRAID_FEATURE_BF16_DOT};
