/// Matrix products with arranged weights. Internal; included by vector_kernels.h.
///
/// A lane is an output: one vector of weights holds the same column, or the same few columns, of sixteen outputs, and
/// meets one number, or the same few, of each row of activations. So weights are read from memory in one straight
/// line, which is what the processor foresees best, and no sum across lanes is needed.
///
/// f32 and bf16: even columns are summed apart from odd ones, each in ascending order, and then added. Rounded bf16:
/// pairs of columns likewise. Blocks: a block's products are summed in integers, exactly, and the blocks in ascending
/// order in f32.

#include "group_layout.h"

#ifndef BRAID_FLOAT_TILE_ROWS
#define BRAID_FLOAT_TILE_ROWS BRAID_TILE_ROWS
#endif
#ifndef BRAID_WIDENED_TILE_ROWS
#define BRAID_WIDENED_TILE_ROWS BRAID_TILE_ROWS
#endif
#ifndef BRAID_APART_ROWS
#define BRAID_APART_ROWS (BRAID_TILE_ROWS + 1)
#endif

typedef int32_t mask8 __attribute__((ext_vector_type(8)));
typedef int32_t mask4 __attribute__((ext_vector_type(4)));
typedef uint16_t shorts16 __attribute__((ext_vector_type(16)));
typedef int8_t bytes16 __attribute__((ext_vector_type(16)));
typedef int8_t bytes64 __attribute__((ext_vector_type(64)));
typedef _Float16 halves __attribute__((ext_vector_type(16)));

#if BRAID_INT8_DOT && defined(__x86_64__)

/// The instruction takes weights without sign: as they are stored.
#define BRAID_STORED_WEIGHTS true

/// sums + the four products of each lane.
BRAID_INLINE mask dot(mask sums, mask weights, mask x) {
    return (mask)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)weights, (__m512i)x);
}

#elif defined(__aarch64__)

#define BRAID_STORED_WEIGHTS false

BRAID_INLINE int32x4_t dot4(int32x4_t sums, int8x16_t weights, int8x16_t x) {
#if BRAID_INT8_DOT
    return vdotq_s32(sums, weights, x);
#else
    // Two products of bytes fit 16 bits, since an activation is -127 at the least.
    int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(x)), high = vmull_high_s8(weights, x);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
#endif
}

BRAID_INLINE mask dot(mask sums, mask weights, mask x) {
    mask result;
    result.lo.lo = (mask4)dot4((int32x4_t)sums.lo.lo, (int8x16_t)weights.lo.lo, (int8x16_t)x.lo.lo);
    result.lo.hi = (mask4)dot4((int32x4_t)sums.lo.hi, (int8x16_t)weights.lo.hi, (int8x16_t)x.lo.hi);
    result.hi.lo = (mask4)dot4((int32x4_t)sums.hi.lo, (int8x16_t)weights.hi.lo, (int8x16_t)x.hi.lo);
    result.hi.hi = (mask4)dot4((int32x4_t)sums.hi.hi, (int8x16_t)weights.hi.hi, (int8x16_t)x.hi.hi);
    return result;
}

#endif

/// sums + odd product, then + even product, of pairs of bf16; the products are exact. Subnormal numbers may count as
/// zeros, as the instruction does it.
BRAID_INLINE lanes dot_pairs(lanes sums, words weights, words x) {
#if BRAID_BF16_DOT
    return (lanes)_mm512_dpbf16_ps((__m512)sums, (__m512bh)x, (__m512bh)weights);
#else
    sums = fused((lanes)(x & 0xffff0000u), (lanes)(weights & 0xffff0000u), sums);
    return fused((lanes)(x << 16), (lanes)(weights << 16), sums);
#endif
}

BRAID_INLINE float number(const uint8_t *x) {
    float value;
    memcpy(&value, x, sizeof value);
    return value;
}

BRAID_INLINE uint32_t word(const uint8_t *x) {
    uint32_t value;
    memcpy(&value, x, sizeof value);
    return value;
}

BRAID_INLINE words vector(const uint8_t *w) {
    words value;
    memcpy(&value, w, sizeof value);
    return value;
}

