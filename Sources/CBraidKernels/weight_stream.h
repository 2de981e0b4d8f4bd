/// The weights behind those that are being multiplied, on their way from memory. Internal; included by group_matmul.h.

/// Fetches weights evenly while products are computed. A processor that is busy does not look so far ahead, so without this
/// it would compute and wait in turns; and it can wait for few cache lines at a time, so they are not asked for at once.
typedef struct {
    const uint8_t *at;
    /// Cache lines per step of work, and those that are due, in 1 / 65536.
    size_t share, due;
} weight_stream;

/// What lies at `at`, in so many steps.
BRAID_INLINE weight_stream weight_stream_of(const uint8_t *at, size_t byte_count, size_t steps) {
    weight_stream stream = {at, steps ? (byte_count / 64 << 16) / steps : 0, 0};
    return stream;
}

/// Asks for the lines of a step. They need not be there: an address without memory is passed over.
BRAID_INLINE void weight_stream_step(weight_stream *stream) {
    for (stream->due += stream->share; stream->due >> 16; stream->due -= 1 << 16, stream->at += 64) {
        // Into the second-level cache: the first is full of what is in use.
        __builtin_prefetch(stream->at, 0, 2);
    }
}
