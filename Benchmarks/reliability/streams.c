/* Opens many event streams and measures how long each token was under way.
 *
 *     streams PORT STREAMS [SECONDS [MILLISECONDS]]
 *
 * The streams are opened one after the other within so many milliseconds, 0 for all at once, and all go on together.
 * Every stream asks once for a chat completion. A token's text is "@nanoseconds;", by the same monotonic clock that is read
 * here. Both fields of a thought carry it; the second one is skipped. Prints one line of JSON. Ends by itself. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct stream {
    int socket;
    unsigned long long number, last;
    int reading, matched, status, head, done, counted;
};

static const char done_mark[] = "data: [DONE]";
static unsigned *latencies;
static size_t latency_count, latency_room;

static unsigned long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000000000ull + (unsigned long long)t.tv_nsec;
}

static void note(unsigned long long nanoseconds) {
    if (latency_count == latency_room) {
        latency_room = latency_room ? 2 * latency_room : 1 << 20;
        latencies = realloc(latencies, latency_room * sizeof *latencies);
        if (!latencies) exit(1);
    }
    unsigned long long micros = nanoseconds / 1000;
    latencies[latency_count++] = micros > 0xffffffffull ? 0xffffffffu : (unsigned)micros;
}

static void read_bytes(struct stream *s, const char *bytes, size_t count, unsigned long long at) {
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];
        /* "HTTP/1.1 200": the status is the three digits at 9. */
        if (s->head < 12) {
            if (s->head >= 9 && c >= '0' && c <= '9') s->status = 10 * s->status + (c - '0');
            s->head++;
        }
        s->matched = c == done_mark[s->matched] ? s->matched + 1 : c == done_mark[0];
        if (s->matched == (int)sizeof done_mark - 1) {
            s->done = 1;
            s->matched = 0;
        }
        if (c == '@') {
            s->reading = 1;
            s->number = 0;
        } else if (s->reading && c >= '0' && c <= '9') {
            s->number = 10 * s->number + (unsigned long long)(c - '0');
        } else if (s->reading) {
            if (c == ';' && s->number != s->last && s->number < at) {
                note(at - s->number);
                s->last = s->number;
                s->counted++;
            }
            s->reading = 0;
        }
    }
}

/* Asks on a new connection; 0 when that fails. */
static int ask(struct stream *s, int port, int poll, const char *request, int length) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (s->socket < 0 || connect(s->socket, (struct sockaddr *)&address, sizeof address) != 0
        || write(s->socket, request, (size_t)length) != length)
        return 0;
    fcntl(s->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    return epoll_ctl(poll, EPOLL_CTL_ADD, s->socket, &event) == 0;
}

static int compare(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

static double share(double q) { return latency_count ? latencies[(size_t)(q * (double)(latency_count - 1))] / 1e3 : -1; }

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: streams PORT STREAMS [SECONDS [MILLISECONDS]]\n");
        return 64;
    }
    int port = atoi(argv[1]), count = atoi(argv[2]), limit = argc > 3 ? atoi(argv[3]) : 300;
    int spread = argc > 4 ? atoi(argv[4]) : 0;
    if (port < 1 || port > 65535 || count < 1 || count > 4000 || limit < 1 || spread < 0 || spread > 60000) {
        fprintf(stderr, "streams: PORT is 1 to 65535, STREAMS 1 to 4000, SECONDS at least 1, MILLISECONDS 0 to 60000\n");
        return 64;
    }
    static const char body[] = "{\"model\":\"paced\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
    char request[512];
    int length = snprintf(request, sizeof request,
                          "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          port, sizeof body - 1, body);
    struct stream *streams = calloc((size_t)count, sizeof *streams);
    int poll = epoll_create1(0), asked = 0, open = 0, errors = 0, completed = 0;
    unsigned long long start = now(), bytes = 0;
    static char buffer[1 << 16];
    while ((open > 0 || asked < count) && now() - start < (unsigned long long)limit * 1000000000ull) {
        while (asked < count && now() - start >= (unsigned long long)spread * 1000000ull * (unsigned)asked / (unsigned)count) {
            if (ask(&streams[asked], port, poll, request, length)) open++; else errors++;
            asked++;
        }
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, asked < count ? 0 : 1000);
        for (int i = 0; i < ready; i++) {
            struct stream *s = events[i].data.ptr;
            ssize_t got = read(s->socket, buffer, sizeof buffer);
            if (got > 0) {
                bytes += (unsigned long long)got;
                read_bytes(s, buffer, (size_t)got, now());
            } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                close(s->socket);
                open--;
                if (s->status == 200 && s->done) completed++; else errors++;
            }
        }
    }
    double seconds = (double)(now() - start) / 1e9;
    int fewest = 1 << 30, most = 0;
    for (int i = 0; i < count; i++) {
        if (streams[i].counted < fewest) fewest = streams[i].counted;
        if (streams[i].counted > most) most = streams[i].counted;
    }
    qsort(latencies, latency_count, sizeof *latencies, compare);
    printf("{\"streams\": %d, \"completed\": %d, \"errors\": %d, \"unfinished\": %d, \"tokens\": %zu, \"fewestTokens\": %d, "
           "\"mostTokens\": %d, \"bytes\": %llu, \"seconds\": %.2f, \"p50Milliseconds\": %.3f, \"p90Milliseconds\": %.3f, "
           "\"p99Milliseconds\": %.3f, \"p999Milliseconds\": %.3f, \"maximumMilliseconds\": %.3f}\n",
           count, completed, errors, open, latency_count, fewest, most, bytes, seconds, share(0.5), share(0.9), share(0.99),
           share(0.999), share(1));
    return completed == count ? 0 : 1;
}