/// Sums of a tile: of each row and group, even and odd columns, or pairs of them, apart.
typedef lanes tile_sums[BRAID_TILE_ROWS][BRAID_TILE_GROUPS][2];

/// What groups of f32 or bf16 weights, `group_bytes` apart, add to the sums of every row.
BRAID_INLINE void add_columns(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t group_bytes,
                              size_t steps, const size_t row_count, const size_t group_count, const int32_t type) {
    for (size_t step = 0; step < steps; step++) {
        BRAID_UNROLL for (size_t k = 0; k < 2 * BRAID_STEP_VECTORS; k++) {
            words weights[BRAID_TILE_GROUPS];
            BRAID_UNROLL for (size_t g = 0; g < group_count; g++) weights[g] = vector(w + g * group_bytes + k * 64);
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                const uint8_t *at = x + r * x_stride;
                BRAID_UNROLL for (size_t g = 0; g < group_count; g++) {
                    lanes *sum = sums[r][g];
                    if (type == BRAID_WEIGHT_F32) {
                        sum[k % 2] = fused((lanes)number(at + 4 * k), (lanes)weights[g], sum[k % 2]);
                    } else if (type == BRAID_WEIGHT_BF16) {
                        sum[0] = fused((lanes)number(at + 8 * k), (lanes)(weights[g] << 16), sum[0]);
                        sum[1] = fused((lanes)number(at + 8 * k + 4), (lanes)(weights[g] & 0xffff0000u), sum[1]);
                    } else {
                        sum[k % 2] = dot_pairs(sum[k % 2], weights[g], (words)word(at + 4 * k));
                    }
                }
            }
        }
        w += 2 * BRAID_STEP_VECTORS * 64;
        x += 2 * BRAID_STEP_VECTORS * (type == BRAID_WEIGHT_BF16 ? 8 : 4);
    }
}

/// The same for one group of bf16 weights, in stretches of columns that stay in the nearest cache: the even ones of a
/// stretch pass before its odd ones, so that half of the sums at a time find room in the registers.
BRAID_INLINE void add_columns_apart(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns,
                                    const size_t row_count) {
    enum { STRETCH = 4 * BRAID_BLOCK_COLUMNS };
    for (size_t first = 0; first < columns; first += STRETCH) {
        const size_t count = columns - first < STRETCH ? columns - first : STRETCH;
        BRAID_UNROLL for (size_t odd = 0; odd < 2; odd++) {
            lanes part[BRAID_TILE_ROWS];
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) part[r] = sums[r][0][odd];
            for (size_t i = 0; i < count; i += 2) {
                const words pair = vector(w + 32 * i), weights = odd ? pair & 0xffff0000u : pair << 16;
                BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                    part[r] = fused((lanes)number(x + r * x_stride + 4 * (i + odd)), (lanes)weights, part[r]);
                }
            }
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) sums[r][0][odd] = part[r];
        }
        w += 32 * count;
        x += 4 * count;
    }
}

#if defined(__x86_64__) && !BRAID_INT8_DOT

BRAID_INLINE __m256i vector8(const uint8_t *w) { return _mm256_loadu_si256((const __m256i *)w); }

