internal import Braid
internal import CBraidKernels

/// Everything that the worker's thread owns: contexts, jobs, cache and transformer; and the loop over steps.
///
/// Requests become jobs; a job that finds room in the cache has rows to run. A step takes the scheduler's rows, runs them
/// in one forward pass, and moves each job on. Between two steps, and only there, requests and cancellations are looked
/// at and room is given out.
///
/// - Important: Not thread-safe; lives on one thread.
final class InferenceLoop {
    let kernels: Kernels
    let tokenizer: Tokenizer
    let vocabulary: ControlVocabulary
    let contextLength: Int
    let modelVocabularySize: Int
    /// Threads that the model has thought embeddings for.
    let thoughtCount: Int
    /// Tokens that end an answer, whether a decode call names them or not.
    let endTokenIDs: Set<TokenID>
    let memory: KVMemory
    /// Whether steps guess ahead.
    let speculates: Bool
    private let transformer: Transformer

    var cache: KVCache
    var contexts: [ContextID: ContextState] = [:]
    /// By the context of their common beginning.
    var groups: [ContextID: GroupState] = [:]
    var jobs: [JobID: InferenceJob] = [:]
    /// Jobs that wait for room.
    var waiting: [JobID] = []
    /// Those of them that are looked at; empty between two steps.
    var queue: [JobID] = []
    /// Tokens that the cache had of the contexts of the job looked at last, before room was made for more.
    var residentCounts: [(context: ContextID, residentCount: Int)] = []
    var scheduler: BatchScheduler
    var statistics = EmbeddedEngineStatistics()
    private var batch = ForwardBatch()
    /// Whose logits are where in a step.
    private var chunks: [(job: JobID, logits: Range<Int>)] = []

    /// - Parameters:
    ///   - contextLength: Longest context: no more than the model's, and than what the cache holds.
    ///   - cache: Empty.
    init(
        model: ModelConfiguration, contextLength: Int, tokenizer: Tokenizer, kernels: Kernels, transformer: Transformer,
        memory: KVMemory, cache: KVCache, speculates: Bool
    ) {
        self.kernels = kernels
        self.tokenizer = tokenizer
        self.transformer = transformer
        self.memory = memory
        self.cache = cache
        self.speculates = speculates
        self.contextLength = contextLength
        thoughtCount = transformer.thoughtCount
        vocabulary = ControlVocabulary(tokenizer)
        modelVocabularySize = model.vocabularySize
        endTokenIDs = Set(model.endTokenIDs)
        scheduler = BatchScheduler(maximumRows: transformer.maximumRows)
        statistics.pageCount = cache.pool.pageCount
        statistics.pageBytes = memory.shape.page_stride
    }

    /// Runs until nobody can ask for anything any more.
    func run(_ mailbox: Mailbox) {
        while true {
            for message in mailbox.take(waiting: scheduler.isIdle && waiting.isEmpty) {
                switch message {
                case .request(let request, let job): begin(request, job)
                case .cancel(let job): cancel(job)
                case .stop:
                    for job in jobs.values { job.fail(EngineError.failed("the engine was shut down")) }
                    return
                }
            }
            admitWaiting()
            step()
        }
    }

    /// Runs one forward pass, if there is anything to run.
    private func step() {
        let assignments = scheduler.nextStep()
        guard !assignments.isEmpty else { return }
        batch.removeAll()
        chunks.removeAll(keepingCapacity: true)
        var failed: [(job: JobID, error: any Error)] = []
        for assignment in assignments {
            guard let job = jobs[assignment.job] else { continue }
            var rows = assignment.rows
            if let draft = draftFeed(for: job, rows: rows - job.left) { job.feeds.append(draft) }
            let firstLogits = batch.logitRows.count
            for index in job.feeds.indices where rows > 0 && job.feeds[index].left > 0 {
                let feed = job.feeds[index]
                let count = min(rows, feed.left)
                let seen: (view: ContextView, place: ContextPlace, thought: Int)
                do {
                    seen = try view(of: feed, for: job)
                } catch {
                    // Without its context a job would wait for ever.
                    failed.append((assignment.job, error))
                    break
                }
                let isLast = count == feed.left
                batch.append(
                    feed.tokens.dropFirst(feed.done).prefix(count), at: feed.reservation, offset: feed.done,
                    in: seen.view, place: seen.place, thought: seen.thought,
                    logits: feed.wanted == .last && !isLast ? .none : feed.wanted)
                job.feeds[index].done += count
                rows -= count
            }
            chunks.append((assignment.job, firstLogits..<batch.logitRows.count))
        }
        for (job, error) in failed { finish(job) { $0.fail(error) } }
        guard !batch.rows.isEmpty else { return }
        let logits = transformer.forward(batch)
        statistics.steps += 1
        statistics.rows += batch.rows.count
        // The views that it holds are about to grow; nobody else may refer to their arrays then.
        batch.removeAll()
        for index in chunks.indices { proceed(chunks[index].job, logits, chunks[index].logits) }
    }

    /// Moves a job on after some of its rows were run.
    private func proceed(_ id: JobID, _ logits: LogitsView, _ range: Range<Int>) {
        guard let job = jobs[id] else { return }
        if case .score(let call) = job.purpose {
            do {
                for row in range { try call.take(logits[row], kernels: kernels) }
            } catch {
                return finish(id) { $0.fail(error) }
            }
        }
        guard job.left == 0 else { return }
        complete(id, logits, range)
    }
}
