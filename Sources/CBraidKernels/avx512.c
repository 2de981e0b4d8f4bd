/// Kernels for AVX-512: thirty-two registers of sixteen lanes. bf16 weights are widened exactly and multiplied in f32;
/// the bf16 dot-product instruction would round the activations too, at half the speed of f32 on today's processors.

#if defined(__x86_64__)
#define BRAID_TABLE braid_avx512
#define BRAID_LEVEL BRAID_LEVEL_AVX512
#define BRAID_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"
#define BRAID_TILE_ROWS 4
#define BRAID_TILE_OUTPUTS 4
#define BRAID_ROW_OUTPUTS 8
#define BRAID_QUERY_TILE 8
#define BRAID_VALUE_LANES 2
#include "vector_kernels.h"
#endif