/// Sums of the products of one block: sixteen outputs of each row in two registers.
///
/// The loops over columns stay loops: with sixteen registers, once they are unrolled, the compiler takes one row after
/// the other and keeps what it has made of the weights in memory.
BRAID_INLINE void block_dots(__m256i dots[][2], const uint8_t *x, size_t x_stride, const uint8_t *quants,
                             const size_t row_count, const int32_t type) {
    const __m256i ones = _mm256_set1_epi16(1), half = _mm256_set1_epi8(0x0f), top = _mm256_set1_epi8(-128);
    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) dots[r][0] = dots[r][1] = _mm256_setzero_si256();
    if (type == BRAID_WEIGHT_Q8) {
        // Two products fit 16 bits only if one factor has no sign and the other is not -128; so the weight's sign moves
        // over to the activation, which is -127 at the least.
        _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < 8; k++, quants += 64) {
            __m256i weights[2], magnitudes[2];
            BRAID_UNROLL for (size_t i = 0; i < 2; i++) {
                weights[i] = _mm256_xor_si256(vector8(quants + 32 * i), top);
                magnitudes[i] = _mm256_abs_epi8(weights[i]);
            }
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                const __m256i four = _mm256_set1_epi32((int32_t)word(x + r * x_stride + 4 * k));
                BRAID_UNROLL for (size_t i = 0; i < 2; i++) {
                    __m256i pairs = _mm256_maddubs_epi16(magnitudes[i], _mm256_sign_epi8(four, weights[i]));
                    dots[r][i] = _mm256_add_epi32(dots[r][i], _mm256_madd_epi16(pairs, ones));
                }
            }
        }
        return;
    }
    // Stored weights are 0...15, so sixteen products of a block fit 16 bits: 16 * 15 * 127 = 30480.
    _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < 4; k++, quants += 64) {
        BRAID_UNROLL for (size_t high = 0; high < 2; high++) {
            __m256i weights[2];
            BRAID_UNROLL for (size_t i = 0; i < 2; i++) {
                weights[i] = vector8(quants + 32 * i);
                if (high) weights[i] = _mm256_srli_epi16(weights[i], 4);
                weights[i] = _mm256_and_si256(weights[i], half);
            }
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                const __m256i four = _mm256_set1_epi32((int32_t)word(x + r * x_stride + 4 * (k + 4 * high)));
                BRAID_UNROLL for (size_t i = 0; i < 2; i++) {
                    dots[r][i] = _mm256_add_epi16(dots[r][i], _mm256_maddubs_epi16(weights[i], four));
                }
            }
        }
    }
    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
        const __m256i offset = _mm256_set1_epi32((int32_t)word(x + r * x_stride + offsetof(braid_block, offset)));
        BRAID_UNROLL for (size_t i = 0; i < 2; i++) {
            dots[r][i] = _mm256_add_epi32(offset, _mm256_madd_epi16(dots[r][i], ones));
        }
    }
}

/// What a group of blocks adds to the first sum of every row.
BRAID_INLINE void add_blocks(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *group,
                             size_t group_bytes, size_t blocks, const size_t row_count, const size_t group_count,
                             const int32_t type) {
    (void)group_bytes, (void)group_count;
    const size_t width = braid_quant_bytes(type);
    const uint8_t *quants = group + 64, *scales = group;
    for (size_t b = 0; b < blocks; b++, x += sizeof(braid_block)) {
        __m256i dots[BRAID_TILE_ROWS][2];
        block_dots(dots, x, x_stride, quants, row_count, type);
        halves stored;
        memcpy(&stored, scales, sizeof stored);
        const lanes scale = __builtin_convertvector(stored, lanes);
        BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
            mask all;
            all.lo = (mask8)dots[r][0], all.hi = (mask8)dots[r][1];
            const lanes factor = scale * number(x + r * x_stride + offsetof(braid_block, scale));
            sums[r][0][0] = fused(__builtin_convertvector(all, lanes), factor, sums[r][0][0]);
        }
        // To the second block of this pair, or to the next pair.
        const bool second = b % 2 != 0;
        quants += second ? width + 64 : width;
        scales += second ? 32 + 2 * width : 32;
    }
}

#else

/// Vector `k` of a block, four columns of sixteen outputs, as `dot` takes it.
BRAID_INLINE mask block_weights(const uint8_t *w, const size_t k, const int32_t type) {
    words v = vector(w + (type == BRAID_WEIGHT_Q8 ? k : k % 4) * sizeof v);
    if (type == BRAID_WEIGHT_Q8) return (mask)(BRAID_STORED_WEIGHTS ? v : v ^ 0x80808080u);
    v = (k < 4 ? v : v >> 4) & 0x0f0f0f0fu;
    return BRAID_STORED_WEIGHTS ? (mask)v : (mask)((bytes64)v - 8);
}

