/// Builds a ``StructureTree`` from events, without recursion, so that no input is too deep.
struct StructureTreeBuilder {
    private enum Frame {
        case line(number: Int?, [StructureTree.Item])
        case block(StructureTree.Block)
    }

    private var frames: [Frame] = [.line(number: nil, [])]
    /// The text of a conclusion that has begun.
    private var conclusion: String?

    mutating func add(_ event: StructureEvent) {
        switch event {
        case .text(let text):
            if conclusion != nil { conclusion? += text } else { addText(text) }
        case .blockOpened: frames.append(.block(StructureTree.Block()))
        case .outline(let outline): change { $0.outlines.append(outline) }
        case .threadOpened(let number): frames.append(.line(number: number, []))
        case .threadClosed: closeLine()
        case .blockClosed: closeBlock()
        case .returned(let text):
            if case .block = frames.last {
                change { $0.parts.append(.returned(text)) }
            } else {
                append(.returned(text))
            }
        case .conclusionOpened: conclusion = ""
        case .conclusionClosed: closeConclusion()
        case .thinkingOpened: append(.thinkingOpened)
        case .thinkingClosed: append(.thinkingClosed)
        case .answer(let text): append(.answer(text))
        case .ended(let tag): append(.end(tag))
        case .outlinesClosed, .returnOpened, .joinOpened, .malformed: break
        }
    }

    mutating func finish() -> [StructureTree.Item] {
        closeConclusion()
        while frames.count > 1 {
            if case .block = frames.last { closeBlock() } else { closeLine() }
        }
        guard case .line(_, let items) = frames.last else { return [] }
        return items
    }

    private mutating func addText(_ text: String) {
        guard case .line(let number, var items) = frames.popLast() else { return }
        if case .text(let before) = items.last {
            items[items.count - 1] = .text(before + text)
        } else {
            items.append(.text(text))
        }
        frames.append(.line(number: number, items))
    }

    private mutating func append(_ item: StructureTree.Item) {
        guard case .line(let number, var items) = frames.last else { return }
        frames.removeLast()
        items.append(item)
        frames.append(.line(number: number, items))
    }

    private mutating func change(_ body: (inout StructureTree.Block) -> Void) {
        guard case .block(var block) = frames.last else { return }
        frames.removeLast()
        body(&block)
        frames.append(.block(block))
    }

    private mutating func closeLine() {
        guard frames.count > 1, case .line(let number, let items) = frames.last else { return }
        frames.removeLast()
        change { $0.parts.append(.thread(number: number, items)) }
    }

    private mutating func closeBlock() {
        guard case .block(let block) = frames.last else { return }
        frames.removeLast()
        append(.block(block))
    }

    private mutating func closeConclusion() {
        guard let text = conclusion else { return }
        conclusion = nil
        if case .block = frames.last {
            change { $0.parts.append(.conclusion(text)) }
        } else {
            append(.conclusion(text))
        }
    }
}
