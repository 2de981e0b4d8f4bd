/// Kernels for AArch64 Advanced SIMD with its dot product of bytes.

#if defined(__aarch64__)
#define BRAID_TABLE braid_neon_dotprod
#define BRAID_LEVEL BRAID_LEVEL_NEON
#define BRAID_INT8_DOT 1
#define BRAID_BF16_DOT 0
#define BRAID_TARGET "dotprod"
#define BRAID_TILE_ROWS 2
#define BRAID_TILE_GROUPS 1
#define BRAID_WIDE_TILE_ROWS 2
#define BRAID_QUERY_TILE 4
#define BRAID_VALUE_LANES 1
#include "vector_kernels.h"
#endif
