/// The vector kernels that read and write keys and values. Internal; included by vector_kernels.h.
///
/// Queries meet a page in tiles: the page's keys and values are loaded once for all queries of a tile, and come from the
/// first-level cache for the other tiles. How one query's numbers are summed does not depend on its tile.

typedef int32_t integers __attribute__((ext_vector_type(16)));
typedef int8_t bytes __attribute__((ext_vector_type(16)));
typedef _Float16 halves __attribute__((ext_vector_type(16)));

enum {
    /// A query's state: the weighted values so far [value_stride], the sums of weights [16], and what was subtracted
    /// from the scores.
    STATE_EXTRA = 2 * BRAID_PAGE_POSITIONS
};

/// The subtrahend follows the largest score only when that is so much larger: weights up to exp(8) lose nothing in f32,
/// and what was summed so far seldom needs another factor.
static const float headroom = 8;

/// Sixteen keys or values as f32.
BRAID_INLINE lanes load_elements(const uint8_t *x, const int32_t type) {
    if (type == BRAID_CACHE_F16) {
        halves v;
        memcpy(&v, x, sizeof v);
        return __builtin_convertvector(v, lanes);
    } else if (type == BRAID_CACHE_INT8) {
        bytes v;
        memcpy(&v, x, sizeof v);
        return __builtin_convertvector(__builtin_convertvector(v, integers), lanes);
    }
    lanes v;
    memcpy(&v, x, sizeof v);
    return v;
}

/// A page's part of one kv head.
typedef struct {
    const uint8_t *keys;
    int32_t first;
    int32_t rotation;
} page_part;

/// What comes next is fetched while queries meet a page, evenly: pages lie anywhere, so the processor cannot foresee
/// them, and it can wait for few cache lines at a time.
typedef struct {
    const uint8_t *at;
    /// Bytes per step of work: about half of them for a tile's keys, half for its values.
    size_t step;
} fetcher;

BRAID_INLINE void fetch(fetcher *next) {
    // Into the second-level cache: the first would be too small, and waits for fewer lines at once.
    __builtin_prefetch(next->at, 0, 2);
    next->at += next->step;
}

/// Scores of sixteen keys for `count` queries. Four partial sums per query, one after the other: the queries' sums hide
/// each other's latency.
BRAID_INLINE void tile_scores(lanes *scores, const float *const *queries, const page_part *part, size_t d,
                              fetcher *next, const size_t count, const int32_t type, const size_t size) {
    const size_t stride = BRAID_PAGE_POSITIONS * size;
    size_t whole = d / 4 * 4;
    lanes sums[4][BRAID_QUERY_TILE];
    BRAID_UNROLL for (size_t chain = 0; chain < 4; chain++) {
        BRAID_UNROLL for (size_t k = 0; k < count; k++) sums[chain][k] = 0;
    }
    const uint8_t *keys = part->keys;
    if (count == 1) {
        for (size_t i = 0; i < whole; i += 4, keys += 4 * stride) {
            BRAID_UNROLL for (size_t chain = 0; chain < 4; chain++) {
                fetch(next);
                lanes key = load_elements(keys + chain * stride, type);
                sums[chain][0] = fused((lanes)queries[0][i + chain], key, sums[chain][0]);
            }
        }
    } else {
        BRAID_UNROLL for (size_t chain = 0; chain < 4; chain++) {
            keys = part->keys + chain * stride;
            for (size_t i = chain; i < whole; i += 4, keys += 4 * stride) {
                fetch(next);
                lanes key = load_elements(keys, type);
                BRAID_UNROLL for (size_t k = 0; k < count; k++) {
                    sums[chain][k] = fused((lanes)queries[k][i], key, sums[chain][k]);
                }
            }
        }
    }
    for (size_t i = whole; i < d; i++) {
        lanes key = load_elements(part->keys + i * stride, type);
        BRAID_UNROLL for (size_t k = 0; k < count; k++) {
            sums[0][k] = fused((lanes)queries[k][i], key, sums[0][k]);
        }
    }
    BRAID_UNROLL for (size_t k = 0; k < count; k++) {
        scores[k] = (sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]);
    }
}

