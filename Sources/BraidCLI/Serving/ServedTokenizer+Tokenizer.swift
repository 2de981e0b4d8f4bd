#if Gateway
    import BraidGateway
    import BraidInference

    extension ServedTokenizer {
        /// The tokenizer of an embedded model.
        init(_ tokenizer: Tokenizer) {
            var tags: [Int32: String] = [:]
            for tag in tokenizer.controlTags {
                if let id = tokenizer.id(ofControlToken: tag) { tags[id] = tag }
            }
            let tagsByID = tags
            self.init(
                vocabularySize: tokenizer.vocabularySize, longestToken: tokenizer.longestToken,
                beginning: tokenizer.beginTokenIDs,
                encode: { tokenizer.encode($0) },
                decode: { tokenizer.decode($0) }, tag: { tagsByID[$0] }, id: { tokenizer.id(ofControlToken: $0) })
        }
    }
#endif
