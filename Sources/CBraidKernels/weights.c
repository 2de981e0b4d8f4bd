/// Weights: bringing them into order, quantising, widening, and the reference for products of blocks.

#include "levels.h"

#include <math.h>
#include <string.h>

/// Widens an IEEE 754 half, given by its bits.
static float widened(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff, bits;
    if (exponent == 0) {
        // Zero or subnormal: fraction x 2^-24, exact.
        float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, 4);
        bits |= sign;
    } else if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    }
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/// The nearest half, ties to even, by its bits.
static uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00);
    // 65520 and above round to infinity.
    if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000u) {
        // Subnormal: adding 0.5 leaves multiples of 2^-24 in the fraction, rounded.
        float shifted;
        memcpy(&shifted, &magnitude, 4);
        shifted += 0.5f;
        memcpy(&bits, &shifted, 4);
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    return (uint16_t)(sign | (magnitude - 0x38000000u + 0xfff + (magnitude >> 13 & 1)) >> 13);
}

size_t braid_arranged_bytes(size_t rows, size_t columns, int32_t type) {
    return (rows + BRAID_GROUP_OUTPUTS - 1) / BRAID_GROUP_OUTPUTS
           * braid_group_bytes(type, braid_packed_columns(columns) / BRAID_BLOCK_COLUMNS);
}

/// One row of f32 or bf16 weights to its lane of a group.
static void arrange_elements(uint8_t *out, const uint8_t *in, size_t columns, int32_t type) {
    if (type == BRAID_WEIGHT_F32) {
        for (size_t i = 0; i < columns; i++) memcpy(out + i * 64, in + i * 4, 4);
    } else {
        for (size_t i = 0; i < columns; i++) memcpy(out + i / 2 * 64 + i % 2 * 2, in + i * 2, 2);
    }
}

/// One row of blocks to its lane of a group.
static void arrange_blocks(uint8_t *out, size_t lane, const uint8_t *in, size_t blocks, int32_t type) {
    const size_t quants = type == BRAID_WEIGHT_Q8 ? 32 : 16;
    for (size_t b = 0; b < blocks; b++, in += 2 + quants) {
        uint8_t *to = out + braid_quants_place(type, b) + 4 * lane;
        memcpy(out + braid_scales_place(type, b) + 2 * lane, in, 2);
        for (size_t i = 0; i < quants; i += 4) {
            uint32_t four;
            memcpy(&four, in + 2 + i, 4);
            if (type == BRAID_WEIGHT_Q8) four ^= 0x80808080u;
            memcpy(to + 16 * i, &four, 4);
        }
    }
}

void braid_arrange(void *arranged, const void *source, size_t rows, size_t columns, int32_t type, size_t group) {
    const size_t blocks = braid_packed_columns(columns) / BRAID_BLOCK_COLUMNS;
    const size_t bytes = braid_group_bytes(type, blocks), row_bytes = braid_row_bytes(columns, type);
    uint8_t *out = (uint8_t *)arranged + group * bytes;
    // What no column and no row fills.
    memset(out, 0, bytes);
    for (size_t lane = 0; lane < BRAID_GROUP_OUTPUTS && group * BRAID_GROUP_OUTPUTS + lane < rows; lane++) {
        const uint8_t *in = (const uint8_t *)source + lane * row_bytes;
        if (braid_has_blocks(type)) {
            arrange_blocks(out, lane, in, blocks, type);
        } else {
            arrange_elements(out + lane * 4, in, columns, type);
        }
    }
}

/// The integer of a weight.
static int32_t quant(const uint8_t *group, size_t block, size_t lane, size_t column, int32_t type) {
    const uint8_t *quants = group + braid_quants_place(type, block) + 4 * lane + column % 4;
    if (type == BRAID_WEIGHT_Q8) return quants[column / 4 * 64] - 128;
    uint8_t pair = quants[column % 16 / 4 * 64];
    return (column < 16 ? pair & 15 : pair >> 4) - 8;
}

/// The scale of a block of weights.
static float scale(const uint8_t *group, size_t block, size_t lane, int32_t type) {
    uint16_t half;
    memcpy(&half, group + braid_scales_place(type, block) + 2 * lane, 2);
    return widened(half);
}

float braid_weight(const braid_matrix *w, size_t row, size_t column) {
    const size_t blocks = braid_packed_columns(w->columns) / BRAID_BLOCK_COLUMNS, lane = row % BRAID_GROUP_OUTPUTS;
    const uint8_t *group =
        (const uint8_t *)w->elements + row / BRAID_GROUP_OUTPUTS * braid_group_bytes(w->type, blocks);
    if (braid_has_blocks(w->type)) {
        size_t block = column / BRAID_BLOCK_COLUMNS;
        return (float)quant(group, block, lane, column % BRAID_BLOCK_COLUMNS, w->type)
               * scale(group, block, lane, w->type);
    }
    float value;
    if (w->type == BRAID_WEIGHT_F32) {
        memcpy(&value, group + (column * BRAID_GROUP_OUTPUTS + lane) * 4, 4);
    } else {
        uint16_t half;
        memcpy(&half, group + column / 2 * 64 + lane * 4 + column % 2 * 2, 2);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(&value, &bits, 4);
    }
    return value;
}

