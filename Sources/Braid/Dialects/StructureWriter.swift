/// Writes a ``StructureTree`` as a whole text of a dialect, tag for tag as runtime and model write it.
///
/// What a dialect has no words for is left out; ``DialectConversion`` says beforehand what that is.
public struct StructureWriter {
    private let dialect: Dialect
    private var pieces: [TokenText.Piece] = []

    /// Creates a writer.
    public init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// The text.
    public static func text(_ tree: StructureTree, in dialect: Dialect) -> TokenText {
        var writer = StructureWriter(dialect)
        writer.write(tree.items, label: "")
        return TokenText(writer.pieces)
    }

    private var gap: [TokenText.Piece] { dialect.separator.isEmpty ? [] : [.text(dialect.separator)] }

    private mutating func write(_ items: [StructureTree.Item], label: String) {
        for (index, item) in items.enumerated() {
            switch item {
            case .text(let text): pieces.append(.text(text))
            case .thinkingOpened: if let think = dialect.think { pieces.append(.control(think.open)) }
            case .thinkingClosed: if let think = dialect.think { pieces.append(.control(think.close)) }
            case .block(let block):
                var isConcluded = false
                if index + 1 < items.count, case .conclusion = items[index + 1] { isConcluded = true }
                write(block, label: label, isConcluded: isConcluded)
            case .conclusion(let text):
                guard let tags = dialect.conclusion?.tags else { continue }
                pieces += [.control(tags.open), .text(text), .control(tags.close)]
            case .returned(let text):
                guard let tags = dialect.returns else { continue }
                pieces += [.control(tags.open), .text(text), .control(tags.close)]
            case .answer(let text):
                guard case .tagged(let tags) = dialect.answer else { continue }
                pieces += [.control(tags.open), .text(text), .control(tags.close)]
            case .end(let tag):
                // A conclusion's closing tag may be the end.
                if pieces.last != .control(tag) { pieces.append(.control(tag)) }
            }
        }
    }

    private mutating func write(_ block: StructureTree.Block, label: String, isConcluded: Bool) {
        pieces += dialect.forkingText(block.outlines).pieces
        // An outline list without an outline is the end of its block.
        if dialect.forkPoint == .outlines, block.outlines.isEmpty { return }
        var threads = 0
        var hasThreads = false
        for part in block.parts {
            switch part {
            case .thread(let number, let items):
                if !hasThreads { pieces += dialect.forkText.pieces }
                write(items, of: number, isFirst: !hasThreads, in: label, place: threads + 1)
                (threads, hasThreads) = (threads + 1, true)
            case .returned(let text):
                guard let tags = dialect.returns else { continue }
                pieces += [.control(tags.open), .text(text), .control(tags.close)]
            case .conclusion(let text):
                guard let tags = dialect.conclusion?.tags else { continue }
                if !dialect.opensConclusion { pieces += gap }
                pieces += [.control(tags.open), .text(text), .control(tags.close)]
            }
        }
        guard let parallel = dialect.parallel else { return }
        if dialect.opensConclusion, dialect.conclusion?.isAfterBlock == false {
            pieces += gap
        } else if hasThreads, dialect.blockEnd == .model, !block.hasConclusion {
            pieces += dialect.threadsEnd.pieces
        }
        pieces.append(.control(parallel.close))
        if isConcluded { pieces += gap }
    }

    private mutating func write(
        _ items: [StructureTree.Item], of number: Int?, isFirst: Bool, in label: String, place: Int
    ) {
        let prefix = dialect.numbering == .dotted && !label.isEmpty ? label + "." : ""
        let own = prefix + String(number ?? place)
        let seed = isFirst || dialect.join == .stitch ? dialect.threadSeed : dialect.laterJoinedSeed
        for piece in seed.pieces {
            // The outline's text is part of what the parser found in the thread.
            if case .text(let text) = piece, let place = text.firstRange(of: "{outline}") {
                pieces.append(.text(Template.fill(String(text[..<place.lowerBound]), ["n": own])))
            } else {
                pieces += Template.fill(TokenText([piece]), ["n": own]).pieces
            }
        }
        write(items, label: own)
        if let tags = dialect.threadTags(label: own) { pieces.append(.control(tags.close)) }
        pieces += dialect.threadTail.pieces
    }
}

extension StructureTree.Block {
    /// Whether a conclusion is among its parts.
    var hasConclusion: Bool { parts.contains { if case .conclusion = $0 { true } else { false } } }
}
