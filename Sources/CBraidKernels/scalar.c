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

void braid_store(float *layer, const braid_kv_shape *shape, size_t slot, const float *key, const float *value) {
    size_t d = shape->head_dimension;
    float *values = layer + shape->kv_heads * d * BRAID_PAGE_POSITIONS;
    for (size_t h = 0; h < shape->kv_heads; h++) {
        for (size_t i = 0; i < d; i++) layer[(h * d + i) * BRAID_PAGE_POSITIONS + slot] = key[h * d + i];
        float *row = values + (h * BRAID_PAGE_POSITIONS + slot) * shape->value_stride;
        memcpy(row, value + h * d, d * sizeof(float));
        for (size_t i = d; i < shape->value_stride; i++) row[i] = 0;
    }
}

static void attention(float *out, const float *query, size_t rotation_stride, const float *pool,
                      const braid_kv_shape *shape, size_t group, size_t first_head, size_t end_head,
                      const braid_kv_run *runs, size_t run_count, size_t visible, float scale, float *scratch) {
    (void)scratch;
    size_t d = shape->head_dimension;
    for (size_t head = first_head * group; head < end_head * group; head++) {
        size_t kv = head / group;
        float *result = out + head * d;
        for (size_t i = 0; i < d; i++) result[i] = 0;
        float maximum = -INFINITY, sum = 0;
        size_t left = visible;
        for (size_t n = 0; n < run_count && left > 0; n++) {
            const float *layer = pool + (size_t)runs[n].page * shape->page_stride;
            const float *keys = layer + kv * d * BRAID_PAGE_POSITIONS;
            const float *values = layer + shape->kv_heads * d * BRAID_PAGE_POSITIONS
                                  + kv * BRAID_PAGE_POSITIONS * shape->value_stride;
            const float *q = query + (size_t)runs[n].rotation * rotation_stride + head * d;
            size_t end = (size_t)runs[n].first + runs[n].count;
            for (size_t slot = runs[n].first; slot < end && left > 0; slot++, left--) {
                float score = 0;
                for (size_t i = 0; i < d; i++) score += q[i] * keys[i * BRAID_PAGE_POSITIONS + slot];
                score *= scale;
                if (score > maximum) {
                    float factor = expf(maximum - score);
                    for (size_t i = 0; i < d; i++) result[i] *= factor;
                    sum *= factor;
                    maximum = score;
                }
                float weight = expf(score - maximum);
                sum += weight;
                for (size_t i = 0; i < d; i++) result[i] += weight * values[slot * shape->value_stride + i];
            }
        }
        for (size_t i = 0; i < d; i++) result[i] /= sum;
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
                                    braid_store,        attention, swiglu, argmax, exponentiate, log_sum_exp, 0};
