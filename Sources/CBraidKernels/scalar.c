/// The reference: every kernel as plainly as it can be written. Vector levels are tested against this file, and a
/// processor without a vector level runs it.

#include "levels.h"

#include <math.h>
#include <string.h>

static float load(const void *w, int32_t type, size_t index) {
    // Weights lie in a file that promises no alignment, so elements are copied out, never dereferenced.
    float value;
    if (type == BRAID_WEIGHT_F32) {
        memcpy(&value, (const uint8_t *)w + index * 4, 4);
    } else {
        uint16_t half;
        memcpy(&half, (const uint8_t *)w + index * 2, 2);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(&value, &bits, 4);
    }
    return value;
}

static void widen(float *x, const void *w, int32_t type, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = load(w, type, i);
}

static void pack(float *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    (void)type;
    size_t stride = braid_packed_columns(columns);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < stride; i++) packed[r * stride + i] = i < columns ? x[r * columns + i] : 0;
    }
}

static void matmul(float *y, size_t y_stride, const float *packed, size_t rows, const braid_matrix *w, size_t first,
                   size_t end, const float *bias, bool accumulate) {
    size_t stride = braid_packed_columns(w->columns);
    for (size_t o = first; o < end; o++) {
        for (size_t r = 0; r < rows; r++) {
            // Sixteen partial sums, as the vector levels have them: the same error bound holds for all.
            float sums[16] = {0};
            for (size_t i = 0; i < w->columns; i++) {
                sums[i % 16] += packed[r * stride + i] * load(w->elements, w->type, o * w->columns + i);
            }
            float sum = 0;
            for (size_t lane = 0; lane < 16; lane++) sum += sums[lane];
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

const braid_kernels braid_scalar = {BRAID_LEVEL_SCALAR, widen,  pack,   matmul, rms_norm,     rotate,
                                    braid_scalar_store, braid_scalar_attention, swiglu, argmax, exponentiate,
                                    log_sum_exp};