/// What groups of blocks, `group_bytes` apart, add to the first sum of every row.
BRAID_INLINE void add_blocks(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *group,
                             size_t group_bytes, size_t blocks, const size_t row_count, const size_t group_count,
                             const int32_t type) {
    const size_t width = braid_quant_bytes(type);
    const uint8_t *quants = group + 64, *scales = group;
    for (size_t b = 0; b < blocks; b++, x += sizeof(braid_block)) {
        mask dots[BRAID_TILE_ROWS][BRAID_TILE_GROUPS];
        BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
            const mask start =
                BRAID_STORED_WEIGHTS ? (mask)(words)word(x + r * x_stride + offsetof(braid_block, offset)) : 0;
            BRAID_UNROLL for (size_t g = 0; g < group_count; g++) dots[r][g] = start;
        }
        BRAID_UNROLL for (size_t k = 0; k < 8; k++) {
            mask weights[BRAID_TILE_GROUPS];
            BRAID_UNROLL for (size_t g = 0; g < group_count; g++) {
                weights[g] = block_weights(quants + g * group_bytes, k, type);
            }
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                const mask four = (mask)(words)word(x + r * x_stride + 4 * k);
                BRAID_UNROLL for (size_t g = 0; g < group_count; g++) dots[r][g] = dot(dots[r][g], weights[g], four);
            }
        }
        BRAID_UNROLL for (size_t g = 0; g < group_count; g++) {
            halves stored;
            memcpy(&stored, scales + g * group_bytes, sizeof stored);
            const lanes scale = __builtin_convertvector(stored, lanes);
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                const lanes factor = scale * number(x + r * x_stride + offsetof(braid_block, scale));
                sums[r][g][0] = fused(__builtin_convertvector(dots[r][g], lanes), factor, sums[r][g][0]);
            }
        }
        // To the second block of this pair, or to the next pair.
        const bool second = b % 2 != 0;
        quants += second ? width + 64 : width;
        scales += second ? 32 + 2 * width : 32;
    }
}

#endif

/// y[r, 0..<16 * group_count] for `row_count` rows. The counts and `type` are constants at every call, so this becomes one
/// straight loop for each; how an element is summed does not depend on the counts.
BRAID_INLINE void tile(float *y, size_t y_stride, const uint8_t *x, size_t x_stride, const uint8_t *group,
                       size_t blocks, const float *bias, bool accumulate, const size_t row_count,
                       const size_t group_count, const int32_t type) {
    const size_t bytes = braid_group_bytes(type, blocks);
    tile_sums sums;
    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
        BRAID_UNROLL for (size_t g = 0; g < group_count; g++) sums[r][g][0] = sums[r][g][1] = 0;
    }
    const bool quantized = type == BRAID_WEIGHT_Q8 || type == BRAID_WEIGHT_Q4;
    if (quantized) {
        add_blocks(sums, x, x_stride, group, bytes, blocks, row_count, group_count, type);
    } else if (type == BRAID_WEIGHT_BF16 && row_count >= BRAID_APART_ROWS) {
        add_columns_apart(sums, x, x_stride, group, blocks * BRAID_BLOCK_COLUMNS, row_count);
    } else {
        const size_t steps = bytes / (2 * BRAID_STEP_VECTORS * 64);
        add_columns(sums, x, x_stride, group, bytes, steps, row_count, group_count, type);
    }
    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
        BRAID_UNROLL for (size_t g = 0; g < group_count; g++) {
            float *out = y + r * y_stride + g * BRAID_GROUP_OUTPUTS;
            lanes sum = quantized ? sums[r][g][0] : sums[r][g][0] + sums[r][g][1];
            if (bias) sum += load(bias + g * BRAID_GROUP_OUTPUTS);
            store(out, accumulate ? load(out) + sum : sum);
        }
    }
}