/// Adds the values of slots first..<end, by their weights, to `count` states.
BRAID_INLINE void add_values(float *states, size_t state_stride, const float (*weights)[BRAID_PAGE_POSITIONS],
                             const uint8_t *values, size_t value_stride, int32_t first, int32_t end, fetcher *next,
                             const size_t count, const int32_t type, const size_t size) {
    // One query alone needs several lane vectors to hide the latency of its sums.
    const size_t wide = count == 1 ? 4 : BRAID_VALUE_LANES;
    size_t i = 0;
    for (; i + 16 * wide <= value_stride; i += 16 * wide) {
        lanes sums[BRAID_QUERY_TILE][4];
        BRAID_UNROLL for (size_t k = 0; k < count; k++) {
            BRAID_UNROLL for (size_t v = 0; v < wide; v++) sums[k][v] = load(states + k * state_stride + i + 16 * v);
        }
        for (int32_t slot = first; slot < end; slot++) {
            const uint8_t *row = values + ((size_t)slot * value_stride + i) * size;
            BRAID_UNROLL for (size_t v = 0; v < wide; v++) fetch(next);
            lanes value[4];
            BRAID_UNROLL for (size_t v = 0; v < wide; v++) value[v] = load_elements(row + 16 * v * size, type);
            BRAID_UNROLL for (size_t k = 0; k < count; k++) {
                lanes weight = (lanes)weights[k][slot];
                BRAID_UNROLL for (size_t v = 0; v < wide; v++) sums[k][v] = fused(weight, value[v], sums[k][v]);
            }
        }
        BRAID_UNROLL for (size_t k = 0; k < count; k++) {
            BRAID_UNROLL for (size_t v = 0; v < wide; v++) store(states + k * state_stride + i + 16 * v, sums[k][v]);
        }
    }
    for (; i < value_stride; i += 16) {
        lanes sums[BRAID_QUERY_TILE];
        BRAID_UNROLL for (size_t k = 0; k < count; k++) sums[k] = load(states + k * state_stride + i);
        for (int32_t slot = first; slot < end; slot++) {
            lanes value = load_elements(values + ((size_t)slot * value_stride + i) * size, type);
            BRAID_UNROLL for (size_t k = 0; k < count; k++) sums[k] = fused((lanes)weights[k][slot], value, sums[k]);
        }
        BRAID_UNROLL for (size_t k = 0; k < count; k++) store(states + k * state_stride + i, sums[k]);
    }
}

/// Lets `count` queries meet a page. ends: the slot after the last that each sees; at most `first` when none.
BRAID_INLINE void meet_page(float *states, size_t state_stride, const float *const *queries, const int32_t *ends,
                            const page_part *part, const braid_kv_shape *shape, float scale, fetcher next,
                            const size_t count, const int32_t type, const size_t size) {
    const mask slots = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t d = shape->head_dimension, value_stride = shape->value_stride;
    lanes scores[BRAID_QUERY_TILE];
    float weights[BRAID_QUERY_TILE][BRAID_PAGE_POSITIONS];
    tile_scores(scores, queries, part, d, &next, count, type, size);
    lanes key_scales = (lanes)scale, value_scales = (lanes)1.0f;
    if (type == BRAID_CACHE_INT8) {
        key_scales = load_elements(part->keys + shape->scale_offset, BRAID_CACHE_F32) * scale;
        value_scales = load_elements(part->keys + shape->scale_offset + BRAID_PAGE_POSITIONS * sizeof(float),
                                     BRAID_CACHE_F32);
    }
    bool together = true;
    BRAID_UNROLL for (size_t k = 0; k < count; k++) {
        // Slots outside the run may hold anything, not-a-numbers included.
        mask inside = (slots >= (mask)part->first) & (slots < (mask)ends[k]);
        scores[k] = inside ? scores[k] * key_scales : (lanes)-INFINITY;
        together &= ends[k] == ends[0];
    }
    BRAID_UNROLL for (size_t k = 0; k < count; k++) {
        float *state = states + k * state_stride, *sums = state + value_stride;
        float subtrahend = sums[BRAID_PAGE_POSITIONS];
        if (__builtin_reduce_or(scores[k] > (lanes)(subtrahend + headroom))) {
            float highest = largest(scores[k]), factor = exponential((lanes)(subtrahend - highest)).x;
            for (size_t i = 0; i < value_stride + BRAID_PAGE_POSITIONS; i += 16) {
                store(state + i, load(state + i) * factor);
            }
            subtrahend = sums[BRAID_PAGE_POSITIONS] = highest;
        }
        scores[k] -= (lanes)subtrahend;
    }
    BRAID_UNROLL for (size_t k = 0; k < count; k++) {
        float *sums = states + k * state_stride + value_stride;
        lanes shares = exponential(scores[k]);
        store(sums, load(sums) + shares);
        store(weights[k], type == BRAID_CACHE_INT8 ? shares * value_scales : shares);
    }
    const uint8_t *values = part->keys + shape->value_offset;
    if (together) {
        add_values(states, state_stride, weights, values, value_stride, part->first, ends[0], &next, count, type, size);
    } else {
        // Each by itself: a slot that a query does not see may change nothing, not even the sign of a zero.
        for (size_t k = 0; k < count; k++) {
            add_values(states + k * state_stride, state_stride, weights + k, values, value_stride, part->first,
                       ends[k], &next, 1, type, size);
        }
    }
}

