/// Compares the matrix products of every table that this processor can run with the scalar ones, over shapes.
/// Run by scripts/test-neon for AArch64; works on any processor.

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

int main(void) {
    const size_t all_columns[] = {32, 96, 256, 33, 100}, all_outputs[] = {1, 15, 16, 17, 40};
    size_t compared = 0, wrong = 0;
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
                        for (size_t i = 0; i < rows * w.rows; i++, compared++) {
                            const float bound = exact ? 0 : (float)columns * (float)columns * 0x1p-24f;
                            if (!(fabsf(y[i] - expected[i]) <= bound)) wrong++;
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
    printf("%s: %zu elements compared, %zu wrong\n", braid_level_name(braid_best_level()), compared, wrong);
    return wrong > 0 || compared == 0;
}
