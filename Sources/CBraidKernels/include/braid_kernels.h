/// Braid's compute kernels. This header is their manual.
///
/// Every kernel exists several times: in plain C (`BRAID_LEVEL_SCALAR`, the reference that tests compare with) and for
/// vector instruction sets. `braid_best_level` finds out at run time what the processor has; a caller keeps the table
/// that `braid_kernels_for` returns. There is no global state, so two engines of one process may use different levels.
///
/// Rules that hold for every kernel unless its comment says otherwise:
///   - Matrices are row-major. Activations are f32. Pointers need no alignment beyond their element's.
///   - Outputs may not overlap inputs.
///   - Nothing allocates, nothing fails; sizes are the caller's duty. Zero rows or columns are allowed.
///   - Determinism: an output element is always summed in the same order, whatever the other rows of the call, the
///     range of outputs asked for, and the thread that computes it. So a token's logits do not depend on its batch.
///     The vector levels share one source and one order: AVX2, AVX-512 and NEON give the same bits.
#ifndef BRAID_KERNELS_H
#define BRAID_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Instruction sets, in order of preference.
enum {
    BRAID_LEVEL_SCALAR = 0,
    /// AVX2, FMA and F16C (x86-64-v3).
    BRAID_LEVEL_AVX2 = 1,
    /// AVX-512 F, BW, DQ and VL (x86-64-v4).
    BRAID_LEVEL_AVX512 = 2,
    /// AArch64 Advanced SIMD.
    BRAID_LEVEL_NEON = 3,
    BRAID_LEVEL_COUNT = 4
};

/// Kinds of weights.
enum {
    BRAID_WEIGHT_F32 = 0,
    /// The upper half of an f32. Widened (exactly) to f32 before it is multiplied.
    BRAID_WEIGHT_BF16 = 1,
    /// bf16 weights whose activations are rounded to bf16 too, for the processor's dot product of bf16.
    BRAID_WEIGHT_BF16_ROUNDED = 2,
    /// Blocks of 32 columns: integers -128...127 times an f16 scale. Activations are quantised in the same way, with an
    /// f32 scale.
    BRAID_WEIGHT_Q8 = 3,
    /// Blocks of 32 columns: integers -8...7 times an f16 scale. Activations are quantised to 8 bits.
    BRAID_WEIGHT_Q4 = 4
};

/// What some processors of a level have and others lack. A result does not depend on it, only its speed.
enum {
    /// Dot products of bytes: AVX-512 VNNI, AArch64 dotprod.
    BRAID_FEATURE_INT8_DOT = 1,
    /// Dot products of bf16: AVX-512 BF16.
    BRAID_FEATURE_BF16_DOT = 2,
    BRAID_FEATURE_ALL = 3
};

/// Element types of keys and values.
enum {
    BRAID_CACHE_F32 = 0,
    /// IEEE half precision. Numbers beyond +-65504, infinities too, are stored as that.
    BRAID_CACHE_F16 = 1,
    /// Integers -127...127 times an f32 scale per position and head: the largest magnitude of the 127.
    BRAID_CACHE_INT8 = 2
};

enum {
    /// Token positions in one page of the key-value cache; also the vector width that kernels are written in.
    BRAID_PAGE_POSITIONS = 16,
    /// Packed activations come in groups of this many columns.
    BRAID_PACK_COLUMNS = 32,
    /// Columns that share a scale in block-quantised weights.
    BRAID_BLOCK_COLUMNS = 32
};

/// A weight matrix W: [rows, columns], one output per row, as `torch.nn.Linear` has it.
typedef struct {
    /// What `braid_arrange` wrote; best at a multiple of 64, and in huge pages.
    const void *_Nonnull elements;
    /// BRAID_WEIGHT_...
    int32_t type;
    /// Outputs.
    size_t rows;
    /// Inputs; with blocks a multiple of BRAID_BLOCK_COLUMNS.
    size_t columns;
} braid_matrix;

/// Consecutive slots of one page that a query attends to.
typedef struct {
    /// Index of the page in the pool.
    int32_t page;
    /// First slot, 0..<16.
    uint16_t first;
    /// Slots, 1...16 - first.
    uint16_t count;
    /// Which rotation of the query meets these keys: an index into the query's rotations, 0 for unshifted spans.
    int32_t rotation;
} braid_kv_run;