/// Lets the queries of a span meet all its pages, page by page.
BRAID_INLINE void meet_span(float *states, size_t state_stride, const float *query, size_t width, const uint8_t *heads,
                            const braid_kv_shape *shape, size_t group, const braid_attention_plan *plan,
                            const braid_attention_span *span, float scale, const int32_t type, const size_t size) {
    const braid_kv_run *runs = plan->runs + span->first_run;
    const braid_attention_row *rows = plan->rows + span->first_row;
    size_t d = shape->head_dimension, queries = (size_t)span->row_count * group;
    int32_t least = INT32_MAX, most = 0;
    for (int32_t r = 0; r < span->row_count; r++) {
        int32_t visible = rows[r].visible - span->before;
        least = visible < least ? visible : least;
        most = visible > most ? visible : most;
    }
    states += (size_t)span->first_row * group * state_stride;
    size_t tiles = (queries + BRAID_QUERY_TILE - 1) / BRAID_QUERY_TILE;
    size_t fetch_step = shape->scale_offset / ((d + shape->value_stride) * tiles);
    // The last page of the last span fetches itself, which costs nothing.
    bool is_last = span + 1 == plan->spans + plan->span_count;
    int32_t page_after = is_last ? runs[span->run_count - 1].page : plan->runs[span[1].first_run].page;
    int32_t before = 0;
    for (int32_t n = 0; n < span->run_count && before < most; n++) {
        page_part part = {heads + (size_t)runs[n].page * shape->page_stride, runs[n].first, runs[n].rotation};
        int32_t count = runs[n].count;
        int32_t ahead = n + 1 < span->run_count ? runs[n + 1].page : page_after;
        fetcher next = {heads + (size_t)ahead * shape->page_stride, fetch_step};
        size_t first = 0, row = 0, head = 0;
        while (first < queries) {
            const float *tile[BRAID_QUERY_TILE];
            int32_t ends[BRAID_QUERY_TILE], last = 0;
            size_t left = queries - first, size_of_tile = 1;
            while (2 * size_of_tile <= left && size_of_tile < BRAID_QUERY_TILE) size_of_tile *= 2;
            for (size_t k = 0; k < size_of_tile; k++) {
                int32_t visible = rows[row].visible - span->before - before;
                ends[k] = part.first + (visible < count ? visible : count);
                last = ends[k] > last ? ends[k] : last;
                tile[k] = query + ((size_t)rows[row].query + (size_t)part.rotation) * width + head * d;
                if (++head == group) head = 0, row++;
            }
            if (last > part.first) {
                float *state = states + first * state_stride;
#define BRAID_CASE(n)                                                                                                 \
    case n: meet_page(state, state_stride, tile, ends, &part, shape, scale, next, n, type, size); break;
                switch (size_of_tile) {
                    BRAID_CASE(1)
#if BRAID_QUERY_TILE > 1
                    BRAID_CASE(2)
#endif
#if BRAID_QUERY_TILE > 2
                    BRAID_CASE(4)
#endif
#if BRAID_QUERY_TILE > 4
                    BRAID_CASE(8)
#endif
                default: break;
                }
#undef BRAID_CASE
            }
            next.at += (d + shape->value_stride) * fetch_step;
            first += size_of_tile;
        }
        before += count;
    }
}

static void meet_span_f32(float *states, size_t state_stride, const float *query, size_t width, const uint8_t *heads,
                          const braid_kv_shape *shape, size_t group, const braid_attention_plan *plan,
                          const braid_attention_span *span, float scale) {
    meet_span(states, state_stride, query, width, heads, shape, group, plan, span, scale, BRAID_CACHE_F32, 4);
}

static void meet_span_f16(float *states, size_t state_stride, const float *query, size_t width, const uint8_t *heads,
                          const braid_kv_shape *shape, size_t group, const braid_attention_plan *plan,
                          const braid_attention_span *span, float scale) {
    meet_span(states, state_stride, query, width, heads, shape, group, plan, span, scale, BRAID_CACHE_F16, 2);
}

static void meet_span_int8(float *states, size_t state_stride, const float *query, size_t width, const uint8_t *heads,
                           const braid_kv_shape *shape, size_t group, const braid_attention_plan *plan,
                           const braid_attention_span *span, float scale) {
    meet_span(states, state_stride, query, width, heads, shape, group, plan, span, scale, BRAID_CACHE_INT8, 1);
}