/// All rows for `group_count` groups, in tiles of nearly equal height: a low one reads as many weights as a high one.
BRAID_INLINE void tiles(float *y, size_t y_stride, const uint8_t *x, size_t x_stride, size_t rows,
                        const uint8_t *group, size_t blocks, const float *bias, bool accumulate,
                        const size_t most_rows, const size_t group_count, const int32_t type) {
    size_t count = (rows + most_rows - 1) / most_rows, height;
    for (size_t r = 0; r < rows; count--, r += height) {
        height = (rows - r + count - 1) / count;
        switch (height) {
#define BRAID_CASE(n)                                                                                     \
    case n:                                                                                               \
        if (n <= most_rows) {                                                                             \
            tile(y + r * y_stride, y_stride, x + r * x_stride, x_stride, group, blocks, bias, accumulate, \
                 n <= BRAID_TILE_ROWS ? n : 1, group_count, type);                                        \
        }                                                                                                 \
        break;
            BRAID_CASE(1)
            BRAID_CASE(2)
            BRAID_CASE(3)
            BRAID_CASE(4)
            BRAID_CASE(5)
            BRAID_CASE(6)
            BRAID_CASE(7)
            BRAID_CASE(8)
#undef BRAID_CASE
        default: break;
        }
    }
}

/// Outputs first..<end. A group's weights stay in the nearest caches while all rows pass.
BRAID_INLINE void group_matmul(float *y, size_t y_stride, const uint8_t *x, size_t rows, const braid_matrix *w,
                               size_t first, size_t end, const float *bias, bool accumulate, const int32_t type) {
    const size_t blocks = braid_packed_columns(w->columns) / BRAID_BLOCK_COLUMNS;
    const size_t bytes = braid_group_bytes(type, blocks), x_stride = braid_packed_bytes(w->columns, type);
    size_t o = first / BRAID_GROUP_OUTPUTS * BRAID_GROUP_OUTPUTS;
    while (o < end) {
        const uint8_t *group = (const uint8_t *)w->elements + o / BRAID_GROUP_OUTPUTS * bytes;
        const size_t wide = BRAID_TILE_GROUPS * BRAID_GROUP_OUTPUTS;
        if (BRAID_TILE_GROUPS > 1 && rows > BRAID_TILE_ROWS && o >= first && end - o >= wide) {
            tiles(y + o, y_stride, x, x_stride, rows, group, blocks, bias ? bias + o : NULL, accumulate,
                  BRAID_WIDE_TILE_ROWS, BRAID_TILE_GROUPS, type);
            o += wide;
        } else if (o >= first && end - o >= BRAID_GROUP_OUTPUTS) {
            tiles(y + o, y_stride, x, x_stride, rows, group, blocks, bias ? bias + o : NULL, accumulate,
                  type == BRAID_WEIGHT_F32    ? BRAID_FLOAT_TILE_ROWS
                  : type == BRAID_WEIGHT_BF16 ? BRAID_WIDENED_TILE_ROWS
                                              : BRAID_TILE_ROWS,
                  1, type);
            o += BRAID_GROUP_OUTPUTS;
        } else {
            // The range begins or ends within this group.
            const size_t low = o < first ? first : o;
            const size_t high = end - o < BRAID_GROUP_OUTPUTS ? end : o + BRAID_GROUP_OUTPUTS;
            for (size_t r = 0; r < rows; r++) {
                float part[BRAID_GROUP_OUTPUTS];
                tile(part, BRAID_GROUP_OUTPUTS, x + r * x_stride, x_stride, group, blocks, NULL, false, 1, 1, type);
                for (size_t i = low; i < high; i++) {
                    float *to = y + r * y_stride + i, sum = part[i - o];
                    if (bias) sum += bias[i];
                    *to = accumulate ? *to + sum : sum;
                }
            }
            o += BRAID_GROUP_OUTPUTS;
        }
    }
}

#define BRAID_MATMUL(name, type)                                                                                 \
    static void name(float *y, size_t y_stride, const void *packed, size_t rows, const braid_matrix *w, size_t first, \
                     size_t end, const float *bias, bool accumulate) {                                           \
        group_matmul(y, y_stride, packed, rows, w, first, end, bias, accumulate, type);                          \
    }
