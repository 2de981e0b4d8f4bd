/// Rewrites a run's record from one dialect to another, where that is meaningful: as if the same thoughts had been written
/// by a model of the other dialect.
///
/// Nobody decoded the new text, so it has no token ids, no log-probabilities and no times, and its token counts are 0.
public struct TrajectoryConversion: Sendable, Hashable {
    /// The rewritten record.
    public var trajectory: Trajectory
    /// What it does not have, and what the other dialect says differently; each once.
    public var notes: [String]

    /// Rewrites a record.
    /// - Throws: ``DialectConversion/Refusal`` when the record is no whole text of its dialect, or says less than the other
    ///   dialect must say.
    public init(
        _ trajectory: Trajectory, from source: Dialect, to target: Dialect
    ) throws(DialectConversion.Refusal) {
        let text = try TrajectoryText(trajectory, in: source)
        let conversion = try DialectConversion(text.text, from: source, to: target)
        notes = text.notes.map { "left out: \($0)" } + conversion.notes
        notes.append(
            "left out: token ids, log-probabilities, token counts and times, which nobody has measured in \(target)")
        if !trajectory.decisions.isEmpty { notes.append("left out: what the controller decided") }
        var writer = RecordWriter(dialect: target)
        var root = ReasoningThread(id: TrajectoryRecorder.root, outcome: trajectory.root.outcome)
        let prompt = RecordWriter.segment(.prompt, target.prompt(for: trajectory.question).rendered)
        root.steps = [prompt] + (try writer.steps(of: conversion.tree.items, id: root.id, label: ""))
        self.trajectory = Trajectory(
            question: trajectory.question, dialect: target.name, method: trajectory.method, model: trajectory.model,
            engine: trajectory.engine, seed: trajectory.seed, answer: trajectory.answer, verified: trajectory.verified,
            root: root)
    }
}

/// Writes a ``StructureTree`` as the record of a run.
private struct RecordWriter {
    let dialect: Dialect

    static func segment(_ origin: Segment.Origin, _ text: String) -> ReasoningThread.Step {
        .segment(Segment(origin: origin, text: text, tokenCount: 0, start: 0, end: 0))
    }

    /// A line's steps behind its prompt or seed.
    mutating func steps(
        of items: [StructureTree.Item], id: String, label: String
    ) throws(DialectConversion.Refusal) -> [ReasoningThread.Step] {
        var steps: [ReasoningThread.Step] = []
        var written = ""
        var threadCount = 0
        var index = 0
        while index < items.count {
            let item = items[index]
            index += 1
            guard case .block(let block) = item else {
                // A conclusion's closing tag may be the end.
                if case .end(let tag) = item, written.hasSuffix(tag) { continue }
                written += StructureWriter.text(StructureTree(items: [item]), in: dialect).rendered
                continue
            }
            written += dialect.forkingText(block.outlines).rendered
            if !written.isEmpty { steps.append(Self.segment(.model, written)) }
            let forkText = dialect.forkText.rendered
            if !forkText.isEmpty { steps.append(Self.segment(.joined, forkText)) }
            let threads = try self.threads(of: block, in: id, after: threadCount, label: label)
            threadCount += threads.count
            steps.append(
                .fork(
                    Fork(
                        outlines: block.outlines, threads: threads.map(\.record), join: dialect.join, outlineTokens: 0))
            )
            let joined = dialect.join == .stitch ? dialect.threadsEnd : dialect.joinedText(threads.map(\.joined))
            steps.append(Self.segment(.joined, joined.rendered))
            var behind: String?
            if index < items.count, case .conclusion(let text) = items[index], dialect.opensConclusion {
                behind = text
                index += 1
            }
            written = end(of: block, behind)
        }
        if !written.isEmpty { steps.append(Self.segment(.model, written)) }
        return steps
    }

    /// What the model writes between a join and the free text behind the block.
    private func end(of block: StructureTree.Block, _ behind: String?) -> String {
        let conclusion = block.parts.lazy.compactMap { if case .conclusion(let text) = $0 { text } else { nil } }.first
        guard !dialect.opensConclusion else {
            // What the runtime opens a conclusion with is part of the text that the parser found in it.
            let opening = dialect.threadsEnd.pieces.last.map { TokenText([$0]).rendered } ?? ""
            let text = conclusion ?? behind ?? ""
            let own = text.hasPrefix(opening) ? String(text.dropFirst(opening.count)) : text
            return dialect.blockEndText(concluding: .text(own)).rendered
        }
        var text = ""
        if let tags = dialect.conclusion?.tags, let conclusion { text = tags.open + conclusion + tags.close }
        return text + dialect.blockEndText(concluding: .text("")).rendered
    }

    private mutating func threads(
        of block: StructureTree.Block, in id: String, after count: Int, label: String
    ) throws(DialectConversion.Refusal) -> [(record: ReasoningThread, joined: Dialect.JoinedThread)] {
        var threads: [(ReasoningThread, Dialect.JoinedThread)] = []
        for case .thread(let number, let items) in block.parts {
            let number = number ?? threads.count + 1
            let written = block.outlines.first { $0.number == number }
            let prefix = dialect.numbering == .dotted && !label.isEmpty ? label + "." : nil
            let outline = written ?? Outline(number: number, prefix: prefix, text: "")
            var record = ReasoningThread(
                id: "\(id).\(count + threads.count + 1)", outline: written, outcome: .finished)
            let seed = dialect.seed(for: outline).rendered
            let own = try steps(of: unseeded(items, outline), id: record.id, label: outline.label)
            record.steps = [Self.segment(.seed, seed)] + closed(own, label: outline.label)
            var returned: String?
            for case .returned(let text) in items { returned = text }
            record.returned = returned.map(AnswerExtractor.trimmed)
            let content = try TrajectoryText.content(of: record, in: dialect)
            threads.append(
                (
                    record,
                    Dialect.JoinedThread(
                        outline: outline, returned: returned.map { .text($0) }, content: [.text(content)],
                        isClosed: true)
                ))
        }
        return threads
    }

    /// A thread's items without as much of its outline as its seed repeats.
    private func unseeded(_ items: [StructureTree.Item], _ outline: Outline) -> [StructureTree.Item] {
        guard dialect.threadSeed.rendered.contains("{outline}"), case .text(let text)? = items.first else {
            return items
        }
        let repeated = outline.text + "\n"
        guard text.hasPrefix(repeated) else { return items }
        let rest = String(text.dropFirst(repeated.count))
        return (rest.isEmpty ? [] : [.text(rest)]) + items.dropFirst()
    }

    /// A thread's steps with its closing tag, and what the runtime puts behind that.
    private func closed(_ steps: [ReasoningThread.Step], label: String) -> [ReasoningThread.Step] {
        var steps = steps
        if let close = dialect.threadTags(label: label)?.close {
            if case .segment(var last)? = steps.last, last.origin == .model {
                last.text += close
                steps[steps.count - 1] = .segment(last)
            } else {
                steps.append(Self.segment(.model, close))
            }
        }
        let tail = dialect.threadTail.rendered
        return tail.isEmpty ? steps : steps + [Self.segment(.joined, tail)]
    }
}
