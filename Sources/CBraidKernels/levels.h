/// The tables that dispatch.c chooses from, and what they share. Internal.
#ifndef BRAID_LEVELS_H
#define BRAID_LEVELS_H

#include "group_layout.h"
#include "braid_kernels.h"

extern const braid_kernels braid_scalar;

#if defined(__x86_64__)
extern const braid_kernels braid_avx2;
extern const braid_kernels braid_avx512;
extern const braid_kernels braid_avx512_vnni;
extern const braid_kernels braid_avx512_bf16;
#elif defined(__aarch64__)
extern const braid_kernels braid_neon;
extern const braid_kernels braid_neon_dotprod;
#endif

/// The reference of `store`.
void braid_scalar_store(uint8_t *layer, const braid_kv_shape *shape, size_t slot, const float *key, const float *value);

/// The reference of `attention`.
void braid_scalar_attention(float *out, const float *query, const uint8_t *pool, const braid_kv_shape *shape,
                            size_t group, size_t kv_head, const braid_attention_plan *plan, float scale,
                            float *scratch);

/// One row of weights per token: one version serves every level.
void braid_widen(float *x, const braid_matrix *w, size_t row);

/// One weight.
float braid_weight(const braid_matrix *w, size_t row, size_t column);

/// Fills rows up with zeros.
void braid_pack_floats(float *packed, const float *x, size_t rows, size_t columns);

/// The reference for weights in blocks.
void braid_pack_blocks(braid_block *packed, const float *x, size_t rows, size_t columns, int32_t type);
void braid_matmul_blocks(float *y, size_t y_stride, const braid_block *packed, size_t rows, const braid_matrix *w,
                         size_t first, size_t end, const float *bias, bool accumulate);

#endif
