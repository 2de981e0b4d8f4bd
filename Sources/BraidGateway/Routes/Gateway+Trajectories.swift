#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import HTTPTypes
    import HummingbirdCore
    import Logging
    import NIOCore

    extension Gateway {
        /// Most runs of one list.
        private static let longestList = 200

        /// A run that goes on here, or one that is over.
        private enum KnownRun {
            case live(LiveRun)
            case stored(StoredRun)

            var summary: RunSummary {
                switch self {
                case .live(let run): run.summary
                case .stored(let run): RunSummary(run)
                }
            }

            var trajectory: Trajectory? {
                switch self {
                case .live(let run): run.trajectory
                case .stored(let run): run.trajectory
                }
            }
        }

        /// Runs of the caller's, the newest first.
        func trajectories(_ exchange: Exchange) async throws -> Reply {
            let query = try Self.query(exchange)
            let (summaries, next): ([RunSummary], String?)
            if let store, let page = try await stored(query, store) {
                (summaries, next) = (page.runs.map { RunSummary($0) }, page.next?.description)
            } else {
                (summaries, next) = remembered(query, before: exchange.path.query["before"] ?? "")
            }
            var list = JSONObject()
            list.add("object", "list")
            list.add("data", summaries.map(\.json))
            list.add("next", next)
            return .json(list.bytes)
        }

        /// One run with its record, also while it goes on.
        func trajectory(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try await known(id, exchange)
            var object = run.summary.json
            if let trajectory = run.trajectory {
                object.add("trajectory", json: try Self.encode(trajectory))
            } else {
                object.add("trajectory", String?.none)
            }
            return .json(object.bytes)
        }

        /// One run as a Chrome trace.
        func perfetto(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try await known(id, exchange)
            guard let trajectory = run.trajectory else {
                throw OpenAIError.notFound("the record of this run was lost; its events may still be there")
            }
            var reply = Reply.json(try Self.encode(PerfettoTrace(trajectory)))
            reply.fields[.contentDisposition] = "attachment; filename=\"\(run.summary.id).json\""
            return reply
        }

        /// Stops a run; one that is over stays as it is.
        func cancel(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try await known(id, exchange)
            if case .live(let live) = run {
                live.stop(.cancelled)
                _ = await live.outcome()
            }
            return .json(run.summary.json.bytes)
        }

        /// Everything that happens in a run, from its beginning or from behind an event.
        func events(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try await known(id, exchange)
            let first = max(0, exchange.fields[.lastEventID].flatMap { Int($0) } ?? 0)
            let connection = exchange.connection
            let store = store
            return Reply(
                fields: Self.streamFields,
                content: .stream { writer in
                    let handover = Handover(writer: writer)
                    let reading = Task {
                        var writer = handover.writer
                        switch run {
                        case .live(let live): try await Self.write(live.log, after: first, to: &writer)
                        case .stored(let run): try await Self.write(run, of: store, after: first, to: &writer)
                        }
                    }
                    try await connection.whenClosed({ _ in reading.cancel() }) {
                        try await withTaskCancellationHandler {
                            try await reading.value
                        } onCancel: {
                            reading.cancel()
                        }
                    }
                })
        }

        /// The fields of a stream of events.
        static let streamFields: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .accelBuffering: "no",
        ]

        /// Bytes that are written at a time.
        static let writeSize = 32 << 10

        // MARK: Finding runs

        private func known(_ id: String, _ exchange: Exchange) async throws -> KnownRun {
            if let run = registry.run(id, of: exchange.owner) { return .live(run) }
            do throws(StoreError) {
                if let run = try await store?.run(id), run.owner == exchange.owner { return .stored(run) }
            } catch {
                logger.warning("a run cannot be read", metadata: ["error": "\(error)"])
            }
            throw OpenAIError.notFound("there is no run '\(id.prefix(100))'; GET /v1/trajectories lists them")
        }

        private static func query(_ exchange: Exchange) throws(OpenAIError) -> RunQuery {
            let fields = exchange.path.query
            var query = RunQuery(owner: exchange.owner)
            if let text = fields["limit"] {
                guard let number = Int(text), (1...longestList).contains(number) else {
                    throw .invalid("limit is '\(text.prefix(50))'; allowed: 1 to \(longestList)", param: "limit")
                }
                query.limit = number
            }
            if let text = fields["status"], !text.isEmpty {
                guard let status = RunStatus(rawValue: text) else {
                    let allowed = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalid("status is '\(text.prefix(50))'; allowed: \(allowed)", param: "status")
                }
                query.status = status
            }
            if let text = fields["before"], !text.isEmpty {
                query.before = RunCursor(text)
                guard query.before != nil || RunID.isOne(text) else {
                    throw .invalid("before is '\(text.prefix(50))'; give what a list names as next", param: "before")
                }
            }
            query.text = fields["query"] ?? ""
            query.method = fields["method"].flatMap { $0.isEmpty ? nil : $0 }
            query.model = fields["model"].flatMap { $0.isEmpty ? nil : $0 }
            return query
        }

        /// A list from the store; nil when it cannot be read now.
        private func stored(_ query: RunQuery, _ store: DegradingStore) async throws(OpenAIError) -> RunPage? {
            do throws(StoreError) {
                return try await store.runs(query)
            } catch {
                logger.warning("runs cannot be listed", metadata: ["error": "\(error)"])
                return nil
            }
        }

        /// A list from memory, where a page goes on behind a run's id.
        private func remembered(_ query: RunQuery, before: String) -> ([RunSummary], next: String?) {
            let words = query.text.lowercased().split(whereSeparator: \.isWhitespace)
            let found = registry.runs(of: query.owner ?? "").lazy.map(\.summary).filter { summary in
                if RunID.isOne(before), summary.id >= before { return false }
                if let method = query.method, summary.method != method { return false }
                if let model = query.model, summary.model != model { return false }
                if let status = query.status, summary.status != status { return false }
                let text = "\(summary.question)\n\(summary.answer ?? "")".lowercased()
                return words.allSatisfy { text.contains($0) }
            }
            let page = Array(found.prefix(query.limit + 1))
            return (Array(page.prefix(query.limit)), page.count > query.limit ? page[query.limit - 1].id : nil)
        }

        // MARK: Telling events

        private static func write(
            _ log: RunEventLog, after first: Int, to writer: inout any ResponseBodyWriter
        ) async throws {
            var number = first
            while true {
                let entries = await log.next(after: number)
                try Task.checkCancellation()
                guard let last = entries.last else { return }
                number = last.number
                let events = entries.lazy.map {
                    (number: $0.number, name: $0.event.name, data: $0.event.json(at: $0.seconds))
                }
                try await write(events, to: &writer)
            }
        }

        private static func write(
            _ run: StoredRun, of store: DegradingStore?, after first: Int, to writer: inout any ResponseBodyWriter
        ) async throws {
            var number = first
            while let events = try await store?.events(of: run.id, after: number, limit: 1000), let last = events.last {
                try Task.checkCancellation()
                number = last.sequence
                try await write(
                    events.lazy.map { (number: $0.sequence, name: $0.type, data: Array($0.data.utf8)) }, to: &writer)
            }
        }

        private static func write(
            _ events: some Sequence<(number: Int, name: String, data: [UInt8])>, to writer: inout any ResponseBodyWriter
        ) async throws {
            var buffer = ByteBuffer()
            for (number, name, data) in events {
                buffer.writeString("id: \(number)\nevent: \(name)\ndata: ")
                buffer.writeBytes(data)
                buffer.writeString("\n\n")
                if buffer.readableBytes > writeSize {
                    try await writer.write(buffer)
                    buffer.clear()
                }
            }
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
        }

        private static func encode(_ value: some Encodable) throws -> [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            return Array(try encoder.encode(value))
        }
    }
#endif
