/// What columns of f32 and bf16 weights add to the sums of a tile. Internal; included by group_matmul.h.
///
/// Even columns are summed apart from odd ones, each in ascending order, and then added; of rounded bf16, pairs of columns
/// likewise.

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

/// What groups of f32 or bf16 weights, `group_bytes` apart, add to the sums of every row.
BRAID_INLINE void add_columns(tile_sums sums, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t group_bytes,
                              size_t steps, const uint8_t *next, size_t next_bytes, const size_t row_count,
                              const size_t group_count, const int32_t type) {
    weight_stream stream = weight_stream_of(next, next_bytes, steps);
    for (size_t step = 0; step < steps; step++) {
        weight_stream_step(&stream);
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
                                    const uint8_t *next, size_t next_bytes, const size_t row_count) {
    enum { STRETCH = 4 * BRAID_BLOCK_COLUMNS, STEP = 16 };
    weight_stream stream = weight_stream_of(next, next_bytes, 2 * columns / STEP);
    for (size_t first = 0; first < columns; first += STRETCH) {
        const size_t count = columns - first < STRETCH ? columns - first : STRETCH;
        BRAID_UNROLL for (size_t odd = 0; odd < 2; odd++) {
            lanes part[BRAID_TILE_ROWS];
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) part[r] = sums[r][0][odd];
            for (size_t i = 0; i < count;) {
                weight_stream_step(&stream);
                BRAID_UNROLL for (size_t k = 0; k < STEP; k += 2, i += 2) {
                    const words pair = vector(w + 32 * i), weights = odd ? pair & 0xffff0000u : pair << 16;
                    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
                        part[r] = fused((lanes)number(x + r * x_stride + 4 * (i + odd)), (lanes)weights, part[r]);
                    }
                }
            }
            BRAID_UNROLL for (size_t r = 0; r < row_count; r++) sums[r][0][odd] = part[r];
        }
        w += 32 * count;
        x += 4 * count;
    }
}
