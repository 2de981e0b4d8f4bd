/// The tables that dispatch.c chooses from. Internal.
#ifndef BRAID_LEVELS_H
#define BRAID_LEVELS_H

#include "braid_kernels.h"

extern const braid_kernels braid_scalar;

#if defined(__x86_64__)
extern const braid_kernels braid_avx2;
extern const braid_kernels braid_avx512;
#elif defined(__aarch64__)
extern const braid_kernels braid_neon;
#endif

/// The reference of `store`.
void braid_scalar_store(uint8_t *layer, const braid_kv_shape *shape, size_t slot, const float *key, const float *value);

/// The reference of `attention`.
void braid_scalar_attention(float *out, const float *query, const uint8_t *pool, const braid_kv_shape *shape,
                            size_t group, size_t kv_head, const braid_attention_plan *plan, float scale,
                            float *scratch);

#endif
