#if Gateway
    import Foundation
    import HTTPTypes
    import HummingbirdCore

    extension Gateway {
        /// Answers a chat request that wants several choices: each is a run of its own with a place of its own, all go on
        /// side by side, and a stream tells one after the other. When one fails, the request does.
        /// - Throws: `OpenAIError`, `CancellationError`.
        func answer(_ request: ChatCompletionRequest, _ exchange: Exchange) async throws -> Reply {
            let start = ContinuousClock.now
            var prepared: [RunPreparation] = []
            for index in 0..<request.answers {
                var asked = request.run
                // The same seed would give the same answer.
                asked.seed = asked.seed.map { $0 &+ UInt64(index) }
                prepared.append(try RunPreparation(asked, on: self, for: exchange.owner))
            }
            let runs = prepared.map(\.live)
            var begun: [RunTeller] = []
            do {
                for run in prepared { begun.append(try await begin(run, request.run, exchange)) }
            } catch {
                for live in runs { live.stop(.cancelled) }
                throw error
            }
            let tellers = begun
            var fields = HTTPFields()
            fields[.trajectoryID] = runs.map(\.id).joined(separator: ", ")
            fields[.ignoredFields] = prepared.first.flatMap { IgnoredFields($0.ignoredFields).headerValue }
            guard request.run.isStreaming else {
                var reply = try await untilClosed(exchange.connection, runs) {
                    try await self.document(of: runs, tellers, request.run)
                }
                reply.fields.append(contentsOf: fields)
                return reply
            }
            fields.append(contentsOf: Self.streamFields)
            return Reply(
                fields: fields,
                content: .stream { writer in
                    try await self.untilClosed(exchange.connection, runs) {
                        var endings: [RunEnding] = []
                        for (live, teller) in zip(runs, tellers) {
                            let format = Self.format(
                                runs, request.run, earlier: endings, isLast: endings.count == runs.count - 1)
                            guard let ending = try await self.stream(live, teller, format, since: start, to: &writer)
                            else { return }
                            endings.append(ending)
                        }
                    }
                },
                ended: { for live in runs { live.stop(.cancelled) } })
        }

        private func document(of runs: [LiveRun], _ tellers: [RunTeller], _ request: RunRequest) async throws -> Reply {
            var endings: [RunEnding] = []
            for (live, teller) in zip(runs, tellers) {
                guard let outcome = await live.outcome() else { throw CancellationError() }
                if let error = outcome.error {
                    for live in runs { live.stop(.cancelled) }
                    return Reply(error)
                }
                endings.append(teller.ending(outcome, thoughts: teller.thoughts))
            }
            guard let last = endings.popLast() else { throw OpenAIError.internalError }
            return .json(Self.format(runs, request, earlier: endings, isLast: true).document(last))
        }

        private static func format(
            _ runs: [LiveRun], _ request: RunRequest, earlier: [RunEnding], isLast: Bool
        ) -> ChatCompletionFormat {
            ChatCompletionFormat(
                run: runs.first?.id ?? "", created: Int(runs.first?.created.timeIntervalSince1970 ?? 0),
                model: request.model, reasoning: request.options.reasoning, includesUsage: request.includesUsage,
                earlier: earlier, isLast: isLast)
        }
    }
#endif