static void attention(float *out, const float *query, const uint8_t *pool, const braid_kv_shape *shape, size_t group,
                      size_t kv_head, const braid_attention_plan *plan, float scale, float *scratch) {
    size_t d = shape->head_dimension, stride = shape->value_stride, state_stride = stride + STATE_EXTRA;
    size_t width = shape->kv_heads * group * d, queries = plan->row_count * group;
    for (size_t k = 0; k < queries; k++) {
        float *state = scratch + k * state_stride;
        for (size_t i = 0; i < stride + BRAID_PAGE_POSITIONS; i += 16) store(state + i, 0);
        state[stride + BRAID_PAGE_POSITIONS] = -INFINITY;
    }
    query += kv_head * group * d;
    out += kv_head * group * d;
    pool += kv_head * shape->head_stride;
    for (size_t s = 0; s < plan->span_count; s++) {
        (shape->type == BRAID_CACHE_F32   ? meet_span_f32
         : shape->type == BRAID_CACHE_F16 ? meet_span_f16
                                          : meet_span_int8)(scratch, state_stride, query, width, pool, shape, group,
                                                            plan, plan->spans + s, scale);
    }
    for (size_t row = 0; row < plan->row_count; row++) {
        for (size_t head = 0; head < group; head++) {
            const float *state = scratch + (row * group + head) * state_stride;
            float *result = out + (size_t)plan->rows[row].output * width + head * d;
            lanes sum = (lanes)total(load(state + stride));
            size_t i = 0;
            for (; i + 16 <= d; i += 16) store(result + i, load(state + i) / sum);
            if (i < d) store_part(result + i, load(state + i) / sum, d - i);
        }
    }
}

/// The largest magnitude, or not a number if one is none.
BRAID_INLINE float magnitude(const float *x, size_t count) {
    lanes most = 0;
    for (size_t i = 0; i < count; i += 16) {
        lanes v = load_part(x + i, count - i < 16 ? count - i : 16);
        lanes size = v < 0 ? -v : v;
        // Not-a-numbers enter and stay.
        most = most >= size ? most : most == most ? size : most;
    }
    float top = 0;
    for (size_t i = 0; i < 16; i++) top = top >= most[i] ? top : top == top ? most[i] : top;
    return top;
}

/// Converts up to sixteen numbers for the cache.
BRAID_INLINE void convert(uint8_t *to, const float *x, size_t count, float inverse, const int32_t type) {
    lanes v = load_part(x, count);
    if (type == BRAID_CACHE_F16) {
        v = v > 65504.0f ? (lanes)65504.0f : v;
        v = v < -65504.0f ? (lanes)-65504.0f : v;
        halves h = __builtin_convertvector(v, halves);
        memcpy(to, &h, sizeof h);
    } else {
        v *= inverse;
        v = v > 127.0f ? (lanes)127.0f : v;
        v = v < -127.0f ? (lanes)-127.0f : v;
        v = v == v ? v : (lanes)0;
        // Adding 1.5 * 2^23 rounds to an integer, ties to even.
        v = (v + 12582912.0f) - 12582912.0f;
        bytes b = __builtin_convertvector(__builtin_convertvector(v, integers), bytes);
        memcpy(to, &b, sizeof b);
    }
}

BRAID_INLINE void store_head(uint8_t *head, const braid_kv_shape *shape, size_t slot, const float *key,
                             const float *value, const int32_t type, const size_t size) {
    size_t d = shape->head_dimension, stride = shape->value_stride;
    float inverses[2] = {1, 1};
    if (type == BRAID_CACHE_INT8) {
        BRAID_UNROLL for (size_t part = 0; part < 2; part++) {
            float most = magnitude(part == 0 ? key : value, d), scale = most / 127;
            memcpy(head + shape->scale_offset + (part * BRAID_PAGE_POSITIONS + slot) * 4, &scale, 4);
            inverses[part] = most > 0 ? 127 / most : most;
        }
    }
    uint8_t *column = head + slot * size, *row = head + shape->value_offset + slot * stride * size;
    for (size_t i = 0; i < stride; i += 16) {
        size_t count = d - i < 16 ? d - i : 16;
        uint8_t part[16 * 4];
        if (type == BRAID_CACHE_F32) {
            memcpy(part, key + i, count * 4);
            store((float *)(void *)(row + i * 4), load_part(value + i, count));
        } else {
            convert(part, key + i, count, inverses[0], type);
            convert(row + i * size, value + i, count, inverses[1], type);
        }
        for (size_t j = 0; j < count; j++) {
            memcpy(column + (i + j) * BRAID_PAGE_POSITIONS * size, part + j * size, size);
        }
    }
}

static void store_slot(uint8_t *layer, const braid_kv_shape *shape, size_t slot, const float *key,
                       const float *value) {
    size_t d = shape->head_dimension;
    for (size_t h = 0; h < shape->kv_heads; h++, layer += shape->head_stride, key += d, value += d) {
        switch (shape->type) {
        case BRAID_CACHE_F32: store_head(layer, shape, slot, key, value, BRAID_CACHE_F32, 4); break;
        case BRAID_CACHE_F16: store_head(layer, shape, slot, key, value, BRAID_CACHE_F16, 2); break;
        default: store_head(layer, shape, slot, key, value, BRAID_CACHE_INT8, 1); break;
        }
    }
}
