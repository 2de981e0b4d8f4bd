/// The reference: every kernel as plainly as it can be written. Vector levels are tested against this file, and a
/// processor without a vector level runs it.

#include "levels.h"

#include <math.h>
#include <string.h>

/// Rounds to bf16: to nearest, ties to even.
static float rounded(float value) {
    uint32_t bits;
    if (isnan(value)) return value;
    memcpy(&bits, &value, 4);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&value, &bits, 4);
    return value;
}

static void pack(void *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    if (braid_has_blocks(type)) {
        braid_pack_blocks(packed, x, rows, columns, type);
        return;
    }
    size_t stride = braid_packed_columns(columns);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < stride; i++) {
            float value = i < columns ? x[r * columns + i] : 0;
            ((float *)packed)[r * stride + i] = type == BRAID_WEIGHT_BF16_ROUNDED ? rounded(value) : value;
        }
    }
}

static void matmul(float *y, size_t y_stride, const void *packed, size_t rows, const braid_matrix *w, size_t first,
                   size_t end, const float *bias, bool accumulate) {
    if (braid_has_blocks(w->type)) {
        braid_matmul_blocks(y, y_stride, packed, rows, w, first, end, bias, accumulate);
        return;
    }
    size_t stride = braid_packed_columns(w->columns);
    const float *x = packed;
    for (size_t o = first; o < end; o++) {
        for (size_t r = 0; r < rows; r++) {
            // In the order of the vector levels: even columns apart from odd ones, or pairs, the odd one first.
            float sums[2] = {0, 0};
            for (size_t i = 0; i < stride; i++) {
                size_t column = w->type == BRAID_WEIGHT_BF16_ROUNDED ? i ^ 1 : i;
                size_t sum = w->type == BRAID_WEIGHT_BF16_ROUNDED ? i / 2 % 2 : i % 2;
                float weight = column < w->columns ? braid_weight(w, o, column) : 0;
                sums[sum] += x[r * stride + column] * weight;
            }
            float sum = sums[0] + sums[1];
            if (bias) sum += bias[o];
            y[r * y_stride + o] = accumulate ? y[r * y_stride + o] + sum : sum;
        }
    }
}

static void rms_norm(float *y, const float *x, const float *weight, size_t rows, size_t columns, float epsilon) {
    for (size_t r = 0; r < rows; r++) {
        float squares = 0;
        for (size_t i = 0; i < columns; i++) squares += x[r * columns + i] * x[r * columns + i];
        float factor = 1 / sqrtf(squares / (float)columns + epsilon);
        for (size_t i = 0; i < columns; i++) y[r * columns + i] = x[r * columns + i] * factor * weight[i];
    }
}

static void rotate(float *x, const float *cosine, const float *sine, size_t heads, size_t head_dimension) {
    size_t half = head_dimension / 2;
    for (size_t h = 0; h < heads; h++) {
        float *head = x + h * head_dimension;
        for (size_t i = 0; i < half; i++) {
            float a = head[i], b = head[i + half];
            head[i] = a * cosine[i] - b * sine[i];
            head[i + half] = b * cosine[i] + a * sine[i];
        }
    }
}

static void swiglu(float *out, const float *gate, const float *up, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static size_t argmax(const float *x, size_t count) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (x[i] > x[best] || (isnan(x[best]) && !isnan(x[i]))) best = i;
    }
    return best;
}

static float exponentiate(float *out, const float *x, size_t count, float shift, float scale) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = expf((x[i] - shift) * scale);
        sum += out[i];
    }
    return sum;
}

static float log_sum_exp(const float *x, size_t count, float maximum) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += expf(x[i] - maximum);
    return maximum + logf(sum);
}

const braid_kernels braid_scalar = {BRAID_LEVEL_SCALAR, braid_widen,  pack,   matmul, rms_norm,     rotate,
                                    braid_scalar_store, braid_scalar_attention, swiglu, argmax, exponentiate,
                                    log_sum_exp, 0};