/// Shape of the key-value pool, the same for all layers. Sizes and places are in bytes.
///
///     page  = layer 0, layer 1, ...
///     layer = kv head 0, kv head 1, ...
///     head  = keys   [head_dimension][16]     a slot is a column: 16 scores come from one pass over the rows
///             values [16][value_stride]       a slot is a row, padded with zeros to a multiple of 16
///             scales of keys [16], of values [16], in f32; only for BRAID_CACHE_INT8
typedef struct {
    size_t kv_heads;
    size_t head_dimension;
    /// head_dimension rounded up to a multiple of 16; elements.
    size_t value_stride;
    /// BRAID_CACHE_...
    int32_t type;
    /// Of one key or value.
    size_t element_size;
    /// Where a head's values begin.
    size_t value_offset;
    /// Where its scales would begin.
    size_t scale_offset;
    /// Of one head of one layer of a page; a multiple of 64.
    size_t head_stride;
    /// kv_heads * head_stride.
    size_t layer_stride;
    /// Of one page: layer_stride * layers.
    size_t page_stride;
} braid_kv_shape;

/// A position that attends.
typedef struct {
    /// Its query, a row of `query`; the query turned by rotation k lies k rows further.
    int32_t query;
    /// Its row of `out`.
    int32_t output;
    /// Slots that it sees, counted from the beginning of its view; at least 1.
    int32_t visible;
} braid_attention_row;

/// Runs that consecutive rows attend to together: the same stretch of all their views.
typedef struct {
    int32_t first_row;
    int32_t row_count;
    int32_t first_run;
    int32_t run_count;
    /// Slots of their views before the first run.
    int32_t before;
} braid_attention_span;

/// What to attend to: `rows` over `spans`. The spans of a row are in the order of its view and cover what it sees.
typedef struct {
    const braid_attention_row *_Nonnull rows;
    size_t row_count;
    const braid_attention_span *_Nonnull spans;
    size_t span_count;
    const braid_kv_run *_Nonnull runs;
} braid_attention_plan;

