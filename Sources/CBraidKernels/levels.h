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

/// Copying one position's keys and values is all memory traffic; one version serves every level.
void braid_store(float *layer, const braid_kv_shape *shape, size_t slot, const float *key, const float *value);

#endif
