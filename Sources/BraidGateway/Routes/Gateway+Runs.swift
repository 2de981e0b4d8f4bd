#if Gateway
    import Braid
    import BraidRemote
    import HTTPTypes
    import HummingbirdCore
    import NIOCore

    extension Gateway {
        /// Makes a run of a request, waits for a place, and answers with the run.
        /// - Parameter format: how the route tells of it.
        /// - Throws: `OpenAIError`, `CancellationError`.
        func perform<Format: RunFormat>(
            _ request: RunRequest, _ exchange: Exchange, as format: (LiveRun) -> Format
        ) async throws -> Reply {
            let start = ContinuousClock.now
            let prepared = try RunPreparation(request, on: self, for: exchange.owner)
            let live = prepared.live
            let teller = try await begin(prepared, request, exchange)
            let format = format(live)
            var fields = HTTPFields()
            fields[.trajectoryID] = live.id
            fields[.ignoredFields] = IgnoredFields(prepared.ignoredFields).headerValue
            guard request.isStreaming else {
                let outcome = try await untilClosed(exchange.connection, [live]) { await live.outcome() }
                fields[.contentType] = "application/json"
                guard let outcome else { throw CancellationError() }
                if let error = outcome.error {
                    var reply = Reply(error)
                    reply.fields[.trajectoryID] = live.id
                    return reply
                }
                return Reply(
                    fields: fields, content: .bytes(format.document(teller.ending(outcome, thoughts: teller.thoughts))))
            }
            fields.append(contentsOf: Self.streamFields)
            return Reply(
                fields: fields,
                content: .stream { writer in
                    try await self.untilClosed(exchange.connection, [live]) {
                        _ = try await self.stream(live, teller, format, since: start, to: &writer)
                    }
                },
                ended: { live.stop(.cancelled) })
        }

        /// Waits for a place and begins a run.
        /// - Throws: `OpenAIError`, `CancellationError`.
        func begin(
            _ prepared: RunPreparation, _ request: RunRequest, _ exchange: Exchange
        ) async throws -> RunTeller {
            let start = ContinuousClock.now
            let live = prepared.live
            let ticket = try await place(for: exchange)
            metrics.queued(seconds: Self.seconds(start.duration(to: .now)))
            metrics.ignored(prepared.ignoredFields.count)
            registry.add(live)
            let journal = store.map { RunJournal(live, in: $0) }
            await journal?.begin()
            let teller = RunTeller(live, stops: request.stops, order: request.options.order)
            let spans = RunSpans(exchange.context, model: prepared.model, method: live.method.name)
            let begin = {
                live.begin { outcome in
                    self.gate.leave(ticket)
                    await journal?.finish(outcome)
                    self.registry.finished(live)
                    spans.record(outcome, began: live.created)
                    self.metrics.ended(outcome, model: prepared.model, method: live.method.name)
                }
            }
            RequestTrace.$parent.withValue(exchange.trace.description, operation: begin)
            // It ends with the run's log.
            if let journal { Task { await journal.follow() } }
            return teller
        }

        /// Waits for a place as long as the client does.
        func place(for exchange: Exchange) async throws -> Admission.Ticket {
            let owner = exchange.owner
            let entering = Task { try await self.gate.enter(owner) }
            return try await exchange.connection.whenClosed({ _ in entering.cancel() }) {
                try await withTaskCancellationHandler {
                    try await entering.value
                } onCancel: {
                    entering.cancel()
                }
            }
        }

        /// Stops runs when their client goes away or its request is cancelled.
        func untilClosed<Result>(
            _ connection: Connection, _ runs: [LiveRun], _ body: () async throws -> Result
        ) async throws -> Result {
            try await connection.whenClosed({ isStalled in
                if isStalled || runs.contains(where: { $0.silence != nil }) {
                    self.metrics.disconnected(isStalled: isStalled)
                }
                for live in runs { live.stop(isStalled ? .stalled : .cancelled) }
            }) {
                try await withTaskCancellationHandler(operation: body) { for live in runs { live.stop(.cancelled) } }
            }
        }

        /// Tells a run while it goes on.
        /// - Returns: how it ended; nil when it failed, which was told.
        func stream(
            _ live: LiveRun, _ teller: RunTeller, _ format: some RunFormat, since start: ContinuousClock.Instant,
            to writer: inout any ResponseBodyWriter
        ) async throws -> RunEnding? {
            var format = format
            var telling = teller.start()
            var bytes: [UInt8] = []
            var number = 0
            var hasToken = false
            format.begin(&bytes)
            while true {
                let entries = await live.log.next(after: number, tokensOf: telling.currentThread)
                guard let last = entries.last else { break }
                number = last.number
                for entry in entries {
                    let news = telling.take(entry.event)
                    for piece in news.thoughts { format.reasoning(piece.text, of: piece.thread, &bytes) }
                    format.answer(news.answer, &bytes)
                    if !hasToken, case .tokens = entry.event {
                        hasToken = true
                        metrics.firstToken(seconds: Self.seconds(start.duration(to: .now)))
                    }
                    if bytes.count > Self.writeSize { try await Self.write(&bytes, to: &writer) }
                }
                try await Self.write(&bytes, to: &writer)
            }
            guard let outcome = await live.outcome() else { throw CancellationError() }
            let ending = outcome.error == nil ? teller.ending(outcome) : nil
            if let ending, let rest = telling.rest(of: ending.answer) {
                format.answer(rest, &bytes)
                format.end(ending, &bytes)
            } else {
                format.fail(outcome.error ?? .internalError, &bytes)
            }
            try await Self.write(&bytes, to: &writer)
            return ending
        }

        private static func write(_ bytes: inout [UInt8], to writer: inout any ResponseBodyWriter) async throws {
            guard !bytes.isEmpty else { return }
            try await writer.write(ByteBuffer(bytes: bytes))
            bytes.removeAll(keepingCapacity: true)
        }
    }
#endif
