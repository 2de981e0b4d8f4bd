/// Compares the matrix products, and what stores and reads keys and values, of every table that this processor can run
/// with the scalar ones, over shapes. Run by scripts/test-neon for AArch64; works on any processor.

#include "braid_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

/// A number in -1..<1.
static float next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(state >> 32) * 0x1p-31f;
}

static float *numbers(size_t count) {
    float *x = malloc((count + 1) * sizeof(float));
    for (size_t i = 0; i < count; i++) x[i] = next();
    return x;
}

static braid_matrix matrix(int32_t type, size_t rows, size_t columns) {
    const size_t row_bytes = braid_row_bytes(columns, type);
    uint8_t *source = calloc(rows + 1, row_bytes), *arranged = calloc(1, braid_arranged_bytes(rows, columns, type) + 1);
    float *x = numbers(rows * columns);
    for (size_t r = 0; r < rows; r++) {
        uint8_t *row = source + r * row_bytes;
        if (type == BRAID_WEIGHT_F32) {
            memcpy(row, x + r * columns, row_bytes);
        } else if (type == BRAID_WEIGHT_Q8 || type == BRAID_WEIGHT_Q4) {
            braid_quantize(row, x + r * columns, columns, type);
        } else {
            for (size_t i = 0; i < columns; i++) memcpy(row + 2 * i, (uint8_t *)(x + r * columns + i) + 2, 2);
        }
    }
    for (size_t group = 0; group < (rows + 15) / 16; group++) {
        braid_arrange(arranged, source + group * 16 * row_bytes, rows, columns, type, group);
    }
    free(source);
    free(x);
    return (braid_matrix){arranged, type, rows, columns};
}

static float *product(const braid_kernels *kernels, const float *x, size_t rows, const braid_matrix *w) {
    void *packed = malloc(rows * braid_packed_bytes(w->columns, w->type) + 1);
    float *y = calloc(rows * w->rows + 1, sizeof(float));
    const size_t cut = w->rows / 3;
    kernels->pack(packed, x, rows, w->columns, w->type);
    kernels->matmul(y, w->rows, packed, rows, w, cut, w->rows, NULL, false);
    kernels->matmul(y, w->rows, packed, rows, w, 0, cut, NULL, false);
    free(packed);
    return y;
}

/// Elements compared, and those that are wrong.
typedef struct {
    size_t compared, wrong;
} tally;

static void compare_products(tally *tally) {
    const size_t all_columns[] = {32, 96, 256, 33, 100}, all_outputs[] = {1, 15, 16, 17, 40};
    for (int32_t type = BRAID_WEIGHT_F32; type <= BRAID_WEIGHT_Q4; type++) {
        const bool exact = type != BRAID_WEIGHT_F32 && type != BRAID_WEIGHT_BF16;
        for (size_t c = 0; c < (type >= BRAID_WEIGHT_Q8 ? 3 : 5); c++) {
            for (size_t o = 0; o < 5; o++) {
                const size_t columns = all_columns[c];
                braid_matrix w = matrix(type, all_outputs[o], columns);
                for (size_t rows = 1; rows <= 9; rows++) {
                    float *x = numbers(rows * columns), *expected = product(braid_kernels_for(0), x, rows, &w);
                    for (int32_t n = 0; n < BRAID_LEVEL_COUNT * (BRAID_FEATURE_ALL + 1); n++) {
                        const int32_t level = n / (BRAID_FEATURE_ALL + 1), features = n % (BRAID_FEATURE_ALL + 1);
                        const braid_kernels *kernels = braid_kernels_limited_to(level, features);
                        if (level == BRAID_LEVEL_SCALAR || !kernels || kernels->features != features) continue;
                        float *y = product(kernels, x, rows, &w);
                        for (size_t i = 0; i < rows * w.rows; i++, tally->compared++) {
                            const float bound = exact ? 0 : (float)columns * (float)columns * 0x1p-24f;
                            if (!(fabsf(y[i] - expected[i]) <= bound)) tally->wrong++;
                        }
                        free(y);
                    }
                    free(x);
                    free(expected);
                }
                free((void *)w.elements);
            }
        }
    }
}

enum { PAGES = 5, ROWS = 7, ROTATIONS = 2 };

