#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import HTTPTypes

    extension Gateway {
        /// Answers a request that was let in.
        /// - Throws: `OpenAIError`, `CancellationError`.
        func answer(_ route: Route, _ exchange: Exchange, _ body: [UInt8]) async throws -> Reply {
            switch route {
            case .health: .json(Array("{\"status\":\"ok\"}".utf8))
            case .ready: try ready()
            case .metrics: metricsPage()
            case .about: .json(about().bytes)
            case .models: .json(modelList().bytes)
            case .model(let name): .json(try model(name).bytes)
            case .chatCompletions: try await chat(exchange, body)
            case .completions: try await complete(exchange, body)
            case .responses: try await respond(exchange, to: body)
            case .tokenize: try await longWork.perform(bytes: body.count) { try self.tokenize(body) }
            case .detokenize: try await longWork.perform(bytes: body.count) { try self.detokenize(body) }
            case .trajectories: try await trajectories(exchange)
            case .trajectory(let id): try await trajectory(id, exchange)
            case .trajectoryEvents(let id): try await events(id, exchange)
            case .perfetto(let id): try await perfetto(id, exchange)
            case .cancel(let id): try await cancel(id, exchange)
            case .page(let file): try pageFile(file)
            }
        }

        private func ready() throws(OpenAIError) -> Reply {
            if isDraining { throw .shuttingDown }
            guard models.contains(where: \.isReachable) else { throw .unreachable }
            return .json(Array("{\"status\":\"ready\"}".utf8))
        }

        private func metricsPage() -> Reply {
            let counts = gate.counts
            let text = metrics.text(
                running: counts.running, waiting: counts.waiting, requestsInFlight: registry.runningCount,
                backends: models.flatMap(\.servers), version: configuration.version)
            return Reply(
                fields: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], content: .bytes(Array(text.utf8)))
        }

        private func pageFile(_ file: Route.PageFile) throws(OpenAIError) -> Reply {
            guard let content = page.content(file) else { throw .notFound("the page is not part of this build") }
            return Reply(
                fields: [
                    .contentType: PageFiles.type(file), .contentSecurityPolicy: PageFiles.policy,
                    .cacheControl: "no-cache",
                ], content: .bytes(content))
        }

        // MARK: Models

        private func modelList() -> JSONObject {
            var list = JSONObject()
            list.add("object", "list")
            list.add("data", models.flatMap { model in model.names.map { Self.json(model, as: $0) } })
            return list
        }

        private func model(_ name: String) throws(OpenAIError) -> JSONObject {
            guard let model = models.first(where: { $0.names.contains(name) }) else { throw .modelNotFound(name) }
            return Self.json(model, as: name)
        }

        private static func json(_ model: ServedModel, as name: String) -> JSONObject {
            var object = JSONObject()
            object.add("id", name)
            object.add("object", "model")
            object.add("created", model.created)
            object.add("owned_by", "braid")
            object.add("max_model_len", model.contextLength)
            return object
        }

        private func about() -> JSONObject {
            var limits = JSONObject()
            limits.add("max_concurrency", configuration.limits.runs)
            limits.add("queue", configuration.limits.queue)
            limits.add("body_bytes", configuration.limits.bodyBytes)
            limits.add("max_threads", configuration.budget.maximumThreads)
            limits.add("max_depth", configuration.budget.maximumDepth)
            limits.add("max_total_tokens", configuration.budget.totalTokens)
            limits.add("max_thread_tokens", configuration.budget.tokensPerThread)
            limits.add("timeout_s", configuration.budget.deadline.map(Self.seconds))
            limits.add("thread_timeout_s", configuration.budget.threadTimeout.map(Self.seconds))
            var about = JSONObject()
            about.add("version", configuration.version)
            about.add(
                "models",
                models.map { model in
                    var object = JSONObject()
                    object.add("id", model.id)
                    object.add("methods", model.methods.map(\.name))
                    object.add("default_method", model.methods.first?.name)
                    object.add("context_length", model.contextLength)
                    return object
                })
            about.add("limits", limits)
            about.add("requires_key", !configuration.keys.isEmpty)
            about.add("store", store?.isWorking ?? false)
            return about
        }
    }
#endif