/// The kernels of one level.
typedef struct {
    /// BRAID_LEVEL_...
    int32_t level;

    /// Widens a row of weights to f32, exactly but for the rounding of integer times scale. x: [W.columns].
    void (*_Nonnull widen)(float *_Nonnull x, const braid_matrix *_Nonnull w, size_t row);

    /// Brings activations into the form in which `matmul` of the same table reads them for weights of `type`: reorders,
    /// rounds or quantises them. packed: rows * braid_packed_bytes(columns, type) bytes, aligned to 4;
    /// x: [rows, columns]. A row's bytes depend on that row alone, so rows may be packed by several threads.
    void (*_Nonnull pack)(void *_Nonnull packed, const float *_Nonnull x, size_t rows, size_t columns, int32_t type);

    /// y[r, o] = (accumulate ? y[r, o] : 0) + sum_i x[r, i] * W[o, i] + bias[o]   for o in first..<end.
    /// y: [rows, y_stride], packed: `pack`ed x [rows, W.columns], bias: [W.rows] or NULL.
    /// Weights are read once from memory, whatever the number of rows. Error of an element, against the exact product
    /// of what weights and packed activations stand for: at most (n/2 + 6) u sum_i |x_i W_i|, u = 2^-24. Rounded
    /// bf16 and blocks give the same bits on every level, the scalar one included.
    void (*_Nonnull matmul)(float *_Nonnull y, size_t y_stride, const void *_Nonnull packed, size_t rows,
                            const braid_matrix *_Nonnull w, size_t first, size_t end, const float *_Nullable bias,
                            bool accumulate);

    /// Root-mean-square norm (Zhang and Sennrich 2019, arXiv 1910.07467): y = x / sqrt(mean(x^2) + epsilon) * weight.
    /// y, x: [rows, columns], weight: [columns]; y may be x.
    void (*_Nonnull rms_norm)(float *_Nonnull y, const float *_Nonnull x, const float *_Nonnull weight, size_t rows,
                              size_t columns, float epsilon);

    /// Rotary embedding (Su et al. 2021, arXiv 2104.09864) in the half-split convention of Hugging Face:
    /// (a, b) -> (a cos - b sin, b cos + a sin) with a = x[i], b = x[i + d/2]. x: [heads, d], cosine, sine: [d/2].
    void (*_Nonnull rotate)(float *_Nonnull x, const float *_Nonnull cosine, const float *_Nonnull sine, size_t heads,
                            size_t head_dimension);

    /// Writes one position's keys and values into a slot. key, value: [kv_heads, head_dimension];
    /// layer: the layer's part of the page.
    void (*_Nonnull store)(uint8_t *_Nonnull layer, const braid_kv_shape *_Nonnull shape, size_t slot,
                           const float *_Nonnull key, const float *_Nonnull value);

    /// Attention of the query heads of one kv head, for all rows of a plan, by the running softmax (Milakov and
    /// Gimelshein 2018, arXiv 1805.02867). A page is loaded once for all rows that share it.
    ///
    /// out: [rows, kv_heads * group, head_dimension]; query: the same, with a row per rotation.
    /// pool: the layer's part of page 0. scratch: braid_attention_scratch(shape, rows * group) floats that no other
    /// thread uses. Determinism: a row's result depends on its query and on the slots that it sees, in their order and
    /// with their pages; not on the other rows, nor on how the runs are cut into spans.
    void (*_Nonnull attention)(float *_Nonnull out, const float *_Nonnull query, const uint8_t *_Nonnull pool,
                               const braid_kv_shape *_Nonnull shape, size_t group, size_t kv_head,
                               const braid_attention_plan *_Nonnull plan, float scale, float *_Nonnull scratch);

    /// out[i] = silu(gate[i]) * up[i], silu(x) = x / (1 + exp(-x)) (Shazeer 2020, arXiv 2002.05202). All [count];
    /// out may be gate or up.
    void (*_Nonnull swiglu)(float *_Nonnull out, const float *_Nonnull gate, const float *_Nonnull up, size_t count);

    /// Index of the largest element, the first of equals; 0 when count is 0. Not-a-numbers are never chosen unless
    /// there is nothing else.
    size_t (*_Nonnull argmax)(const float *_Nonnull x, size_t count);

    /// out[i] = exp((x[i] - shift) * scale); returns the sum. `shift` is the maximum of x, so nothing overflows;
    /// scale > 0. out may be x.
    float (*_Nonnull exponentiate)(float *_Nonnull out, const float *_Nonnull x, size_t count, float shift,
                                   float scale);

    /// log(sum_i exp(x[i])), given the maximum of x.
    float (*_Nonnull log_sum_exp)(const float *_Nonnull x, size_t count, float maximum);

    /// BRAID_FEATURE_... that it makes use of.
    int32_t features;
} braid_kernels;

/// The best level this processor has.
int32_t braid_best_level(void);

/// The kernels of a level, or NULL when this processor or this build lacks it. Static storage.
const braid_kernels *_Nullable braid_kernels_for(int32_t level);

/// The same, without the features that are not in `features`: for comparisons.
const braid_kernels *_Nullable braid_kernels_limited_to(int32_t level, int32_t features);

/// A level's name, such as "avx512"; "unknown" for anything else.
const char *_Nonnull braid_level_name(int32_t level);

/// Columns of packed activations: `columns` rounded up to a multiple of BRAID_PACK_COLUMNS.
static inline size_t braid_packed_columns(size_t columns) {
    return (columns + BRAID_PACK_COLUMNS - 1) / BRAID_PACK_COLUMNS * BRAID_PACK_COLUMNS;
}

/// Bytes of one row of packed activations for weights of `type`.
static inline size_t braid_packed_bytes(size_t columns, int32_t type) {
    switch (type) {
    case BRAID_WEIGHT_Q8:
    case BRAID_WEIGHT_Q4: return columns / BRAID_BLOCK_COLUMNS * (BRAID_BLOCK_COLUMNS + 8);
    default: return braid_packed_columns(columns) * sizeof(float);
    }
}

/// Bytes of a row of a file's weights: f32, bf16, or blocks as GGUF has them, {f16 scale, 32 x int8} or {f16 scale, 16
/// bytes of two 4-bit integers}, which need `columns` to be a multiple of BRAID_BLOCK_COLUMNS.
static inline size_t braid_row_bytes(size_t columns, int32_t type) {
    switch (type) {
    case BRAID_WEIGHT_F32: return columns * 4;
    case BRAID_WEIGHT_Q8: return columns / BRAID_BLOCK_COLUMNS * 34;
    case BRAID_WEIGHT_Q4: return columns / BRAID_BLOCK_COLUMNS * 18;
    default: return columns * 2;
    }
}

