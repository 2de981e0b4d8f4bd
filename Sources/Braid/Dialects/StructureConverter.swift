/// Rewrites a ``StructureTree`` of one dialect for another.
struct StructureConverter {
    /// What was changed, each once.
    private(set) var notes: [String] = []

    private let source: Dialect
    private let target: Dialect

    init(source: Dialect, target: Dialect) {
        self.source = source
        self.target = target
    }

    mutating func convert(_ tree: StructureTree) throws(DialectConversion.Refusal) -> StructureTree {
        guard source.messages == nil, target.messages == nil else {
            let name = source.messages == nil ? target.name : source.name
            throw refusal(
                "threads of \(name) see one message and nothing else, those of other dialects all that came before")
        }
        try checkForks(tree.items)
        let items = try line(tree.items, label: "", depth: 0)
        return StructureTree(items: try answered(items, returns: lastReturns(tree.items)))
    }

    // MARK: Blocks

    private func checkForks(_ items: [StructureTree.Item]) throws(DialectConversion.Refusal) {
        let blocks = items.count { if case .block = $0 { true } else { false } }
        guard case .start = target.forkPoint else { return }
        guard blocks <= 1 else { throw refusal("\(target) forks once and the text \(blocks) times") }
        for item in items {
            if case .block = item { return }
            if case .text(let text) = item, !AnswerExtractor.trimmed(text).isEmpty {
                throw refusal("\(target) forks before the model writes anything, and the text begins otherwise")
            }
        }
    }

    private mutating func line(
        _ items: [StructureTree.Item], label: String, depth: Int
    ) throws(DialectConversion.Refusal) -> [StructureTree.Item] {
        var converted: [StructureTree.Item] = []
        var hasText = false
        for (index, item) in items.enumerated() {
            switch item {
            case .text(let text):
                converted.append(item)
                if !AnswerExtractor.trimmed(text).isEmpty { hasText = true }
            case .block(let block):
                if hasText, depth == 0, !target.allowsTextBeforeBlocks {
                    throw refusal("\(target) has no text before a block, and this text has")
                }
                guard depth < target.maximumDepth else {
                    throw refusal("\(target) nests \(target.maximumDepth) deep, and the text deeper")
                }
                var behind: String?
                if index + 1 < items.count, case .conclusion(let text) = items[index + 1] { behind = text }
                converted += try self.block(block, concludedBy: behind, within: label, depth: depth)
            case .conclusion: break
            case .returned(let text):
                if target.returns == nil {
                    note("what threads return is the end of their text")
                    converted.append(.text(text))
                } else {
                    converted.append(item)
                }
            case .thinkingOpened, .thinkingClosed:
                if target.think != nil {
                    converted.append(item)
                } else {
                    note("the tags around the thinking are left out")
                }
            case .answer, .end: converted.append(item)
            }
        }
        if depth > 0, target.returns != nil, source.returns == nil {
            throw refusal("threads of \(target) end with a return, and those of \(source) have none")
        }
        return converted
    }

    private mutating func block(
        _ block: StructureTree.Block, concludedBy behind: String?, within label: String, depth: Int
    ) throws(DialectConversion.Refusal) -> [StructureTree.Item] {
        var converted = StructureTree.Block()
        var conclusion: String?
        var returns: [String] = []
        var threads: [(number: Int?, items: [StructureTree.Item])] = []
        for part in block.parts {
            switch part {
            case .thread(let number, let items): threads.append((number, items))
            case .returned(let text): returns.append(text)
            case .conclusion(let text): conclusion = text
            }
        }
        guard threads.count <= target.maximumOutlines else {
            throw refusal(
                "\(target) has at most \(target.maximumOutlines) threads in a block, and the text \(threads.count)")
        }
        if case .blockOpening = target.forkPoint, threads.count < 2 {
            throw refusal("\(target) has at least two threads in a block, and the text \(threads.count)")
        }
        if threads.isEmpty {
            guard target.shows == .returns else {
                throw refusal("the text shows what threads returned and not what they wrote, which \(target) shows")
            }
            converted.parts = returns.map { .returned($0) }
        }
        let prefix = target.numbering == .dotted && !label.isEmpty ? label + "." : nil
        converted.outlines = try outlines(block.outlines, prefix: prefix)
        for (place, thread) in threads.enumerated() {
            let outline = block.outlines.first { $0.number == thread.number }
            let number = thread.number.flatMap { number in block.outlines.firstIndex { $0.number == number } } ?? place
            let own = (prefix ?? "") + String(number + 1)
            let body = try line(thread.items, label: own, depth: depth + 1)
            converted.parts.append(.thread(number: number + 1, seeded(body, outline)))
        }
        return try concluded(converted, conclusion ?? behind, threads.map(\.items))
    }

