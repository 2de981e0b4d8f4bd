/// Matrix products with arranged weights. Internal; included by vector_kernels.h.
///
/// A lane is an output: one vector of weights holds the same column, or the same few columns, of sixteen outputs, and
/// meets one number, or the same few, of each row of activations. So weights are read from memory in one straight
/// line, which is what the processor foresees best, and no sum across lanes is needed.
///
/// In which order an element is summed stands in column_products.h, for f32 and bf16, and in block_products.h.

#include "group_layout.h"

#ifndef BRAID_STREAM_ROWS
#define BRAID_STREAM_ROWS 0
#endif
#ifndef BRAID_FLOAT_TILE_ROWS
#define BRAID_FLOAT_TILE_ROWS BRAID_TILE_ROWS
#endif
#ifndef BRAID_WIDENED_TILE_ROWS
#define BRAID_WIDENED_TILE_ROWS BRAID_TILE_ROWS
#endif
#ifndef BRAID_APART_ROWS
#define BRAID_APART_ROWS (BRAID_TILE_ROWS + 1)
#endif

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

#include "weight_stream.h"

#include "block_products.h"
#include "column_products.h"

/// y[r, 0..<16 * group_count] for `row_count` rows. The counts and `type` are constants at every call, so this becomes one
/// straight loop for each; how an element is summed does not depend on the counts. `next_bytes` of weights at `next` are fetched
/// meanwhile.
BRAID_INLINE void tile(float *y, size_t y_stride, const uint8_t *x, size_t x_stride, const uint8_t *group,
                       size_t blocks, const float *bias, bool accumulate, const uint8_t *next, size_t next_bytes,
                       const size_t row_count, const size_t group_count, const int32_t type) {
    const size_t bytes = braid_group_bytes(type, blocks);
    tile_sums sums;
    BRAID_UNROLL for (size_t r = 0; r < row_count; r++) {
        BRAID_UNROLL for (size_t g = 0; g < group_count; g++) sums[r][g][0] = sums[r][g][1] = 0;
    }
    const bool quantized = type == BRAID_WEIGHT_Q8 || type == BRAID_WEIGHT_Q4;
    if (quantized) {
        add_blocks(sums, x, x_stride, group, bytes, blocks, next, next_bytes, row_count, group_count, type);
    } else if (type == BRAID_WEIGHT_BF16 && row_count >= BRAID_APART_ROWS) {
        add_columns_apart(sums, x, x_stride, group, blocks * BRAID_BLOCK_COLUMNS, next, next_bytes, row_count);
    } else {
        const size_t steps = bytes / (2 * BRAID_STEP_VECTORS * 64);
        add_columns(sums, x, x_stride, group, bytes, steps, next, next_bytes, row_count, group_count, type);
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

/// All rows for `group_count` groups, in tiles of nearly equal height: a low one reads as many weights as a high one. Each
/// fetches its part of the groups behind these; at the end of a matrix that is what was arranged after it.
BRAID_INLINE void tiles(float *y, size_t y_stride, const uint8_t *x, size_t x_stride, size_t rows,
                        const uint8_t *group, size_t blocks, const float *bias, bool accumulate,
                        const size_t most_rows, const size_t group_count, const int32_t type) {
    size_t count = (rows + most_rows - 1) / most_rows, height;
    const size_t bytes = group_count * braid_group_bytes(type, blocks);
    // With a single row of f32 the processor has time to look ahead by itself.
    const bool streams = BRAID_STREAM_ROWS > 0 && rows >= BRAID_STREAM_ROWS && (rows > 1 || type != BRAID_WEIGHT_F32);
    const size_t next_bytes = streams ? (bytes / count + 63) / 64 * 64 : 0;
    const uint8_t *next = group + bytes;
    for (size_t r = 0; r < rows; count--, r += height, next += next_bytes) {
        height = (rows - r + count - 1) / count;
        switch (height) {
#define BRAID_CASE(n)                                                                                           \
    case n:                                                                                                     \
        if (n <= most_rows) {                                                                                   \
            tile(y + r * y_stride, y_stride, x + r * x_stride, x_stride, group, blocks, bias, accumulate, next, \
                 next_bytes, n <= BRAID_TILE_ROWS ? n : 1, group_count, type);                                  \
        }                                                                                                       \
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
                tile(part, BRAID_GROUP_OUTPUTS, x + r * x_stride, x_stride, group, blocks, NULL, false, NULL, 0, 1, 1, type);
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
