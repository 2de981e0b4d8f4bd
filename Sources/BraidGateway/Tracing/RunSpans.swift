#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import ServiceContextModule
    import Tracing

    /// The spans of a run: one for the run, below it one for each thread, and in each of these one for each stretch that the
    /// model decoded, named as OpenTelemetry's conventions for generative models have it. What was said is not in them.
    struct RunSpans: Sendable {
        /// A time on the calendar's clock.
        private struct Instant: TracerInstant {
            var nanosecondsSinceEpoch: UInt64

            init(_ time: Date) {
                nanosecondsSinceEpoch = UInt64(exactly: (max(0, time.timeIntervalSince1970) * 1e9).rounded()) ?? 0
            }

            static func < (left: Instant, right: Instant) -> Bool {
                left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
            }
        }

        private let context: ServiceContext
        private let model: String
        private let method: String

        /// Prepares the spans of a run.
        /// - Parameter context: of the request.
        init(_ context: ServiceContext, model: String, method: String) {
            self.context = context
            self.model = model
            self.method = method
        }

        /// Tells the tracer of a run that is over.
        func record(_ outcome: LiveRun.Outcome, began: Date) {
            // Without a tracer there is nobody to tell.
            guard !(InstrumentationSystem.tracer is NoOpTracer) else { return }
            let span = startSpan(
                "invoke_agent \(method)", context: context, ofKind: .internal, at: Instant(began))
            span.attributes["gen_ai.operation.name"] = "invoke_agent"
            span.attributes["gen_ai.request.model"] = model
            span.attributes["gen_ai.usage.output_tokens"] = outcome.metrics.totalTokens
            span.attributes["gen_ai.usage.input_tokens"] = outcome.metrics.prefilledTokens
            span.attributes["braid.critical_path_tokens"] = outcome.metrics.criticalPathTokens
            span.attributes["braid.status"] = outcome.status.rawValue
            if let error = outcome.error {
                span.attributes["error.type"] = error.code ?? error.type
                span.setStatus(SpanStatus(code: .error))
            }
            record(outcome.trajectory.root, below: span.context, began)
            span.end(at: Instant(began.addingTimeInterval(outcome.metrics.wallSeconds)))
        }

        private func record(_ line: ReasoningThread, below context: ServiceContext, _ began: Date) {
            for step in line.steps {
                switch step {
                case .segment(let segment):
                    guard segment.origin == .model else { continue }
                    let span = startSpan(
                        "text_completion \(model)", context: context, ofKind: .client,
                        at: Instant(began.addingTimeInterval(segment.start)))
                    span.attributes["gen_ai.operation.name"] = "text_completion"
                    span.attributes["gen_ai.request.model"] = model
                    span.attributes["gen_ai.usage.output_tokens"] = segment.tokenCount
                    span.attributes["braid.thread.path"] = line.id
                    span.end(at: Instant(began.addingTimeInterval(segment.end)))
                case .fork(let fork): for thread in fork.threads { record(thread: thread, below: context, began) }
                }
            }
        }

        private func record(thread: ReasoningThread, below context: ServiceContext, _ began: Date) {
            guard let (start, end) = Self.times(of: thread) else { return }
            let span = startSpan(
                "thread \(thread.id)", context: context, ofKind: .internal,
                at: Instant(began.addingTimeInterval(start)))
            span.attributes["braid.thread.path"] = thread.id
            if case .failed = thread.outcome { span.setStatus(SpanStatus(code: .error)) }
            record(thread, below: span.context, began)
            span.end(at: Instant(began.addingTimeInterval(end)))
        }

        /// When the first of what a thread and those below it decoded began, and when the last ended, in seconds of the run.
        private static func times(of thread: ReasoningThread) -> (start: Double, end: Double)? {
            thread.steps.reduce(nil) { times, step in
                let others: [(start: Double, end: Double)] =
                    switch step {
                    case .segment(let segment): segment.origin == .model ? [(segment.start, segment.end)] : []
                    case .fork(let fork): fork.threads.compactMap(times(of:))
                    }
                return others.reduce(times) { times, other in
                    times.map { (min($0.start, other.start), max($0.end, other.end)) } ?? other
                }
            }
        }
    }
#endif
