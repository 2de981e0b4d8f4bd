// Fork and join through llama.cpp's C API: the embedded peer of `braid-forkjoin`, with the same programs on the same tokens.
//
//   llamacpp-forkjoin --model FILE.gguf [--threads 2] [--flash on|off] [--kv unified|streams] [--kv-type f16|f32]
//
// Reads one program per line from standard input, runs it once, and writes one line of JSON; see Benchmarks/README.md.
// Seconds are wall-clock. Between two programs nothing is computed. The context, and the prefix of `threads`, are kept
// from one line to the next where they fit, so that memory is touched in the warm-up and not in the measured run.
//
// `--kv unified --flash off` is llama.cpp at its best with shared prefixes, `--flash on` what it chooses by itself.
// In a unified cache a fork (llama_memory_seq_cp) shares cells, and so can a join: `zerocopy` shifts the positions of
// each thread behind the one before and adopts its cells; threads keep the keys and values they computed, without
// having seen each other, as in a stitched join.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

using Tokens = std::vector<llama_token>;

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "llamacpp-forkjoin: %s\n", what.c_str());
    std::exit(1);
}

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The tokens of both drivers: ids 3 to 399, which every model of the benchmark has. Every run has another prefix, from its
// first token on, so that no engine finds one in a cache.
Tokens prefix_tokens(int count, long run) {
    Tokens tokens(count);
    for (long i = 0; i < count; i++) tokens[i] = 3 + static_cast<llama_token>((i * i * 31 + i * 17 + run * 101) % 397);
    return tokens;
}

Tokens header_tokens(int thread, int count) {
    Tokens tokens(count);
    for (int k = 0; k < count; k++) tokens[k] = 3 + (thread * 37 + k * 11) % 397;
    return tokens;
}

struct Options {
    std::string model;
    int threads = 2;
    bool flash = false;
    bool unified = true;
    bool kv_f32 = false;
};

