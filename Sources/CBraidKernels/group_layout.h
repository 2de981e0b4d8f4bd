/// How arranged weights and packed activations lie in memory. Internal.
///
/// A matrix is kept in groups of sixteen outputs, so that one vector holds the same columns of each of them. Columns are
/// filled up to a multiple of 32, outputs to one of 16, with zeros. A group is read from the first byte to the last:
///
///     f32   [columns][16 outputs]
///     bf16  [columns / 2][16 outputs][2 columns]
///
/// Weights in blocks come in pairs of blocks, so that every vector lies at a multiple of 64. A pair is
///
///           scales [2][16 outputs]                 f16
///     q8    quants [2][8][16 outputs][4 columns]   one byte each: the weight's integer + 128
///     q4    quants [2][4][16 outputs][4 columns]   low half of a byte: column 4 v + j, high half: 16 + 4 v + j, v the
///                                                  vector and j the column in it; the weight's integer + 8
///
/// Packed activations are f32, bf16, or, for weights in blocks, one `braid_block` per 32 columns.
#ifndef BRAID_GROUP_LAYOUT_H
#define BRAID_GROUP_LAYOUT_H

#include "braid_kernels.h"

enum {
    BRAID_GROUP_OUTPUTS = 16,
    /// Half of the vectors of f32 or bf16 weights between two steps of a loop; divides 8.
    BRAID_STEP_VECTORS = 4
};

/// Thirty-two activations: x[i] is about quants[i] * scale.
typedef struct {
    int8_t quants[BRAID_BLOCK_COLUMNS];
    /// The largest magnitude / 127.
    float scale;
    /// -(what was added to the weights' integers) * sum of quants: where the sum of products starts when the weights
    /// are taken as they are stored.
    int32_t offset;
} braid_block;

static inline bool braid_has_blocks(int32_t type) { return type == BRAID_WEIGHT_Q8 || type == BRAID_WEIGHT_Q4; }

/// What was added to a weight's integer.
static inline int32_t braid_block_bias(int32_t type) { return type == BRAID_WEIGHT_Q8 ? 128 : 8; }

/// Bytes of the quants of one block of a group.
static inline size_t braid_quant_bytes(int32_t type) { return type == BRAID_WEIGHT_Q8 ? 512 : 256; }

/// Bytes of a pair of blocks.
static inline size_t braid_pair_bytes(int32_t type) { return 64 + 2 * braid_quant_bytes(type); }

/// Bytes of a group of so many blocks of 32 columns.
static inline size_t braid_group_bytes(int32_t type, size_t blocks) {
    switch (type) {
    case BRAID_WEIGHT_Q8:
    case BRAID_WEIGHT_Q4: return (blocks + 1) / 2 * braid_pair_bytes(type);
    default: return blocks * BRAID_BLOCK_COLUMNS * BRAID_GROUP_OUTPUTS * (type == BRAID_WEIGHT_F32 ? 4 : 2);
    }
}

/// Where the scales of a block lie in its group.
static inline size_t braid_scales_place(int32_t type, size_t block) {
    return block / 2 * braid_pair_bytes(type) + block % 2 * 32;
}

/// Where the quants of a block lie in its group.
static inline size_t braid_quants_place(int32_t type, size_t block) {
    return block / 2 * braid_pair_bytes(type) + 64 + block % 2 * braid_quant_bytes(type);
}

#endif