/// Bytes of an arranged matrix.
size_t braid_arranged_bytes(size_t rows, size_t columns, int32_t type);

/// Brings rows 16 group..<min(rows, 16 group + 16) of a matrix into the order in which `matmul` reads them.
/// arranged: the whole matrix; source: these rows, braid_row_bytes each, any alignment (Q8: GGUF's Q8_0; Q4: Q4_0, whose
/// byte i holds element i low and element 16 + i high).
void braid_arrange(void *_Nonnull arranged, const void *_Nonnull source, size_t rows, size_t columns, int32_t type,
                   size_t group);

/// Quantises a row as GGUF's Q8_0 or Q4_0: the scale is the largest magnitude / 127, or the number of largest magnitude
/// / -8, as f16; integers are rounded to nearest. blocks: braid_row_bytes, x: [columns].
void braid_quantize(void *_Nonnull blocks, const float *_Nonnull x, size_t columns, int32_t type);

/// The shape of a pool.
static inline braid_kv_shape braid_kv_shape_make(size_t layers, size_t kv_heads, size_t head_dimension, int32_t type) {
    braid_kv_shape shape;
    shape.kv_heads = kv_heads;
    shape.head_dimension = head_dimension;
    shape.value_stride = (head_dimension + 15) / 16 * 16;
    shape.type = type;
    shape.element_size = type == BRAID_CACHE_F32 ? 4 : type == BRAID_CACHE_F16 ? 2 : 1;
    shape.value_offset = BRAID_PAGE_POSITIONS * head_dimension * shape.element_size;
    shape.scale_offset = shape.value_offset + BRAID_PAGE_POSITIONS * shape.value_stride * shape.element_size;
    size_t scales = type == BRAID_CACHE_INT8 ? 2 * BRAID_PAGE_POSITIONS * sizeof(float) : 0;
    shape.head_stride = (shape.scale_offset + scales + 63) / 64 * 64;
    shape.layer_stride = kv_heads * shape.head_stride;
    shape.page_stride = shape.layer_stride * layers;
    return shape;
}

/// Floats of scratch for the attention of so many queries.
static inline size_t braid_attention_scratch(const braid_kv_shape *_Nonnull shape, size_t queries) {
    return queries * (shape->value_stride + 2 * BRAID_PAGE_POSITIONS);
}

/// Worker threads for the parallel regions of one caller.
///
/// Between `braid_pool_wake` and `braid_pool_rest` regions run on all threads: the caller works too, and takes every
/// piece that no worker has claimed, so a region ends even when the operating system runs no worker at all. At other
/// times the caller does regions alone, and also for a while from when its workers, held up by other processes, have kept
/// it waiting for a quarter of the time since it called them. Whoever waits spins for about 0.1 ms, then sleeps, so that a
/// processor which others need is theirs.
typedef struct braid_pool braid_pool;

/// One piece of a region's work; `context` is the region's. Called from any thread of the pool.
typedef void (*braid_pool_work)(void *_Nonnull context, size_t piece);

/// Starts `threads` - 1 workers (none for 0 and 1; at most 63). NULL when memory or threads cannot be had.
braid_pool *_Nullable braid_pool_create(size_t threads);

/// Ends the workers and frees the pool. No region may be running.
void braid_pool_destroy(braid_pool *_Nonnull pool);

/// Threads, the caller's included.
size_t braid_pool_threads(const braid_pool *_Nonnull pool);

/// Wakes the workers before a series of regions.
void braid_pool_wake(braid_pool *_Nonnull pool);

/// The caller works alone from here on.
void braid_pool_rest(braid_pool *_Nonnull pool);

/// Runs pieces 0..<pieces and returns when all are done; on the caller alone when the pool rests, or for more than
/// 2^20 - 1 pieces. Only one thread may call it at a time, and not from inside a piece. What the caller wrote before is
/// visible to the pieces, and what they wrote to the caller.
void braid_pool_run(braid_pool *_Nonnull pool, size_t pieces, braid_pool_work _Nonnull work, void *_Nonnull context);

#ifdef __cplusplus
}
#endif

#endif