// One line of input: a name and `key=value` pairs.
class Program {
  public:
    explicit Program(const std::string &line) {
        std::istringstream words(line);
        words >> name_;
        for (std::string word; words >> word;) {
            const auto equals = word.find('=');
            if (equals == std::string::npos) fail("'" + word + "' is not key=value");
            values_[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }

    const std::string &name() const { return name_; }

    int number(const std::string &key, int fallback, int least) const {
        const auto found = values_.find(key);
        if (found == values_.end()) return fallback;
        char *end = nullptr;
        const long value = std::strtol(found->second.c_str(), &end, 10);
        if (found->second.empty() || *end != 0 || value < least || value > 1 << 20)
            fail(key + " is '" + found->second + "'; allowed: " + std::to_string(least) + " to 1048576");
        return static_cast<int>(value);
    }

    std::string text(const std::string &key) const {
        const auto found = values_.find(key);
        return found == values_.end() ? "" : found->second;
    }

    Tokens ids(const std::string &key) const {
        Tokens ids;
        std::istringstream list(text(key));
        for (std::string id; std::getline(list, id, ',');) ids.push_back(std::atoi(id.c_str()));
        return ids;
    }

  private:
    std::string name_;
    std::map<std::string, std::string> values_;
};

// One line of output.
class Result {
  public:
    explicit Result(const Program &program) {
        out_.precision(9);
        out_ << "{\"engine\":\"llama.cpp\",\"program\":\"" << program.name() << '"';
    }

    void add(const std::string &key, double value) { out_ << ",\"" << key << "\":" << value; }

    template <class Number> void add(const std::string &key, const std::vector<Number> &values) {
        out_ << ",\"" << key << "\":[";
        for (size_t i = 0; i < values.size(); i++) out_ << (i ? "," : "") << values[i];
        out_ << ']';
    }

    void print() {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        add("peak_rss_bytes", usage.ru_maxrss * 1024.0);
        std::printf("%s}\n", out_.str().c_str());
        std::fflush(stdout);
    }

  private:
    std::ostringstream out_;
};

class Engine {
  public:
    explicit Engine(const Options &options) : options_(options), batch_(llama_batch_init(batch_size, 0, 1)) {
        model_ = llama_model_load_from_file(options.model.c_str(), llama_model_default_params());
        if (!model_) fail("cannot load " + options.model);
        vocabulary_ = llama_vocab_n_tokens(llama_model_get_vocab(model_));
    }

    int vocabulary() const { return vocabulary_; }
    bool unified() const { return options_.unified; }

    // Makes room for so many sequences, `cells` positions together, of which one may have `longest`.
    void prepare(int sequences, int cells, int longest) {
        const unsigned size = options_.unified ? cells + 64 : static_cast<unsigned>(longest + 64) * sequences;
        if (context_ && sequences == sequences_ && size == size_) return;
        if (context_) llama_free(context_);
        auto parameters = llama_context_default_params();
        parameters.n_ctx = size;
        parameters.n_seq_max = sequences;
        parameters.n_batch = batch_size;
        parameters.n_ubatch = 512;
        parameters.n_threads = parameters.n_threads_batch = options_.threads;
        parameters.flash_attn_type = options_.flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
        parameters.kv_unified = options_.unified;
        parameters.no_perf = true;
        if (options_.kv_f32) parameters.type_k = parameters.type_v = GGML_TYPE_F32;
        context_ = llama_init_from_model(model_, parameters);
        if (!context_) fail("cannot make a context of " + std::to_string(size) + " positions");
        memory_ = llama_get_memory(context_);
        sequences_ = sequences;
        size_ = size;
        held_ = -1;
    }

    void begin() { batch_.n_tokens = 0; }

    void put(llama_token token, int position, int sequence, bool wants_logits) {
        if (batch_.n_tokens == batch_size) fail("a step has at most " + std::to_string(batch_size) + " rows");
        const int i = batch_.n_tokens++;
        batch_.token[i] = token;
        batch_.pos[i] = position;
        batch_.n_seq_id[i] = 1;
        batch_.seq_id[i][0] = sequence;
        batch_.logits[i] = wants_logits;
    }

    int rows() const { return batch_.n_tokens; }

    void run() {
        if (const int code = llama_decode(context_, batch_)) fail("llama_decode returned " + std::to_string(code));
        llama_synchronize(context_);
    }

    const float *logits(int row) { return llama_get_logits_ith(context_, row); }

    llama_token likeliest(int row) {
        const float *values = logits(row);
        return static_cast<llama_token>(std::max_element(values, values + vocabulary_) - values);
    }

    // Appends tokens to a sequence and gives the likeliest token after them.
    llama_token prefill(const Tokens &tokens, int position, int sequence) {
        const int count = static_cast<int>(tokens.size());
        for (int done = 0; done < count;) {
            begin();
            for (; done < count && rows() < batch_size; done++)
                put(tokens[done], position + done, sequence, done == count - 1);
            run();
        }
        return likeliest(rows() - 1);
    }

    // Decodes `count` tokens in sequence 0, feeding `token` first.
    llama_token decode(llama_token token, int position, int count) {
        for (int step = 0; step < count; step++) {
            begin();
            put(token, position + step, 0, true);
            run();
            token = likeliest(0);
        }
        return token;
    }

    void clear() {
        llama_memory_clear(memory_, false);
        held_ = -1;
    }

    // Leaves sequence 0 holding the prefix and nothing else; prefills only when it does not hold it already.
    void hold_prefix(int count, long run) {
        if (held_ != count) {
            clear();
            prefill(prefix_tokens(count, run), 0, 0);
            held_ = count;
        }
        for (int sequence = 1; sequence < sequences_; sequence++) llama_memory_seq_rm(memory_, sequence, -1, -1);
        llama_memory_seq_rm(memory_, 0, count, -1);
    }

    // Gives every thread the prefix of sequence 0.
    void fork(int width, int prefix) {
        for (int thread = 1; thread <= width; thread++) llama_memory_seq_cp(memory_, 0, thread, -1, -1);
        if (options_.unified) return;
        // Streams copy when the next batch runs, so one is run here for the copy to be counted as fork.
        begin();
        put(3, prefix, 0, true);
        run();
        llama_memory_seq_rm(memory_, 0, prefix, -1);
    }

    llama_memory_t memory() { return memory_; }

  private:
    static constexpr int batch_size = 2048;
    Options options_;
    llama_model *model_ = nullptr;
    llama_context *context_ = nullptr;
    llama_memory_t memory_ = nullptr;
    llama_batch batch_;
    int vocabulary_ = 0;
    int sequences_ = 0;
    unsigned size_ = 0;
    int held_ = -1;
};

// Threads that run side by side in sequences 1...width, one row each per step.
struct Threads {
    std::vector<Tokens> texts;  // header and decoded tokens that are in the cache
    Tokens next;

    // Reads all headers in one batch.
    void start(Engine &engine, int width, int header, int prefix) {
        texts.assign(width, {});
        next.assign(width, 0);
        std::vector<int> last(width);
        engine.begin();
        for (int thread = 0; thread < width; thread++) {
            texts[thread] = header_tokens(thread, header);
            for (int k = 0; k < header; k++) engine.put(texts[thread][k], prefix + k, thread + 1, k == header - 1);
            last[thread] = engine.rows() - 1;
        }
        engine.run();
        for (int thread = 0; thread < width; thread++) next[thread] = engine.likeliest(last[thread]);
    }

    void decode(Engine &engine, int count, int prefix) {
        const int width = static_cast<int>(texts.size());
        for (int step = 0; step < count; step++) {
            engine.begin();
            for (int thread = 0; thread < width; thread++) {
                engine.put(next[thread], prefix + static_cast<int>(texts[thread].size()), thread + 1, true);
                texts[thread].push_back(next[thread]);
            }
            engine.run();
            for (int thread = 0; thread < width; thread++) next[thread] = engine.likeliest(thread);
        }
    }
};

void run_prefill(Engine &engine, const Program &program, long run, Result &result) {
    const int prefix = program.number("prefix", 512, 1);
    engine.prepare(1, prefix, prefix);
    engine.clear();
    const Tokens tokens = prefix_tokens(prefix, run);
    const double start = now();
    engine.prefill(tokens, 0, 0);
    result.add("seconds", now() - start);
}

void run_decode(Engine &engine, const Program &program, long run, Result &result) {
    const int prefix = program.number("prefix", 16, 1), tokens = program.number("tokens", 64, 1);
    engine.prepare(1, prefix + tokens, prefix + tokens);
    engine.clear();
    const llama_token first = engine.prefill(prefix_tokens(prefix, run), 0, 0);
    const double start = now();
    engine.decode(first, prefix, tokens);
    result.add("seconds", now() - start);
}

void run_threads(Engine &engine, const Program &program, long run, Result &result) {
    const int prefix = program.number("prefix", 512, 1), width = program.number("width", 4, 1),
              header = program.number("header", 8, 1), tokens = program.number("tokens", 32, 1);
    engine.prepare(width + 1, prefix + width * (header + tokens), prefix + header + tokens);
    engine.hold_prefix(prefix, run);
    engine.fork(width, prefix);
    Threads threads;
    threads.start(engine, width, header, prefix);
    const double start = now();
    threads.decode(engine, tokens, prefix);
    result.add("seconds", now() - start);
}

// A whole run. Each call of the model gives a token, so `tokens` tokens are a header and `tokens` - 1 steps.
void run_forkjoin(Engine &engine, const Program &program, long run, Result &result) {
    const int prefix = program.number("prefix", 512, 1), width = program.number("width", 4, 1),
              header = program.number("header", 8, 1), tokens = program.number("tokens", 128, 1),
              answer = program.number("answer", 64, 1);
    const std::string join = program.text("join");
    const int text = header + tokens, longest = prefix + width * text + answer;
    engine.prepare(width + 1, longest, longest);
    engine.clear();
    const double start = now();
    llama_token next = engine.prefill(prefix_tokens(prefix, run), 0, 0);
    const double prefilled = now();
    result.add("prefill_seconds", prefilled - start);
    if (join == "sequential") {
        engine.decode(next, prefix, width * tokens + answer - 1);
        result.add("seconds", now() - start);
        return;
    }
    engine.fork(width, prefix);
    const double forked = now();
    Threads threads;
    threads.start(engine, width, header, prefix);
    threads.decode(engine, tokens - 1, prefix);
    const double threaded = now();
    if (join == "reprefill") {
        Tokens all;
        for (int thread = 0; thread < width; thread++) {
            all.insert(all.end(), threads.texts[thread].begin(), threads.texts[thread].end());
            all.push_back(threads.next[thread]);
        }
        for (int thread = 1; thread <= width; thread++) llama_memory_seq_rm(engine.memory(), thread, -1, -1);
        next = engine.prefill(all, prefix, 0);
    } else if (join == "zerocopy" && engine.unified()) {
        threads.decode(engine, 1, prefix);  // brings each thread's last token into the cache
        for (int thread = 0; thread < width; thread++) {
            llama_memory_seq_rm(engine.memory(), thread + 1, 0, prefix);
            if (thread > 0) llama_memory_seq_add(engine.memory(), thread + 1, prefix, -1, thread * text);
            llama_memory_seq_cp(engine.memory(), thread + 1, 0, -1, -1);
        }
        // The shift of positions runs with the next step, so that step belongs to the join.
        next = engine.decode(3, prefix + width * text, 1);
    } else {
        fail("join is '" + join + "'; allowed: reprefill, sequential, and with --kv unified zerocopy");
    }
    const double joined = now();
    engine.decode(next, prefix + width * text + (join == "zerocopy"), answer - 1);
    const double end = now();
    result.add("fork_seconds", forked - prefilled);
    result.add("threads_seconds", threaded - forked);
    result.add("join_seconds", joined - threaded);
    result.add("answer_seconds", end - joined);
    result.add("seconds", end - start);
}

// Log-probabilities of ids[1...], each given those before it, and the likeliest token after each of ids[0...].
void run_score(Engine &engine, const Program &program, Result &result) {
    const Tokens ids = program.ids("ids");
    if (ids.size() < 2 || ids.size() > 2048) fail("score needs 2 to 2048 ids");
    for (const llama_token id : ids)
        if (id < 0 || id >= engine.vocabulary()) fail("token id " + std::to_string(id) + " is not in the vocabulary");
    engine.prepare(1, static_cast<int>(ids.size()), static_cast<int>(ids.size()));
    engine.clear();
    engine.begin();
    for (size_t i = 0; i < ids.size(); i++) engine.put(ids[i], static_cast<int>(i), 0, true);
    engine.run();
    std::vector<double> scores;
    Tokens likeliest;
    for (size_t i = 0; i < ids.size(); i++) {
        likeliest.push_back(engine.likeliest(static_cast<int>(i)));
        if (i + 1 == ids.size()) break;
        const float *logits = engine.logits(static_cast<int>(i));
        const double most = logits[likeliest.back()];
        double sum = 0;
        for (int v = 0; v < engine.vocabulary(); v++) sum += std::exp(logits[v] - most);
        scores.push_back(logits[ids[i + 1]] - most - std::log(sum));
    }
    result.add("log_probabilities", scores);
    result.add("likeliest", likeliest);
}

Options parse(int count, char **arguments) {
    Options options;
    for (int i = 1; i < count; i += 2) {
        const std::string name = arguments[i];
        if (i + 1 == count) fail(name + " needs a value");
        const std::string value = arguments[i + 1];
        const auto either = [&](const char *yes, const char *no) {
            if (value != yes && value != no) fail(name + " is '" + value + "'; allowed: " + yes + ", " + no);
            return value == yes;
        };
        if (name == "--model") options.model = value;
        else if (name == "--threads") options.threads = std::max(1, std::atoi(value.c_str()));
        else if (name == "--flash") options.flash = either("on", "off");
        else if (name == "--kv") options.unified = either("unified", "streams");
        else if (name == "--kv-type") options.kv_f32 = either("f32", "f16");
        else fail("unknown option " + name + "; allowed: --model --threads --flash --kv --kv-type");
    }
    if (options.model.empty()) fail("--model FILE.gguf is missing");
    return options;
}

}  // namespace

int main(int count, char **arguments) {
    const Options options = parse(count, arguments);
    llama_log_set(
        [](ggml_log_level level, const char *text, void *) {
            if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
        },
        nullptr);
    llama_backend_init();
    Engine engine(options);
    long run = 0;
    for (std::string line; std::getline(std::cin, line); run++) {
        const Program program(line);
        Result result(program);
        if (program.name() == "prefill") run_prefill(engine, program, run, result);
        else if (program.name() == "decode") run_decode(engine, program, run, result);
        else if (program.name() == "threads") run_threads(engine, program, run, result);
        else if (program.name() == "forkjoin") run_forkjoin(engine, program, run, result);
        else if (program.name() == "score") run_score(engine, program, result);
        else fail("unknown program '" + program.name() + "'; allowed: prefill, decode, threads, forkjoin, score");
        result.print();
    }
    return 0;
}
