/// Kernels for AVX2, FMA and F16C: sixteen registers of eight lanes.

#if defined(__x86_64__)
#define BRAID_TABLE braid_avx2
#define BRAID_LEVEL BRAID_LEVEL_AVX2
#define BRAID_INT8_DOT 0
#define BRAID_BF16_DOT 0
#define BRAID_TARGET "avx2,fma,f16c"
#define BRAID_TILE_ROWS 5
#define BRAID_TILE_GROUPS 1
#define BRAID_WIDE_TILE_ROWS 5
#define BRAID_FLOAT_TILE_ROWS 3
#define BRAID_WIDENED_TILE_ROWS 4
#define BRAID_APART_ROWS 3
#define BRAID_STREAM_ROWS 1
#define BRAID_QUERY_TILE 4
#define BRAID_VALUE_LANES 1
#include "vector_kernels.h"
#endif