/// Stores the same random keys and values with a table and with the scalar one: the same bytes, in every slot.
static void compare_stores(const braid_kernels *kernels, const braid_kv_shape *shape, tally *tally) {
    const size_t width = shape->kv_heads * shape->head_dimension;
    uint8_t *expected = calloc(1, shape->page_stride), *page = calloc(1, shape->page_stride);
    for (size_t slot = 0; slot < BRAID_PAGE_POSITIONS; slot++) {
        float *key = numbers(width), *value = numbers(width);
        // Some are too large for f16, some as small as its subnormal numbers, and some positions are all zeros.
        for (size_t i = 0; i < width; i++) key[i] *= i % 3 == 0 ? 70000 : i % 3 == 1 ? 1 : 1e-6f;
        if (slot % 7 == 0) memset(value, 0, width * sizeof(float));
        braid_kernels_for(0)->store(expected, shape, slot, key, value);
        kernels->store(page, shape, slot, key, value);
        free(key);
        free(value);
    }
    for (size_t i = 0; i < shape->page_stride; i++, tally->compared++) {
        if (page[i] != expected[i]) tally->wrong++;
    }
    free(expected);
    free(page);
}

/// Attends with a table and with the scalar one: rows that see more and more, over runs in two spans.
static void compare_attention(const braid_kernels *kernels, const braid_kv_shape *shape, size_t group, tally *tally) {
    const size_t d = shape->head_dimension, heads = shape->kv_heads * group, width = heads * d;
    uint8_t *pool = calloc(PAGES, shape->page_stride);
    for (size_t slot = 0; slot < PAGES * BRAID_PAGE_POSITIONS; slot++) {
        float *key = numbers(shape->kv_heads * d), *value = numbers(shape->kv_heads * d);
        braid_kernels_for(0)->store(pool + slot / BRAID_PAGE_POSITIONS * shape->page_stride, shape,
                                    slot % BRAID_PAGE_POSITIONS, key, value);
        free(key);
        free(value);
    }
    const braid_kv_run runs[] = {{4, 0, 16, 0}, {2, 3, 9, 1}, {0, 15, 1, 0}, {3, 0, 16, 1}, {1, 2, 5, 0}};
    const braid_attention_span spans[] = {{0, ROWS, 0, 2, 0}, {0, ROWS, 2, 3, 25}};
    const int32_t visible[ROWS] = {1, 16, 17, 25, 26, 42, 47};
    braid_attention_row rows[ROWS];
    for (int32_t r = 0; r < ROWS; r++) rows[r] = (braid_attention_row){r * ROTATIONS, ROWS - 1 - r, visible[r]};
    const braid_attention_plan plan = {rows, ROWS, spans, 2, runs};
    float *query = numbers(ROWS * ROTATIONS * width), *scratch = numbers(braid_attention_scratch(shape, ROWS * group));
    float *out = calloc(ROWS * width, sizeof(float)), *expected = calloc(ROWS * width, sizeof(float));
    for (size_t head = 0; head < shape->kv_heads; head++) {
        braid_kernels_for(0)->attention(expected, query, pool, shape, group, head, &plan, 0.3f, scratch);
        kernels->attention(out, query, pool, shape, group, head, &plan, 0.3f, scratch);
    }
    // Values lie in -1...1; a score errs by d u |q||k| on either side, which moves its weight by as much.
    const float bound = 0x1p-23f * (0.3f * (float)d * (float)d + 100);
    for (size_t i = 0; i < ROWS * width; i++, tally->compared++) {
        if (!(fabsf(out[i] - expected[i]) <= bound)) tally->wrong++;
    }
    free(pool);
    free(query);
    free(scratch);
    free(out);
    free(expected);
}

static void compare_caches(tally *stores, tally *attention) {
    const size_t dimensions[] = {2, 10, 24, 64, 80, 130}, groups[] = {1, 3, 5};
    for (int32_t level = BRAID_LEVEL_SCALAR + 1; level < BRAID_LEVEL_COUNT; level++) {
        const braid_kernels *kernels = braid_kernels_for(level);
        if (!kernels) continue;
        for (int32_t type = BRAID_CACHE_F32; type <= BRAID_CACHE_INT8; type++) {
            for (size_t n = 0; n < 6; n++) {
                const braid_kv_shape shape = braid_kv_shape_make(1, 2, dimensions[n], type);
                compare_stores(kernels, &shape, stores);
                for (size_t g = 0; g < 3; g++) compare_attention(kernels, &shape, groups[g], attention);
            }
        }
    }
}

int main(void) {
    tally products = {0, 0}, stores = {0, 0}, attention = {0, 0};
    compare_products(&products);
    compare_caches(&stores, &attention);
    printf("%s: of %zu elements of products %zu are wrong, of %zu bytes stored %zu, of %zu elements of attention %zu\n",
           braid_level_name(braid_best_level()), products.compared, products.wrong, stores.compared, stores.wrong,
           attention.compared, attention.wrong);
    return products.wrong > 0 || stores.wrong > 0 || attention.wrong > 0 || products.compared == 0
           || stores.compared == 0 || attention.compared == 0;
}