    private mutating func outlines(_ outlines: [Outline], prefix: String?) throws(DialectConversion.Refusal)
        -> [Outline]
    {
        guard target.forkPoint == .outlines else {
            if !outlines.isEmpty { note("outlines are left out") }
            return []
        }
        guard !outlines.isEmpty else {
            throw refusal("\(target) says what each thread is for, and \(source) does not")
        }
        let numbers = outlines.map(\.number)
        return outlines.enumerated().map { index, outline in
            if !outline.after.isEmpty, target.dependencies == .none {
                note("which outlines come after others is left out")
            }
            let after = target.dependencies == .none ? [] : outline.after.compactMap { numbers.firstIndex(of: $0) }
            let end = target.outlineStart.isEmpty ? "" : target.separator
            return Outline(
                number: index + 1, prefix: prefix, after: after.map { $0 + 1 },
                text: " " + AnswerExtractor.trimmed(outline.text) + end)
        }
    }

    /// A thread's text with as much of its outline before it as its dialect puts there.
    private func seeded(_ items: [StructureTree.Item], _ outline: Outline?) -> [StructureTree.Item] {
        var items = items
        if Self.repeatsOutline(source), let outline, case .text(let text) = items.first {
            items[0] = .text(text.hasPrefix(outline.text) ? String(text.dropFirst(outline.text.count)) : text)
        }
        if Self.repeatsOutline(target), let outline {
            // The line that the outline stood on is written again.
            if case .text(let text) = items.first, text.hasPrefix("\n") { items[0] = .text(String(text.dropFirst())) }
            items.insert(.text(" " + AnswerExtractor.trimmed(outline.text) + "\n"), at: 0)
        }
        let first = target.cutThreadEnd.pieces.first
        if target.returns == nil, case .text(let end) = first {
            guard case .text(let last)? = items.last else { return items + [.text(end)] }
            if !last.hasSuffix(end) { items[items.count - 1] = .text(last + end) }
        }
        return items
    }

    private static func repeatsOutline(_ dialect: Dialect) -> Bool { dialect.threadSeed.rendered.contains("{outline}") }

    // MARK: Conclusions

    /// A block with its conclusion where the target has it: within, behind, as plain text, or made of what was returned.
    private mutating func concluded(
        _ block: StructureTree.Block, _ written: String?, _ threads: [[StructureTree.Item]]
    ) throws(DialectConversion.Refusal) -> [StructureTree.Item] {
        var block = block
        guard let conclusion = target.conclusion else {
            guard let written else { return [.block(block)] }
            note("conclusions are plain text behind their block")
            return [.block(block), .text("\n" + AnswerExtractor.trimmed(written))]
        }
        var text = written
        if text == nil, target.opensConclusion {
            let returns = threads.enumerated().compactMap { index, items in
                items.lazy.compactMap { if case .returned(let text) = $0 { text } else { nil } }.first
                    .map { "\(index + 1):\($0)" }
            }
            guard !returns.isEmpty else {
                throw refusal("\(target) has a conclusion behind every block, and the text has none")
            }
            note("conclusions repeat what threads returned")
            text = returns.joined(separator: "\n")
        }
        guard let text else { return [.block(block)] }
        let trimmed = AnswerExtractor.trimmed(text)
        let isOnLines = target.threadsEnd.pieces.last == .text("\n")
        let laidOut = isOnLines && target.opensConclusion ? "\n\(trimmed)\n" : " \(trimmed) "
        if conclusion.isAfterBlock { return [.block(block), .conclusion(laidOut)] }
        block.parts.append(.conclusion(laidOut))
        return [.block(block)]
    }