void braid_widen(float *x, const braid_matrix *w, size_t row) {
    for (size_t i = 0; i < w->columns; i++) x[i] = braid_weight(w, row, i);
}

void braid_pack_floats(float *packed, const float *x, size_t rows, size_t columns) {
    const size_t stride = braid_packed_columns(columns);
    for (size_t r = 0; r < rows; r++, x += columns, packed += stride) {
        memcpy(packed, x, columns * sizeof(float));
        memset(packed + columns, 0, (stride - columns) * sizeof(float));
    }
}

/// The nearest integer, halves away from zero, of a number that an int holds.
static int32_t nearest(float value) {
    int32_t whole = (int32_t)value;
    float rest = value - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void braid_quantize(void *blocks, const float *x, size_t columns, int32_t type) {
    uint8_t *out = blocks;
    for (size_t b = 0; b < columns / BRAID_BLOCK_COLUMNS; b++, x += BRAID_BLOCK_COLUMNS) {
        float largest = 0;
        for (size_t i = 0; i < BRAID_BLOCK_COLUMNS; i++) {
            // A not-a-number is larger than all others: it spoils its block.
            if (!(fabsf(x[i]) <= fabsf(largest)) && !isnan(largest)) largest = x[i];
        }
        // The exact scale decides the integers, as in GGUF; what rounding it to f16 changes is smaller than a step.
        const float scale = type == BRAID_WEIGHT_Q8 ? fabsf(largest) / 127 : largest / -8;
        const float inverse = fabsf(scale) > 1e-30f && isfinite(scale) ? 1 / scale : 0;
        const uint16_t half = narrowed(scale);
        memcpy(out, &half, 2);
        out += 2;
        if (inverse == 0) {
            const size_t bytes = braid_row_bytes(BRAID_BLOCK_COLUMNS, type) - 2;
            memset(out, type == BRAID_WEIGHT_Q8 ? 0 : 0x88, bytes);
            out += bytes;
        } else if (type == BRAID_WEIGHT_Q8) {
            for (size_t i = 0; i < BRAID_BLOCK_COLUMNS; i++) *out++ = (uint8_t)(int8_t)nearest(x[i] * inverse);
        } else {
            for (size_t i = 0; i < 16; i++) {
                float low = x[i] * inverse + 8.5f, high = x[i + 16] * inverse + 8.5f;
                *out++ = (uint8_t)((low < 15 ? (int)low : 15) | (high < 15 ? (int)high : 15) << 4);
            }
        }
    }
}

void braid_pack_blocks(braid_block *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    for (size_t n = rows * (columns / BRAID_BLOCK_COLUMNS); n > 0; n--, x += BRAID_BLOCK_COLUMNS, packed++) {
        float largest = 0;
        for (size_t i = 0; i < BRAID_BLOCK_COLUMNS; i++) {
            // A not-a-number is larger than all others: it spoils its block.
            if (!(fabsf(x[i]) <= largest) && !isnan(largest)) largest = fabsf(x[i]);
        }
        const float inverse = largest > 1e-30f && isfinite(largest) ? 127 / largest : 0;
        int32_t sum = 0;
        for (size_t i = 0; i < BRAID_BLOCK_COLUMNS; i++) {
            // Nearest, ties to even.
            packed->quants[i] = inverse == 0 ? 0 : (int8_t)rintf(x[i] * inverse);
            sum += packed->quants[i];
        }
        packed->scale = largest / 127;
        packed->offset = -braid_block_bias(type) * sum;
    }
}

void braid_matmul_blocks(float *y, size_t y_stride, const braid_block *packed, size_t rows, const braid_matrix *w,
                         size_t first, size_t end, const float *bias, bool accumulate) {
    const size_t blocks = w->columns / BRAID_BLOCK_COLUMNS;
    for (size_t o = first; o < end; o++) {
        const size_t lane = o % BRAID_GROUP_OUTPUTS;
        const uint8_t *group =
            (const uint8_t *)w->elements + o / BRAID_GROUP_OUTPUTS * braid_group_bytes(w->type, blocks);
        for (size_t r = 0; r < rows; r++) {
            float sum = 0;
            for (size_t b = 0; b < blocks; b++) {
                const braid_block *x = packed + r * blocks + b;
                int32_t dot = 0;
                for (size_t i = 0; i < BRAID_BLOCK_COLUMNS; i++) dot += x->quants[i] * quant(group, b, lane, i, w->type);
                sum = fmaf((float)dot, scale(group, b, lane, w->type) * x->scale, sum);
            }
            if (bias) sum += bias[o];
            y[r * y_stride + o] = accumulate ? y[r * y_stride + o] + sum : sum;
        }
    }
}
