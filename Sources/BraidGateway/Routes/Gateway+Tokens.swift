#if Gateway
    import Braid
    import HTTPTypes

    extension Gateway {
        /// `POST /tokenize`: the tokens that a model reads for a raw prompt, or for messages in its own chat frame.
        func tokenize(_ body: [UInt8]) throws -> Reply {
            let request = try TokenizeRequest(JSONDocument(body))
            let (model, tokenizer) = try tokenizing(request.model)
            let engine = model.methods.first?.engine
            let tags = engine?.description.controlTags ?? []
            var tokens: [TokenID]
            switch request.content {
            case .prompt(let text):
                tokens = RawPrompt.tokens(
                    of: text, tokenizer: tokenizer, tags: tags, addsBeginning: request.addsSpecialTokens)
            case .messages(let messages):
                tokens = request.addsSpecialTokens ? tokenizer.beginning : []
                for piece in try engine?.text(of: Prompt(messages)).pieces ?? [] {
                    switch piece {
                    case .text(let text): tokens += tokenizer.encode(text)
                    case .tokens(let ids): tokens += ids
                    case .control(let tag):
                        guard let id = tokenizer.id(tag) else {
                            throw OpenAIError.unsupportedField(
                                "messages", "need the token \(tag), which the model lacks")
                        }
                        tokens.append(id)
                    }
                }
            }
            let texts = request.returnsTexts ? tokens.map { tokenizer.tag($0) ?? tokenizer.decode([$0]) } : nil
            return reply(
                TokenizeFormat.tokens(tokens, contextLength: model.contextLength, texts: texts), request.ignored)
        }

        /// `POST /detokenize`: the text of tokens, tags included.
        func detokenize(_ body: [UInt8]) throws -> Reply {
            let request = try DetokenizeRequest(JSONDocument(body))
            let (_, tokenizer) = try tokenizing(request.model)
            for (index, id) in request.tokens.enumerated() where Int(id) >= tokenizer.vocabularySize {
                throw OpenAIError.unsupportedValue(
                    "tokens[\(index)]", "is \(id)",
                    allowed: "token ids of the model, from 0 to \(tokenizer.vocabularySize - 1)")
            }
            let text = RawPrompt.text(of: request.tokens, tokenizer: tokenizer, skipsSpecialTokens: false)
            return reply(TokenizeFormat.text(text), request.ignored)
        }

        /// The model of this name, or the first, with its tokenizer.
        func tokenizing(_ name: String?) throws(OpenAIError) -> (ServedModel, ServedTokenizer) {
            let model: ServedModel
            if let name {
                model = try ModelName(name, method: nil, among: models).model
            } else if let first = models.first {
                model = first
            } else {
                throw .modelNotFound("")
            }
            guard let tokenizer = model.tokenizer else {
                throw .unsupportedField(
                    "model",
                    "is served without its tokenizer, so it takes no tokens; use /v1/chat/completions, or start the "
                        + "server with --tokenizer")
            }
            return (model, tokenizer)
        }

        private func reply(_ bytes: [UInt8], _ ignored: IgnoredFields) -> Reply {
            var reply = Reply.json(bytes)
            reply.fields[.ignoredFields] = ignored.headerValue
            return reply
        }
    }
#endif
