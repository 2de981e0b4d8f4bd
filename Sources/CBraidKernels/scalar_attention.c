/// The reference of the kernels that read and write keys and values.

#include "levels.h"

#include <math.h>
#include <string.h>

/// The nearest half-precision number, ties to even; 65504 beyond that.
static uint16_t half_of(float x) {
    if (x != x) return 0x7e00;
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    float size = fabsf(x);
    if (size >= 65504) return sign | 0x7bff;
    // Below 2^-14 the distance between numbers stays 2^-24.
    int exponent = size < 0x1p-14f ? -14 : ilogbf(size);
    // How many of those distances; the product is exact.
    float units = rintf(ldexpf(size, 10 - exponent));
    // The leading bit of a normal number, and a carry, go into the exponent by themselves.
    return sign + (uint16_t)(units + (float)(exponent + 14) * 1024);
}

static float value_of(uint16_t half) {
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float size = exponent == 31  ? (fraction ? NAN : INFINITY)
                 : exponent == 0 ? ldexpf((float)fraction, -24)
                                 : ldexpf((float)(fraction + 1024), exponent - 25);
    return half & 0x8000 ? -size : size;
}

/// Writes a number of a head's keys or values; `index` counts elements.
static void put(uint8_t *elements, int32_t type, size_t index, float x, float inverse) {
    if (type == BRAID_CACHE_F32) {
        memcpy(elements + 4 * index, &x, 4);
    } else if (type == BRAID_CACHE_F16) {
        uint16_t half = half_of(x);
        memcpy(elements + 2 * index, &half, 2);
    } else {
        float quotient = x * inverse;
        elements[index] = quotient == quotient ? (uint8_t)(int8_t)rintf(fminf(fmaxf(quotient, -127), 127)) : 0;
    }
}

static float get(const uint8_t *elements, int32_t type, size_t index) {
    if (type == BRAID_CACHE_F32) {
        float x;
        memcpy(&x, elements + 4 * index, 4);
        return x;
    } else if (type == BRAID_CACHE_F16) {
        uint16_t half;
        memcpy(&half, elements + 2 * index, 2);
        return value_of(half);
    }
    return (int8_t)elements[index];
}

/// The largest magnitude, or not a number if one is none.
static float magnitude(const float *x, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (fabsf(x[i]) > largest || x[i] != x[i]) largest = fabsf(x[i]);
    }
    return largest;
}

void braid_scalar_store(uint8_t *layer, const braid_kv_shape *shape, size_t slot, const float *key,
                        const float *value) {
    size_t d = shape->head_dimension;
    for (size_t h = 0; h < shape->kv_heads; h++, key += d, value += d) {
        uint8_t *keys = layer + h * shape->head_stride, *values = keys + shape->value_offset;
        float inverses[2] = {1, 1};
        if (shape->type == BRAID_CACHE_INT8) {
            for (size_t part = 0; part < 2; part++) {
                float largest = magnitude(part == 0 ? key : value, d), scale = largest / 127;
                memcpy(keys + shape->scale_offset + (part * BRAID_PAGE_POSITIONS + slot) * 4, &scale, 4);
                inverses[part] = largest > 0 ? 127 / largest : largest;
            }
        }
        for (size_t i = 0; i < d; i++) put(keys, shape->type, i * BRAID_PAGE_POSITIONS + slot, key[i], inverses[0]);
        for (size_t i = 0; i < shape->value_stride; i++) {
            put(values, shape->type, slot * shape->value_stride + i, i < d ? value[i] : 0, inverses[1]);
        }
    }
}

/// One query head over what it sees.
static void attend(float *out, const float *query, size_t width, const uint8_t *pool, const braid_kv_shape *shape,
                   size_t kv_head, size_t row, const braid_attention_plan *plan, float scale) {
    size_t d = shape->head_dimension;
    for (size_t i = 0; i < d; i++) out[i] = 0;
    float maximum = -INFINITY, sum = 0;
    for (size_t s = 0; s < plan->span_count; s++) {
        const braid_attention_span *span = plan->spans + s;
        if ((int64_t)row < span->first_row || (int64_t)row >= (int64_t)span->first_row + span->row_count) continue;
        int32_t left = plan->rows[row].visible - span->before;
        const braid_kv_run *runs = plan->runs + span->first_run;
        for (int32_t n = 0; n < span->run_count; n++) {
            const uint8_t *keys = pool + (size_t)runs[n].page * shape->page_stride + kv_head * shape->head_stride;
            const uint8_t *values = keys + shape->value_offset;
            const float *q = query + (size_t)runs[n].rotation * width;
            size_t end = (size_t)runs[n].first + runs[n].count;
            for (size_t slot = runs[n].first; slot < end && left > 0; slot++, left--) {
                float scales[2] = {1, 1};
                if (shape->type == BRAID_CACHE_INT8) {
                    memcpy(scales, keys + shape->scale_offset + slot * 4, 4);
                    memcpy(scales + 1, keys + shape->scale_offset + (BRAID_PAGE_POSITIONS + slot) * 4, 4);
                }
                float score = 0;
                for (size_t i = 0; i < d; i++) {
                    score += q[i] * get(keys, shape->type, i * BRAID_PAGE_POSITIONS + slot);
                }
                score *= scale * scales[0];
                if (score > maximum) {
                    float factor = expf(maximum - score);
                    for (size_t i = 0; i < d; i++) out[i] *= factor;
                    sum *= factor;
                    maximum = score;
                }
                float weight = expf(score - maximum);
                sum += weight;
                for (size_t i = 0; i < d; i++) {
                    out[i] += weight * scales[1] * get(values, shape->type, slot * shape->value_stride + i);
                }
            }
        }
    }
    for (size_t i = 0; i < d; i++) out[i] /= sum;
}

void braid_scalar_attention(float *out, const float *query, const uint8_t *pool, const braid_kv_shape *shape,
                            size_t group, size_t kv_head, const braid_attention_plan *plan, float scale,
                            float *scratch) {
    (void)scratch;
    size_t d = shape->head_dimension, width = shape->kv_heads * group * d;
    for (size_t row = 0; row < plan->row_count; row++) {
        for (size_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
            attend(out + (size_t)plan->rows[row].output * width + head * d,
                   query + (size_t)plan->rows[row].query * width + head * d, width, pool, shape, kv_head, row, plan,
                   scale);
        }
    }
}
