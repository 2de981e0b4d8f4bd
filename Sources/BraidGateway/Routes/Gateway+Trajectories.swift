#if Gateway
    import Braid
    import Foundation
    import HTTPTypes
    import Hummingbird
    import NIOCore

    extension Gateway {
        /// Most runs of one list.
        private static let longestList = 200

        /// Runs of the caller's, the newest first.
        func trajectories(_ exchange: Exchange) async throws -> Reply {
            let query = exchange.path.query
            let limit: Int
            if let text = query["limit"] {
                guard let number = Int(text), (1...Self.longestList).contains(number) else {
                    throw OpenAIError.invalid(
                        "limit is '\(text.prefix(50))'; allowed: 1 to \(Self.longestList)", param: "limit")
                }
                limit = number
            } else {
                limit = 50
            }
            var status: RunStatus?
            if let text = query["status"], !text.isEmpty {
                guard let known = RunStatus(rawValue: text) else {
                    let allowed = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw OpenAIError.invalid("status is '\(text.prefix(50))'; allowed: \(allowed)", param: "status")
                }
                status = known
            }
            let words = query["query"]?.lowercased() ?? ""
            let found = registry.runs(of: exchange.owner).lazy.map(\.summary).filter { summary in
                if let before = query["before"], !before.isEmpty, summary.id >= before { return false }
                if let method = query["method"], !method.isEmpty, summary.method != method { return false }
                if let model = query["model"], !model.isEmpty, summary.model != model { return false }
                if let status, summary.status != status { return false }
                return words.isEmpty || summary.question.lowercased().contains(words)
                    || summary.answer?.lowercased().contains(words) ?? false
            }
            let page = Array(found.prefix(limit + 1))
            var list = JSONObject()
            list.add("object", "list")
            list.add("data", page.prefix(limit).map(\.json))
            list.add("next", page.count > limit ? page[limit - 1].id : nil)
            return .json(list.bytes)
        }

        /// One run with its record, also while it goes on.
        func trajectory(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try liveRun(id, exchange)
            var object = run.summary.json
            object.add("trajectory", json: try Self.encode(run.trajectory))
            return .json(object.bytes)
        }

        /// One run as a Chrome trace.
        func perfetto(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try liveRun(id, exchange)
            var reply = Reply.json(try Self.encode(PerfettoTrace(run.trajectory)))
            reply.fields[.contentDisposition] = "attachment; filename=\"\(run.id).json\""
            return reply
        }

        /// Stops a run.
        func cancel(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try liveRun(id, exchange)
            run.stop(.cancelled)
            _ = await run.outcome()
            return .json(run.summary.json.bytes)
        }

        /// Everything that happens in a run, from its beginning or from behind an event.
        func follow(_ id: String, _ exchange: Exchange) async throws -> Reply {
            let run = try liveRun(id, exchange)
            let first = exchange.fields[.lastEventID].flatMap { Int($0) } ?? 0
            let connection = exchange.connection
            return Reply(
                fields: Self.streamFields,
                content: .stream { writer in
                    let reader = Task { [writer] in
                        var writer = writer
                        try await Self.write(run.log, after: max(0, first), to: &writer)
                    }
                    try await connection.whenClosed({ _ in reader.cancel() }) {
                        try await withTaskCancellationHandler {
                            try await reader.value
                        } onCancel: {
                            reader.cancel()
                        }
                    }
                })
        }

        /// The fields of a stream of events.
        static let streamFields: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache", .accelBuffering: "no",
        ]

        private func liveRun(_ id: String, _ exchange: Exchange) throws(OpenAIError) -> LiveRun {
            guard let run = registry.run(id, of: exchange.owner) else {
                throw .notFound("there is no run '\(id.prefix(100))'; GET /v1/trajectories lists them")
            }
            return run
        }

        private static func write(
            _ log: RunEventLog, after first: Int, to writer: inout any ResponseBodyWriter
        ) async throws {
            var number = first
            while true {
                let entries = await log.next(after: number)
                try Task.checkCancellation()
                guard let last = entries.last else { return }
                number = last.number
                var buffer = ByteBuffer()
                for entry in entries {
                    buffer.writeString("id: \(entry.number)\nevent: \(entry.event.name)\ndata: ")
                    buffer.writeBytes(entry.event.json(at: entry.seconds))
                    buffer.writeString("\n\n")
                    if buffer.readableBytes > Self.writeSize {
                        try await writer.write(buffer)
                        buffer.clear()
                    }
                }
                if buffer.readableBytes > 0 { try await writer.write(buffer) }
            }
        }

        /// Bytes that are written at a time.
        static let writeSize = 32 << 10

        private static func encode(_ value: some Encodable) throws -> [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            return Array(try encoder.encode(value))
        }
    }
#endif
