/// What blocks of 8- and 4-bit weights add to the sums of a tile. Internal; included by group_matmul.h.
///
/// A block's products are summed in integers, exactly, and the blocks in ascending order in f32.

typedef int32_t mask8 __attribute__((ext_vector_type(8)));
typedef int32_t mask4 __attribute__((ext_vector_type(4)));
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

/// What groups of blocks, `group_bytes` apart, add to the first sum of every row.
BRAID_INLINE void add_blocks(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *group,
                             size_t group_bytes, size_t blocks, const uint8_t *next, size_t next_bytes,
                             const size_t row_count, const size_t group_count, const int32_t type) {
    const size_t width = braid_quant_bytes(type);
    const uint8_t *quants = group + 64, *scales = group;
    weight_stream stream = weight_stream_of(next, next_bytes, blocks);
    for (size_t b = 0; b < blocks; b++, x += sizeof(braid_block)) {
        weight_stream_step(&stream);
        BRAID_UNROLL for (size_t g = 0; g < group_count; g++) {
            __m256i dots[BRAID_TILE_ROWS][2];
            block_dots(dots, x, x_stride, quants + g * group_bytes, row_count, type);
            halves stored;
            memcpy(&stored, scales + g * group_bytes, sizeof stored);
            const lanes scale = __builtin_convertvector(stored, lanes);
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                mask all;
                all.lo = (mask8)dots[r][0], all.hi = (mask8)dots[r][1];
                const lanes factor = scale * number(x + r * x_stride + offsetof(braid_block, scale));
                sums[r][g][0] = fused(__builtin_convertvector(all, lanes), factor, sums[r][g][0]);
            }
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
                             size_t group_bytes, size_t blocks, const uint8_t *next, size_t next_bytes,
                             const size_t row_count, const size_t group_count, const int32_t type) {
    const size_t width = braid_quant_bytes(type);
    const uint8_t *quants = group + 64, *scales = group;
    weight_stream stream = weight_stream_of(next, next_bytes, blocks);
    for (size_t b = 0; b < blocks; b++, x += sizeof(braid_block)) {
        weight_stream_step(&stream);
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
