internal import Braid
internal import Yams

/// The values of a dialect file, each read strictly and with its place.
struct DialectFields {
    private let source: String
    private let fields: [String: Node]
    private let root: Node?

    /// Reads the keys.
    /// - Throws: ``DialectFileError`` for a document that is no mapping, and for unknown and repeated keys.
    init(_ root: Node?, source: String) throws(DialectFileError) {
        try self.init(
            root, keys: DialectFile.keys, source: source,
            otherwise: "the document must be a mapping of keys to values, such as 'name: mine'")
    }

    private init(_ root: Node?, keys: [String], source: String, otherwise reason: String) throws(DialectFileError) {
        self.source = source
        self.root = root
        guard case .mapping(let mapping)? = root else { throw Self.error(root, source, reason) }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key, keys.contains(scalar.string) else {
                let name = key.scalar?.string ?? "a key that is not a word"
                throw Self.error(key, source, "unknown key \(name); allowed: \(keys.joined(separator: ", "))")
            }
            guard fields.updateValue(value, forKey: scalar.string) == nil else {
                throw Self.error(key, source, "the key \(scalar.string) stands here for the second time")
            }
        }
        self.fields = fields
    }

    /// The dialect, not yet checked as a whole.
    func dialect() throws(DialectFileError) -> Dialect {
        var dialect = try base()
        guard let name = try text("name") else { throw error(root, "the key name is missing") }
        dialect.name = name
        set(&dialect.promptStart, try tokenText("prompt-start"))
        set(&dialect.promptEnd, try tokenText("prompt-end"))
        set(&dialect.forkPoint, try forkPoint(dialect.forkPoint))
        set(&dialect.parallel, try tags("parallel"))
        set(&dialect.outlines, try tags("outlines"))
        set(&dialect.outline, try tags("outline"))
        set(&dialect.thread, try tags("thread"))
        set(&dialect.returns, try tags("returns"))
        set(&dialect.think, try tags("think"))
        set(&dialect.conclusion, try conclusion(dialect.conclusion))
        set(&dialect.answer, try answer())
        set(&dialect.ends, try list("ends").map { Set($0) })
        set(&dialect.separator, try text("separator"))
        set(&dialect.outlineStart, try text("outline-start"))
        set(&dialect.numberSuffix, try text("number-suffix"))
        set(&dialect.numbering, try choice("numbering"))
        set(&dialect.dependencies, try choice("dependencies"))
        set(&dialect.forkText, try tokenText("fork-text"))
        let seed = try tokenText("thread-seed")
        set(&dialect.threadSeed, seed)
        set(&dialect.laterJoinedSeed, try tokenText("later-joined-seed") ?? seed)
        set(&dialect.cutThreadEnd, try tokenText("cut-thread-end"))
        set(&dialect.threadTail, try tokenText("thread-tail"))
        set(&dialect.threadsEnd, try tokenText("threads-end"))
        set(&dialect.shows, try choice("shows"))
        set(&dialect.join, try choice("join"))
        set(&dialect.maximumDepth, try number("maximum-depth"))
        set(&dialect.failedReturn, try text("failed-return"))
        set(&dialect.maximumOutlines, try number("maximum-outlines"))
        set(&dialect.minimumForkTokens, try number("minimum-fork-tokens"))
        set(&dialect.allowsTextBeforeBlocks, try flag("allows-text-before-blocks"))
        set(&dialect.answersByNumber, try flag("answers-by-number"))
        return dialect
    }

    // MARK: Parts

    private func base() throws(DialectFileError) -> Dialect {
        guard let name = try text("extends") else {
            // Threads of messages are told apart by their messages.
            let isOfMessages = try text("fork") == "messages"
            for key in ["answer", "ends", "shows", "join", "thread"]
            where fields[key] == nil && !(key == "thread" && isOfMessages) {
                throw error(root, "the key \(key) is missing; give it, or name a dialect to start from with extends")
            }
            return Dialect(
                name: "", answer: .boxed, ends: [], shows: .wholeThreads, join: .reprefill, maximumOutlines: 64)
        }
        guard let dialect = DialectCatalogue.dialect(named: name) else {
            let known = DialectCatalogue.all.map(\.name).joined(separator: ", ")
            throw error(fields["extends"], "extends is '\(name)'; allowed: \(known)")
        }
        return dialect
    }

    private func forkPoint(_ before: Dialect.ForkPoint) throws(DialectFileError) -> Dialect.ForkPoint? {
        let threads = try number("threads")
        let named: String
        switch before {
        case .outlines: named = try text("fork") ?? "outlines"
        case .blockOpening: named = try text("fork") ?? "block-opening"
        case .start: named = try text("fork") ?? "start"
        case .messages: named = try text("fork") ?? "messages"
        }
        guard named == "messages" || fields["messages"] == nil else {
            throw error(fields["messages"], "messages is for fork messages only")
        }
        let count: Int
        switch before {
        case .blockOpening(let threads), .start(let threads): count = threads
        case .outlines, .messages: count = 2
        }
        switch named {
        case "outlines" where threads == nil: return .outlines
        case "messages" where threads == nil: return .messages(try messages(before))
        case "block-opening": return .blockOpening(threads: threads ?? count)
        case "start": return .start(threads: threads ?? count)
        case "outlines", "messages":
            throw error(fields["threads"], "threads is for fork block-opening and start only")
        default: throw error(fields["fork"], "fork is '\(named)'; allowed: outlines, messages, block-opening, start")
        }
    }

    /// The messages' syntax: what the file says of it, and what it extends where the file says nothing.
    private func messages(_ before: Dialect.ForkPoint) throws(DialectFileError) -> MessageSyntax {
        var base: MessageSyntax?
        if case .messages(let syntax) = before { base = syntax }
        guard let node = fields["messages"] else {
            guard let base else {
                throw error(
                    root, "the key messages is missing: a dialect that forks at messages says how they are written")
            }
            return base
        }
        let keys = DialectFile.messageKeys
        let parts = try DialectFields(
            node, keys: keys, source: source,
            otherwise: "messages must be a mapping of the keys \(keys.joined(separator: ", "))")
        return MessageSyntax(
            list: try parts.given(try parts.tags("list") ?? nil, "list", base?.list),
            message: try parts.given(try parts.text("message"), "message", base?.message),
            joined: try parts.given(try parts.tags("joined") ?? nil, "joined", base?.joined),
            returned: try parts.given(try parts.text("returned"), "returned", base?.returned),
            failed: try parts.given(try parts.text("failed"), "failed", base?.failed),
            childPrompt: try parts.given(try parts.tokenText("child-prompt"), "child-prompt", base?.childPrompt),
            marker: try parts.given(try parts.text("marker"), "marker", base?.marker))
    }

    /// A value, or the one before; one of them must be there.
    private func given<Value>(_ value: Value?, _ key: String, _ before: Value?) throws(DialectFileError) -> Value {
        guard let value = value ?? before else {
            throw error(
                fields[key] ?? root,
                "messages has no \(key); it needs \(DialectFile.messageKeys.joined(separator: ", "))")
        }
        return value
    }

    private func conclusion(_ before: Dialect.Conclusion?) throws(DialectFileError) -> Dialect.Conclusion?? {
        let isAfterBlock = try flag("conclusion-after-block")
        guard let tags = try tags("conclusion") else {
            guard let isAfterBlock else { return nil }
            guard var before else {
                throw error(fields["conclusion-after-block"], "conclusion-after-block needs the key conclusion")
            }
            before.isAfterBlock = isAfterBlock
            return .some(before)
        }
        return .some(tags.map { Dialect.Conclusion($0, isAfterBlock: isAfterBlock ?? before?.isAfterBlock ?? false) })
    }

    private func answer() throws(DialectFileError) -> Dialect.AnswerForm? {
        if case .scalar(let scalar)? = fields["answer"] {
            if scalar.string == "boxed" { return .boxed }
            if scalar.string == "message" { return .message }
        }
        guard let tags = try tags("answer") else { return nil }
        guard let tags else {
            throw error(fields["answer"], "answer is empty; allowed: boxed, message, a name, or a list of two tags")
        }
        return .tagged(tags)
    }

    // MARK: Values

    private func text(_ key: String) throws(DialectFileError) -> String? {
        guard let node = fields[key] else { return nil }
        guard case .scalar(let scalar) = node else { throw error(node, "\(key) must be a text") }
        return scalar.string
    }

    private func number(_ key: String) throws(DialectFileError) -> Int? {
        guard let written = try text(key) else { return nil }
        guard let number = Int(written) else {
            throw error(fields[key], "\(key) is '\(written)'; allowed: a whole number")
        }
        return number
    }

    private func flag(_ key: String) throws(DialectFileError) -> Bool? {
        switch try text(key) {
        case nil: return nil
        case "true": return true
        case "false": return false
        case let written?: throw error(fields[key], "\(key) is '\(written)'; allowed: true, false")
        }
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String
    ) throws(DialectFileError) -> Choice? {
        guard let written = try text(key) else { return nil }
        let spelled = Choice.allCases.map { ($0, Self.hyphenated($0.rawValue)) }
        guard let found = spelled.first(where: { $0.1 == written }) else {
            let allowed = spelled.map(\.1).joined(separator: ", ")
            throw error(fields[key], "\(key) is '\(written)'; allowed: \(allowed)")
        }
        return found.0
    }

    private func list(_ key: String) throws(DialectFileError) -> [String]? {
        guard let node = fields[key] else { return nil }
        guard case .sequence(let sequence) = node else { throw error(node, "\(key) must be a list of texts") }
        var texts: [String] = []
        for item in sequence {
            guard case .scalar(let scalar) = item else { throw error(item, "\(key) must be a list of texts") }
            texts.append(scalar.string)
        }
        return texts
    }

    /// A name, a list of two tags, or nothing, which takes a dialect's tags away.
    private func tags(_ key: String) throws(DialectFileError) -> TagPair?? {
        guard let node = fields[key] else { return nil }
        if case .scalar(let scalar) = node {
            if scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null" { return .some(nil) }
            guard !scalar.string.contains(where: { "<>/".contains($0) || $0.isWhitespace }) else {
                throw error(node, "\(key) is '\(scalar.string)'; allowed: a name such as Thread, or a list of two tags")
            }
            return .some(TagPair(scalar.string))
        }
        let pair = try list(key) ?? []
        guard pair.count == 2 else {
            throw error(node, "\(key) has \(pair.count) tags; allowed: the opening one and the closing one")
        }
        return .some(TagPair(open: pair[0], close: pair[1]))
    }

    private func tokenText(_ key: String) throws(DialectFileError) -> TokenText? {
        guard let node = fields[key] else { return nil }
        let items: [Node]
        switch node {
        case .scalar: items = [node]
        case .sequence(let sequence): items = Array(sequence)
        default: throw error(node, "\(key) must be a text, or a list of texts and {tag: ...}")
        }
        var pieces: [TokenText.Piece] = []
        for item in items {
            if case .scalar(let scalar) = item {
                if !scalar.string.isEmpty { pieces.append(.text(scalar.string)) }
            } else if case .mapping(let mapping) = item, mapping.count == 1, let tag = mapping["tag"]?.scalar {
                pieces.append(.control(tag.string))
            } else {
                throw error(item, "an item of \(key) is neither a text nor {tag: ...}")
            }
        }
        return TokenText(pieces)
    }

    // MARK: Errors

    private func set<Value>(_ place: inout Value, _ value: Value?) {
        if let value { place = value }
    }

    private func error(_ node: Node?, _ reason: String) -> DialectFileError { Self.error(node, source, reason) }

    private static func error(_ node: Node?, _ source: String, _ reason: String) -> DialectFileError {
        .invalid(source: source, line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1, reason: reason)
    }

    /// `wholeThreads` as a file writes it: `whole-threads`.
    private static func hyphenated(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
    }
}