    // MARK: Answers

    /// What each thread of the last block returned, by its number.
    private func lastReturns(_ items: [StructureTree.Item]) -> [Int: String] {
        var returns: [Int: String] = [:]
        for case .block(let block) in items {
            returns = [:]
            for case .thread(let number?, let items) in block.parts {
                for case .returned(let text) in items { returns[number] = text }
            }
        }
        return returns
    }

    /// The line with its answer and its end as the target writes them.
    private mutating func answered(
        _ items: [StructureTree.Item], returns: [Int: String]
    ) throws(DialectConversion.Refusal) -> [StructureTree.Item] {
        var items = items.filter { if case .end = $0 { false } else { true } }
        var tagged: String?
        items.removeAll { item in
            guard case .answer(let text) = item else { return false }
            tagged = text
            return true
        }
        if source.answersByNumber, let text = tagged, text.hasSuffix(source.numberSuffix),
            let number = Int(AnswerExtractor.trimmed(String(text.dropLast(source.numberSuffix.count)))),
            let returned = returns[number]
        {
            note("an answer by a thread's number is what that thread returned")
            tagged = returned
        }
        switch (target.answer, tagged) {
        case (.tagged, let text?): items.append(.answer(text))
        case (.tagged, nil):
            let text = items.reversed().lazy.compactMap { if case .text(let text) = $0 { text } else { nil } }.first
            guard let answer = text.flatMap({ AnswerExtractor.boxed(in: $0) }) else {
                throw refusal("\(target) has its answer between tags, and the text has none")
            }
            items.append(.answer(" " + answer))
        case (.boxed, let text?): items = thought(items) + [.text("\n\\boxed{\(AnswerExtractor.trimmed(text))}")]
        case (.boxed, nil): items = thought(items)
        case (.message, _): break
        }
        if case .tagged = target.answer { return items }
        if case .start = target.forkPoint { return summed(items) }
        return items + (end.map { [.end($0)] } ?? [])
    }

    /// The line with everything up to its last block within the target's thinking part, if it has one.
    private func thought(_ items: [StructureTree.Item]) -> [StructureTree.Item] {
        guard target.think != nil, !items.contains(.thinkingOpened) else { return items }
        let last = items.lastIndex { if case .block = $0 { true } else { false } }.map { $0 + 1 } ?? 0
        return [.thinkingOpened] + items[..<last] + [.thinkingClosed] + items[last...]
    }

    /// The line with what follows its block within the block's conclusion, which is where the target's line ends.
    private func summed(_ items: [StructureTree.Item]) -> [StructureTree.Item] {
        var summed: [StructureTree.Item] = []
        for item in items {
            guard case .text(let text) = item, case .block(var block)? = summed.last,
                case .conclusion(let before)? = block.parts.last
            else {
                summed.append(item)
                continue
            }
            block.parts[block.parts.count - 1] = .conclusion(before + text)
            summed[summed.count - 1] = .block(block)
        }
        return summed
    }

    /// The tag that ends a line of the target, the one that its prompt uses too if there is one.
    private var end: String? {
        let tags = target.ends.sorted()
        return tags.first { target.promptEnd.controlTags.contains($0) }
            ?? tags.first
    }

    private mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    private func refusal(_ text: String) -> DialectConversion.Refusal { DialectConversion.Refusal(description: text) }
}
