// What this processor can do at most, measured now: the floors of the benchmark are made of these figures.
//
//   clang -O2 -march=native -pthread floors.c -o floors && ./floors [--quick | --serve BYTES]
//
// Writes one JSON object: read bandwidth in GB/s for 1 and 2 threads over working sets of several sizes, and the rates of
// the multiply-add instructions in GFLOP/s or GOP/s (a multiply and an add count as two), 0 where the processor has no
// such instruction. Bandwidth is wall-clock over all threads; rates are of one core, in the CPU time of its thread, so
// that another process on the machine does not lower them. Every figure is the best of 5: a floor is what nothing beats.
//
// With --serve it writes an object with the bandwidth of 2 threads over so many bytes for each line that it reads, so that
// it can be measured in turns with something else: on a machine that is lent out, memory is faster at some times than at
// others.
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { REPETITIONS = 5, MAXIMUM_THREADS = 2, CHAINS = 12 };

static double seconds_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

static volatile float sink;

// ---- bandwidth ----

typedef struct {
    const float *data;
    size_t floats;
    long passes;
    double start, end;
} reader;

static pthread_barrier_t barrier;

static float read_all(const float *data, size_t floats) {
    // Eight independent sums: one would wait for the adder, not for memory.
#if defined(__AVX512F__)
    __m512 sums[8];
    for (int k = 0; k < 8; k++) sums[k] = _mm512_setzero_ps();
    for (size_t i = 0; i < floats; i += 128)
        for (int k = 0; k < 8; k++) sums[k] = _mm512_add_ps(sums[k], _mm512_load_ps(data + i + 16 * k));
    float sum = 0;
    for (int k = 0; k < 8; k++) sum += _mm512_reduce_add_ps(sums[k]);
    return sum;
#else
    float sums[128] = {0};
    for (size_t i = 0; i < floats; i += 128)
        for (int k = 0; k < 128; k++) sums[k] += data[i + k];
    float sum = 0;
    for (int k = 0; k < 128; k++) sum += sums[k];
    return sum;
#endif
}

static void *run_reader(void *argument) {
    reader *r = argument;
    sink += read_all(r->data, r->floats);
    pthread_barrier_wait(&barrier);
    r->start = seconds_of(CLOCK_MONOTONIC);
    for (long pass = 0; pass < r->passes; pass++) sink += read_all(r->data, r->floats);
    r->end = seconds_of(CLOCK_MONOTONIC);
    return NULL;
}

// Gives each thread its own part of `bytes`.
static void make_readers(reader *readers, int threads, size_t bytes, size_t bytes_to_read) {
    const size_t floats = bytes / threads / sizeof(float) / 128 * 128;
    const long passes = bytes_to_read / bytes > 2 ? bytes_to_read / bytes : 2;
    for (int t = 0; t < threads; t++) {
        float *data;
        if (posix_memalign((void **)&data, 2 << 20, floats * sizeof(float))) {
            fprintf(stderr, "floors: no memory for a working set of %zu bytes\n", bytes);
            exit(1);
        }
        for (size_t i = 0; i < floats; i++) data[i] = 1;
        readers[t] = (reader){.data = data, .floats = floats, .passes = passes};
    }
}

// GB/s of threads that read together.
static double rate_of(reader *readers, int threads) {
    double best = 0;
    for (int repetition = 0; repetition < REPETITIONS; repetition++) {
        pthread_t handles[MAXIMUM_THREADS];
        pthread_barrier_init(&barrier, NULL, threads);
        for (int t = 0; t < threads; t++)
            if (pthread_create(&handles[t], NULL, run_reader, &readers[t])) exit(1);
        double start = INFINITY, end = 0;
        for (int t = 0; t < threads; t++) {
            pthread_join(handles[t], NULL);
            start = fmin(start, readers[t].start);
            end = fmax(end, readers[t].end);
        }
        pthread_barrier_destroy(&barrier);
        const double bytes = (double)readers[0].floats * sizeof(float) * threads * readers[0].passes;
        best = fmax(best, bytes / (end - start) / 1e9);
    }
    return best;
}

static double bandwidth(int threads, size_t bytes, size_t bytes_to_read) {
    reader readers[MAXIMUM_THREADS];
    make_readers(readers, threads, bytes, bytes_to_read);
    const double best = rate_of(readers, threads);
    for (int t = 0; t < threads; t++) free((void *)readers[t].data);
    return best;
}

// Answers lines until there are no more.
static int serve(size_t bytes) {
    reader readers[MAXIMUM_THREADS];
    make_readers(readers, MAXIMUM_THREADS, bytes, 64 << 20);
    for (int c = getchar(); c != EOF; c = getchar()) {
        if (c != '\n') continue;
        printf("{\"gigabytes_per_second\":%.2f}\n", rate_of(readers, MAXIMUM_THREADS));
        fflush(stdout);
    }
    return 0;
}

