#if Gateway
    import Braid
    import Foundation
    import HTTPTypes
    import HummingbirdCore
    import NIOCore

    extension Gateway {
        /// A raw completion that was read: what is to be done, or where it is passed on to.
        private enum Completing: Sendable {
            case here(CompletionRequest, CompletionWork)
            case upstream(JSONDocument, UpstreamChat)
        }

        /// `POST /v1/completions`: continues prompts on a model's engine as they are, without any method; where the model's
        /// tokenizer is not known here, the model's own server does.
        func complete(_ exchange: Exchange, _ body: [UInt8]) async throws -> Reply {
            let request: CompletionRequest
            let work: CompletionWork
            switch try await longWork.perform(bytes: body.count, { try self.completing(JSONDocument(body)) }) {
            case .here(let read, let made): (request, work) = (read, made)
            case .upstream(let document, let upstream):
                return try await passThrough(exchange, document, to: upstream, route: "/v1/completions")
            }
            let ticket = try await place(for: exchange)
            let format = CompletionFormat(
                id: "cmpl-\(RunID.make().dropFirst("run_".count))", created: Int(Date().timeIntervalSince1970),
                model: request.model,
                includesUsage: request.stream.includesUsage)
            var fields = HTTPFields()
            fields[.ignoredFields] = request.ignored.headerValue
            guard request.stream.isStreamed else {
                let working = Task {
                    defer { gate.leave(ticket) }
                    return try await patience().wait { try await self.document(work, format) }
                }
                let document = try await exchange.connection.whenClosed({ _ in working.cancel() }) {
                    try await withTaskCancellationHandler {
                        try await working.value
                    } onCancel: {
                        working.cancel()
                    }
                }
                fields[.contentType] = "application/json"
                return Reply(fields: fields, content: .bytes(document))
            }
            let relay = ByteRelay(limit: Self.relayedBytes)
            let working = Task {
                defer {
                    gate.leave(ticket)
                    relay.finish()
                }
                do {
                    try await patience().wait { try await Self.stream(work, format, to: relay) }
                } catch {
                    var bytes: [UInt8] = []
                    format.fail(OpenAIError(error), &bytes)
                    // Nobody who could still read it is left where this fails.
                    try? await relay.send(bytes)
                }
            }
            fields.append(contentsOf: Self.streamFields)
            return Reply(
                fields: fields,
                content: .stream { writer in
                    try await exchange.connection.whenClosed({ _ in working.cancel() }) {
                        try await withTaskCancellationHandler {
                            while let bytes = await relay.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
                        } onCancel: {
                            working.cancel()
                        }
                    }
                },
                ended: {
                    relay.abandon()
                    working.cancel()
                })
        }

        /// Bytes of a stream that wait for a slow client before decoding waits too.
        private static let relayedBytes = 1 << 20

        private func completing(_ document: JSONDocument) throws -> Completing {
            let request = try CompletionRequest(document)
            let name = try ModelName(request.model, method: nil, among: models)
            if name.method == nil || name.model.tokenizer == nil, let upstream = name.model.upstream {
                return .upstream(document, upstream)
            }
            return .here(request, try completionWork(request))
        }

        /// Everything about a request that can be refused before it takes a place.
        private func completionWork(_ request: CompletionRequest) throws(OpenAIError) -> CompletionWork {
            let (model, tokenizer) = try tokenizing(request.model)
            guard let engine = model.methods.first?.engine, engine.description.tier == .tokens else {
                throw .unsupportedField("model", "runs on an engine that takes no token ids; use /v1/chat/completions")
            }
            var prompts: [RawPrompt] = []
            for (prompt, path) in zip(request.prompts, request.promptPaths) {
                let tokens: [TokenID] =
                    switch prompt {
                    case .tokens(let tokens): tokens
                    case .text(let text):
                        RawPrompt.tokens(
                            of: text, tokenizer: tokenizer, tags: engine.description.controlTags,
                            addsBeginning: request.addsSpecialTokens)
                    }
                let raw = RawPrompt(tokens: tokens, path: path)
                try raw.check(vocabularySize: tokenizer.vocabularySize, contextLength: model.contextLength)
                prompts.append(raw)
            }
            for (index, id) in request.stopTokens.enumerated() where Int(id) >= tokenizer.vocabularySize {
                throw .unsupportedValue(
                    "stop_token_ids[\(index)]", "is \(id)",
                    allowed: "token ids of the model, from 0 to \(tokenizer.vocabularySize - 1)")
            }
            guard prompts.count * request.answers <= RequestLimits.prompts else {
                throw .unsupportedValue(
                    "n", "makes \(prompts.count * request.answers) continuations",
                    allowed: "at most \(RequestLimits.prompts) of all prompts together")
            }
            return CompletionWork(
                request: request, prompts: prompts, engine: engine, tokenizer: tokenizer,
                maximumTokens: min(request.maximumTokens, configuration.budget.totalTokens),
                seed: request.sampling.seed ?? .random(in: .min ... .max))
        }

        private func document(_ work: CompletionWork, _ format: CompletionFormat) async throws -> [UInt8] {
            var choices: [Int: CompletionChoice] = [:]
            let tokens = try await work.perform { piece in
                if choices[piece.index] == nil {
                    choices[piece.index] = piece
                } else {
                    choices[piece.index]?.append(piece)
                }
            }
            return format.document(
                choices.values.sorted { $0.index < $1.index }, promptTokens: work.promptTokens,
                completionTokens: tokens)
        }

        private static func stream(
            _ work: CompletionWork, _ format: CompletionFormat, to relay: ByteRelay
        ) async throws {
            var bytes: [UInt8] = []
            let tokens = try await work.perform { piece in
                bytes.removeAll(keepingCapacity: true)
                format.chunk(piece, &bytes)
                try await relay.send(bytes)
            }
            bytes.removeAll()
            format.end(promptTokens: work.promptTokens, completionTokens: tokens, &bytes)
            try await relay.send(bytes)
        }
    }
#endif