BRAID_MATMUL(matmul_f32, BRAID_WEIGHT_F32)
BRAID_MATMUL(matmul_bf16, BRAID_WEIGHT_BF16)
BRAID_MATMUL(matmul_bf16_rounded, BRAID_WEIGHT_BF16_ROUNDED)
BRAID_MATMUL(matmul_q8, BRAID_WEIGHT_Q8)
BRAID_MATMUL(matmul_q4, BRAID_WEIGHT_Q4)
#undef BRAID_MATMUL

static void matmul(float *y, size_t y_stride, const void *packed, size_t rows, const braid_matrix *w, size_t first,
                   size_t end, const float *bias, bool accumulate) {
    switch (w->type) {
    case BRAID_WEIGHT_F32: matmul_f32(y, y_stride, packed, rows, w, first, end, bias, accumulate); break;
    case BRAID_WEIGHT_BF16: matmul_bf16(y, y_stride, packed, rows, w, first, end, bias, accumulate); break;
    case BRAID_WEIGHT_BF16_ROUNDED:
        matmul_bf16_rounded(y, y_stride, packed, rows, w, first, end, bias, accumulate);
        break;
    case BRAID_WEIGHT_Q8: matmul_q8(y, y_stride, packed, rows, w, first, end, bias, accumulate); break;
    case BRAID_WEIGHT_Q4: matmul_q4(y, y_stride, packed, rows, w, first, end, bias, accumulate); break;
    default: break;
    }
}

/// The upper halves of f32, rounded to nearest, ties to even; not-a-numbers stay what they are.
BRAID_INLINE words rounded_halves(lanes v) {
    words bits = (words)v;
    words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return v == v ? rounded : (bits >> 16) | 0x40;
}

/// Rounds activations to bf16, and fills up with zeros. A row has room for f32, which the reference makes use of.
static void pack_rounded(uint16_t *packed, const float *x, size_t rows, size_t columns) {
    size_t stride = braid_packed_columns(columns);
    for (size_t r = 0; r < rows; r++, x += columns, packed += 2 * stride) {
        for (size_t i = 0; i < stride; i += 16) {
            lanes v = i + 16 <= columns ? load(x + i) : i < columns ? load_part(x + i, columns - i) : 0;
            shorts16 rounded = __builtin_convertvector(rounded_halves(v), shorts16);
            memcpy(packed + i, &rounded, sizeof rounded);
        }
    }
}

/// Quantises activations; see `braid_block`.
static void pack_blocks(braid_block *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    const lanes magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const uint32_t bias = (uint32_t)braid_block_bias(type);
    for (size_t n = rows * (columns / BRAID_BLOCK_COLUMNS); n > 0; n--, x += BRAID_BLOCK_COLUMNS, packed++) {
        lanes low = load(x), high = load(x + 16);
        // Magnitudes compare like their bits, and a not-a-number is larger than all others: it spoils its block.
        mask a = (mask)low & 0x7fffffff, b = (mask)high & 0x7fffffff;
        int32_t largest_bits = __builtin_reduce_max(a > b ? a : b);
        float largest_value;
        memcpy(&largest_value, &largest_bits, sizeof largest_value);
        // Magnitudes whose reciprocal would overflow count as zeros.
        float inverse = largest_value > 1e-30f ? 127 / largest_value : 0;
        mask p = (mask)(low * inverse + magic) - (mask)magic, q = (mask)(high * inverse + magic) - (mask)magic;
        bytes16 first = __builtin_convertvector(p, bytes16), second = __builtin_convertvector(q, bytes16);
        memcpy(packed->quants, &first, sizeof first);
        memcpy(packed->quants + 16, &second, sizeof second);
        packed->scale = largest_value / 127;
        // Without sign, since the sum of what not-a-numbers became may overflow.
        packed->offset = (int32_t)(0 - bias * (uint32_t)__builtin_reduce_add(p + q));
    }
}

static void pack(void *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    switch (type) {
    case BRAID_WEIGHT_Q8:
    case BRAID_WEIGHT_Q4: pack_blocks(packed, x, rows, columns, type); break;
    case BRAID_WEIGHT_BF16_ROUNDED: pack_rounded(packed, x, rows, columns); break;
    default: braid_pack_floats(packed, x, rows, columns); break;
    }
}
