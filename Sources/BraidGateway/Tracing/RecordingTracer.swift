#if Gateway
    import Instrumentation
    import ServiceContextModule
    import Synchronization
    import Tracing

    /// A tracer that passes `traceparent` on and hands every span that is over to whoever takes them.
    ///
    /// A trace that comes with a request is recorded if its sender records it; one that begins here always is.
    struct RecordingTracer: Tracer {
        /// Where a span keeps its place for those below it.
        private enum PlaceKey: ServiceContextKey {
            typealias Value = TraceContext
        }

        private static let header = "traceparent"

        /// Takes spans that are over; called once for each, by whoever ends it.
        let take: @Sendable (SpanRecord) -> Void

        func startSpan<Instant: TracerInstant>(
            _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
            at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
        ) -> RecordingSpan {
            var context = context()
            let parent = context[PlaceKey.self]
            let place = parent?.child ?? TraceContext(isSampled: true)
            context[PlaceKey.self] = place
            return RecordingSpan(
                SpanRecord(
                    place: place, parent: parent?.span, name: operationName, kind: kind,
                    start: instant().nanosecondsSinceEpoch, end: 0, attributes: [:]),
                context: context, take: take)
        }

        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {
            context[PlaceKey.self] = TraceContext(extractor.extract(key: Self.header, from: carrier))
        }

        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            guard let place = context[PlaceKey.self] else { return }
            injector.inject(place.description, forKey: Self.header, into: &carrier)
        }

        func forceFlush() {}
    }

    /// A span that goes on.
    final class RecordingSpan: Span {
        let context: ServiceContext
        private let record: Mutex<SpanRecord?>
        private let take: @Sendable (SpanRecord) -> Void

        init(_ record: SpanRecord, context: ServiceContext, take: @escaping @Sendable (SpanRecord) -> Void) {
            self.context = context
            self.take = take
            self.record = Mutex(record.place.isSampled ? record : nil)
        }

        var isRecording: Bool { record.withLock { $0 != nil } }

        var operationName: String {
            get { record.withLock { $0?.name ?? "" } }
            set { record.withLock { $0?.name = newValue } }
        }

        var attributes: SpanAttributes {
            get { record.withLock { $0?.attributes ?? [:] } }
            set { record.withLock { $0?.attributes = newValue } }
        }

        func setStatus(_ status: SpanStatus) { record.withLock { $0?.status = status } }

        func recordError<Instant: TracerInstant>(
            _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
        ) {
            record.withLock { record in
                record?.attributes["error.type"] = "\(type(of: error))"
                record?.status = SpanStatus(code: .error)
            }
        }

        // The gateway's spans have neither.
        func addEvent(_ event: SpanEvent) {}
        func addLink(_ link: SpanLink) {}

        func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
            let ended = record.withLock { record in
                defer { record = nil }
                return record
            }
            guard var ended else { return }
            ended.end = instant().nanosecondsSinceEpoch
            take(ended)
        }
    }
#endif
