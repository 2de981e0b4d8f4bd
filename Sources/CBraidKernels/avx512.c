/// Kernels for AVX-512: thirty-two registers of sixteen lanes.

#if defined(__x86_64__)
#define BRAID_TABLE braid_avx512
#define BRAID_LEVEL BRAID_LEVEL_AVX512
#define BRAID_INT8_DOT 0
#define BRAID_BF16_DOT 0
#define BRAID_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"
#define BRAID_TILE_ROWS 8
#define BRAID_TILE_GROUPS 2
#define BRAID_WIDE_TILE_ROWS 6
#define BRAID_STREAM_ROWS 2
#define BRAID_QUERY_TILE 8
#define BRAID_VALUE_LANES 2
#include "vector_kernels.h"
#endif
