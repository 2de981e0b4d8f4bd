/// Activations as the matrix products of each type of weights take them. Internal; included by vector_kernels.h.

#include "group_layout.h"

typedef uint16_t shorts16 __attribute__((ext_vector_type(16)));
typedef int8_t bytes16 __attribute__((ext_vector_type(16)));

/// The upper halves of f32, rounded to nearest, ties to even; not-a-numbers stay what they are.
BRAID_INLINE words rounded_halves(lanes v) {
    words bits = (words)v;
    words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return v == v ? rounded : (bits >> 16) | 0x40;
}

/// Rounds activations to bf16, and fills up with zeros. A row has room for f32, which the reference makes use of.
static void pack_rounded(uint16_t *packed, const float *x, size_t rows, size_t columns) {
    size_t stride = braid_packed_columns(columns);
    for (size_t r = 0; r < rows; r++, x += columns, packed += 2 * stride) {
        for (size_t i = 0; i < stride; i += 16) {
            lanes v = i + 16 <= columns ? load(x + i) : i < columns ? load_part(x + i, columns - i) : 0;
            shorts16 rounded = __builtin_convertvector(rounded_halves(v), shorts16);
            memcpy(packed + i, &rounded, sizeof rounded);
        }
    }
}

/// Quantises activations; see `braid_block`.
static void pack_blocks(braid_block *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    const lanes magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const uint32_t bias = (uint32_t)braid_block_bias(type);
    for (size_t n = rows * (columns / BRAID_BLOCK_COLUMNS); n > 0; n--, x += BRAID_BLOCK_COLUMNS, packed++) {
        lanes low = load(x), high = load(x + 16);
        // Magnitudes compare like their bits, and a not-a-number is larger than all others: it spoils its block.
        mask a = (mask)low & 0x7fffffff, b = (mask)high & 0x7fffffff;
        int32_t largest_bits = __builtin_reduce_max(a > b ? a : b);
        float largest_value;
        memcpy(&largest_value, &largest_bits, sizeof largest_value);
        // Magnitudes whose reciprocal would overflow count as zeros.
        float inverse = largest_value > 1e-30f ? 127 / largest_value : 0;
        mask p = (mask)(low * inverse + magic) - (mask)magic, q = (mask)(high * inverse + magic) - (mask)magic;
        bytes16 first = __builtin_convertvector(p, bytes16), second = __builtin_convertvector(q, bytes16);
        memcpy(packed->quants, &first, sizeof first);
        memcpy(packed->quants + 16, &second, sizeof second);
        packed->scale = largest_value / 127;
        // Without sign, since the sum of what not-a-numbers became may overflow.
        packed->offset = (int32_t)(0 - bias * (uint32_t)__builtin_reduce_add(p + q));
    }
}

static void pack(void *packed, const float *x, size_t rows, size_t columns, int32_t type) {
    switch (type) {
    case BRAID_WEIGHT_Q8:
    case BRAID_WEIGHT_Q4: pack_blocks(packed, x, rows, columns, type); break;
    case BRAID_WEIGHT_BF16_ROUNDED: pack_rounded(packed, x, rows, columns); break;
    default: braid_pack_floats(packed, x, rows, columns); break;
    }
}
