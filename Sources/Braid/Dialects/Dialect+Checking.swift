extension Dialect {
    /// What is wrong with the dialect, in the names that a dialect file uses; empty for one that can be run.
    public func faults() -> [DialectFault] {
        nameFaults() + forkFaults() + tagFaults() + joinFaults() + numberFaults()
    }

    private func nameFaults() -> [DialectFault] {
        let isName =
            !name.isEmpty && name.utf8.count <= 40
            && name.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
        let allowed = "1 to 40 small letters, digits and hyphens"
        return isName ? [] : [.invalid(part: "name", value: "'\(name)'", allowed: allowed)]
    }

    private func forkFaults() -> [DialectFault] {
        var faults: [DialectFault] = []
        switch forkPoint {
        case .outlines:
            let reason = "a dialect that forks at outlines needs their tags"
            if outlines == nil { faults.append(.missing(part: "outlines", reason: reason)) }
            if outline == nil { faults.append(.missing(part: "outline", reason: reason)) }
        case .blockOpening(let threads):
            if parallel == nil {
                faults.append(
                    .missing(part: "parallel", reason: "a dialect that forks at a block's tag needs that tag"))
            }
            faults += countFaults(threads, least: 2)
        case .start(let threads): faults += countFaults(threads, least: 1)
        case .messages(let syntax): faults += messageFaults(syntax)
        }
        if messages == nil, thread == nil {
            faults.append(.missing(part: "thread", reason: "without its tags a thread has no end"))
        }
        switch forkPoint {
        case .outlines, .messages: break
        case .blockOpening, .start:
            for (part, pair) in [("outlines", outlines), ("outline", outline)] where pair != nil {
                faults.append(.unused(part: part, reason: "the dialect forks before any could be written"))
            }
        }
        return faults
    }

    private func messageFaults(_ syntax: MessageSyntax) -> [DialectFault] {
        var faults: [DialectFault] = []
        if join != .reprefill {
            faults.append(
                .invalid(part: "join", value: join.rawValue, allowed: "reprefill, where threads have messages"))
        }
        if shows != .returns {
            faults.append(
                .invalid(part: "shows", value: "whole-threads", allowed: "returns, where threads have messages"))
        }
        if case .tagged = answer {
            faults.append(
                .invalid(part: "answer", value: "tags", allowed: "message or boxed, where threads have messages"))
        }
        let pairs = [
            ("parallel", parallel), ("outlines", outlines), ("outline", outline), ("thread", thread),
            ("returns", returns), ("conclusion", conclusion?.tags),
        ]
        for (part, pair) in pairs where pair != nil {
            faults.append(.unused(part: part, reason: "threads of messages have no tags"))
        }
        // What a line of the text is known by.
        var owners: [String: String] = [:]
        func own(_ text: String, _ part: String) {
            if text.isEmpty || text.utf8.count > 64 || text.contains(where: \.isNewline) {
                faults.append(
                    .invalid(part: part, value: "'\(text)'", allowed: "1 to 64 bytes on one line, before any {n}"))
            } else if let owner = owners[text] {
                faults.append(.ambiguous(tag: text, first: owner, second: part))
            }
            owners[text] = part
        }
        for (part, pair) in [("list", syntax.list), ("joined", syntax.joined)] {
            own(pair.open, "messages.\(part)")
            own(pair.close, "messages.\(part)")
        }
        for (part, line) in [("message", syntax.message), ("returned", syntax.returned), ("failed", syntax.failed)] {
            let places = line.ranges(of: "{n}")
            if places.count != 1 || line.contains(where: \.isNewline) {
                faults.append(
                    .invalid(part: "messages.\(part)", value: "'\(line)'", allowed: "one line with {n} in it once"))
            }
            own(places.first.map { String(line[..<$0.lowerBound]) } ?? line, "messages.\(part)")
        }
        if syntax.marker.isEmpty || syntax.marker.utf8.count > 64 || syntax.marker.contains(where: \.isNewline) {
            faults.append(
                .invalid(part: "messages.marker", value: "'\(syntax.marker)'", allowed: "1 to 64 bytes on one line"))
        }
        let asked = syntax.childPrompt.rendered
        if !asked.contains("{message}"), !asked.contains("{state}") {
            faults.append(
                .invalid(
                    part: "messages.child-prompt", value: "'\(asked)'", allowed: "text with {message} or {state} in it")
            )
        }
        return faults
    }

    private func countFaults(_ threads: Int, least: Int) -> [DialectFault] {
        (least...64).contains(threads) && threads <= maximumOutlines
            ? [] : [.invalid(part: "threads", value: "\(threads)", allowed: "\(least) to maximum-outlines, at most 64")]
    }

    private func tagFaults() -> [DialectFault] {
        var faults: [DialectFault] = []
        var owners: [String: String] = [:]
        func own(_ tag: String, _ part: String) {
            if tag.isEmpty || tag.utf8.count > 64 || tag.contains(where: \.isNewline) {
                faults.append(.invalid(part: part, value: "'\(tag)'", allowed: "tags of 1 to 64 bytes on one line"))
            } else if let owner = owners[tag] {
                faults.append(.ambiguous(tag: tag, first: owner, second: part))
            }
            owners[tag] = part
        }
        var pairs: [(String, TagPair?)] = [
            ("parallel", parallel), ("outlines", outlines), ("outline", outline), ("thread", thread),
            ("returns", returns), ("conclusion", conclusion?.tags), ("think", think),
        ]
        if case .tagged(let pair) = answer { pairs.append(("answer", pair)) }
        for (part, pair) in pairs {
            guard let pair else { continue }
            own(pair.open, part)
            own(pair.close, part)
        }
        if let thread, thread.open.contains("{n}") != thread.close.contains("{n}") {
            faults.append(
                .invalid(
                    part: "thread", value: "\(thread.open) \(thread.close)",
                    allowed: "{n} in both tags or in neither"))
        }
        if ends.isEmpty { faults.append(.missing(part: "ends", reason: "the main line needs a tag to end with")) }
        return faults
    }

    private func joinFaults() -> [DialectFault] {
        var faults: [DialectFault] = []
        if shows == .returns, messages == nil, returns == nil {
            faults.append(
                .missing(part: "returns", reason: "shows is 'returns', and threads have no tags to return with"))
        }
        if case .message = answer, messages == nil {
            faults.append(.invalid(part: "answer", value: "message", allowed: "boxed, or a pair of tags"))
        }
        if let thread, messages == nil {
            for (part, seed) in [("thread-seed", threadSeed), ("later-joined-seed", laterJoinedSeed)]
            where !seed.pieces.contains(.control(thread.open)) {
                faults.append(
                    .invalid(part: part, value: "'\(seed.rendered)'", allowed: "text with the tag \(thread.open) in it")
                )
            }
        }
        if join == .stitch, threadsEnd.pieces.isEmpty {
            faults.append(.missing(part: "threads-end", reason: "a stitched join needs something to go on behind"))
        }
        if conclusion?.isAfterBlock == true, blockEnd == .model {
            faults.append(
                .invalid(
                    part: "threads-end", value: "'\(threadsEnd.rendered)'",
                    allowed: "text with the block's closing tag, behind which the conclusion stands"))
        }
        let known = allTags
        for (part, text) in [
            ("fork-text", forkText), ("thread-tail", threadTail), ("threads-end", threadsEnd),
            ("cut-thread-end", cutThreadEnd),
        ] {
            let filled = (0...maximumOutlines).prefix(2).reduce(Set<String>()) {
                $0.union(Template.fill(text, ["n": String($1 + 1)]).controlTags)
            }
            for tag in filled.subtracting(known).sorted() {
                faults.append(.invalid(part: part, value: "'\(tag)'", allowed: "tags that the dialect has"))
            }
        }
        return faults
    }

    private func numberFaults() -> [DialectFault] {
        var faults: [DialectFault] = []
        func check(_ part: String, _ value: Int, _ range: ClosedRange<Int>) {
            guard !range.contains(value) else { return }
            faults.append(
                .invalid(part: part, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)"))
        }
        check("maximum-depth", maximumDepth, 1...16)
        check("maximum-outlines", maximumOutlines, 1...64)
        check("minimum-fork-tokens", minimumForkTokens, 0...(1 << 24))
        let first = numberSuffix.unicodeScalars.first
        if first == nil || first.map({ ("0"..."9").contains($0) || $0 == "." || $0 == "," }) == true {
            faults.append(
                .invalid(
                    part: "number-suffix", value: "'\(numberSuffix)'",
                    allowed: "text that begins with neither a digit nor a full stop nor a comma"))
        }
        return faults
    }
}