// ---- instruction rates ----

// Runs `operation` on CHAINS independent accumulators; the empty assembly keeps the compiler from folding them.
#define RATE(name, type, zero, operation, constraint, operations)                                                      \
    static double name(long count) {                                                                                   \
        double best = 0;                                                                                               \
        for (int repetition = 0; repetition < REPETITIONS; repetition++) {                                             \
            type a[CHAINS];                                                                                            \
            for (int i = 0; i < CHAINS; i++) a[i] = zero;                                                              \
            const double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);                                                  \
            for (long k = 0; k < count; k++) {                                                                         \
                _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) {                                            \
                    a[i] = operation;                                                                                  \
                    __asm__ volatile("" : "+" constraint(a[i]));                                                       \
                }                                                                                                      \
            }                                                                                                          \
            const double seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;                                        \
            best = fmax(best, (double)count * CHAINS * operations / seconds / 1e9);                                    \
        }                                                                                                              \
        return best;                                                                                                   \
    }

#if defined(__AVX512F__)
RATE(f32_rate, __m512, _mm512_set1_ps(0), _mm512_fmadd_ps(a[i], _mm512_set1_ps(1), _mm512_set1_ps(1)), "v", 32)
#elif defined(__AVX2__) && defined(__FMA__)
RATE(f32_rate, __m256, _mm256_set1_ps(0), _mm256_fmadd_ps(a[i], _mm256_set1_ps(1), _mm256_set1_ps(1)), "x", 16)
#elif defined(__aarch64__)
RATE(f32_rate, float32x4_t, vdupq_n_f32(0), vfmaq_f32(a[i], vdupq_n_f32(1), vdupq_n_f32(1)), "w", 8)
#else
static double f32_rate(long count) { return 0 * count; }
#endif

#if defined(__AVX512BF16__)
#define BF16_ONES ((__m512bh)_mm512_set1_epi16(0x3f80))
RATE(bf16_rate, __m512, _mm512_set1_ps(0), _mm512_dpbf16_ps(a[i], BF16_ONES, BF16_ONES), "v", 64)
#else
static double bf16_rate(long count) { return 0 * count; }
#endif

#if defined(__AVX512VNNI__)
RATE(int8_rate, __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(a[i], _mm512_set1_epi8(3), _mm512_set1_epi8(3)),
     "v", 128)
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
RATE(int8_rate, int32x4_t, vdupq_n_s32(0), vdotq_s32(a[i], vdupq_n_s8(3), vdupq_n_s8(3)), "w", 32)
#elif defined(__AVX2__)
// The nearest that there is: products of bytes, summed in pairs and then in 16 bits.
RATE(int8_rate, __m256i, _mm256_set1_epi8(1),
     _mm256_add_epi16(a[i], _mm256_maddubs_epi16(a[i], _mm256_set1_epi8(3))), "x", 64)
#else
static double int8_rate(long count) { return 0 * count; }
#endif

int main(int count, char **arguments) {
    const int quick = count == 2 && !strcmp(arguments[1], "--quick");
    if (count == 3 && !strcmp(arguments[1], "--serve")) {
        const double bytes = strtod(arguments[2], NULL);
        if (bytes >= 1 << 20 && bytes <= 1e12) return serve(bytes);
        fprintf(stderr, "floors: --serve is '%s'; allowed: 1048576 to 1e12 bytes\n", arguments[2]);
        return 64;
    }
    if (count > 1 && !quick) {
        fprintf(stderr, "floors: unknown argument '%s'; allowed: --quick, --serve BYTES\n", arguments[1]);
        return 64;
    }
    static const int mebibytes[] = {1, 6, 12, 24, 48, 96, 192, 512, 1024};
    const int sizes = quick ? 8 : 9;
    const size_t bytes_to_read = quick ? (size_t)512 << 20 : (size_t)2 << 30;
    const long instructions = quick ? 5000000 : 30000000;
    printf("{\"bandwidth\":[");
    for (int threads = 1; threads <= MAXIMUM_THREADS; threads++)
        for (int size = 0; size < sizes; size++)
            printf("%s{\"threads\":%d,\"mebibytes\":%d,\"gigabytes_per_second\":%.2f}", threads + size > 1 ? "," : "",
                   threads, mebibytes[size], bandwidth(threads, (size_t)mebibytes[size] << 20, bytes_to_read));
    printf("],\"f32_gflops\":%.1f,\"bf16_gflops\":%.1f,\"int8_gops\":%.1f}\n", f32_rate(instructions),
           bf16_rate(instructions), int8_rate(instructions));
    return 0;
}
