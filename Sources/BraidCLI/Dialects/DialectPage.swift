import Braid

/// A dialect as `braid dialect show` prints it: what is written, step by step, with its tags.
struct DialectPage: CustomStringConvertible {
    private let dialect: Dialect

    init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// The lines, each ended by a newline.
    var description: String {
        var rows = [
            ("name", dialect.name), ("forks", forks), ("joins", dialect.join.rawValue + ", showing " + shown),
            ("nests", dialect.nests ? "\(dialect.maximumDepth) deep" : "no"),
            ("most threads", "\(dialect.maximumOutlines)"), ("after others", dialect.dependencies.rawValue),
            ("answer", answer), ("ends", dialect.ends.sorted().joined(separator: " ")),
            ("prompt", dialect.prompt(for: "QUESTION").rendered),
            ("model forks", dialect.forkingText(outlines).rendered),
            ("thread seed", dialect.seed(for: outlines[0]).rendered), ("join adds", joined),
        ]
        if dialect.minimumForkTokens > 0 { rows.append(("least tokens", "\(dialect.minimumForkTokens) left to fork")) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name.padded(to: width) + "  " + SafeText.line(value.replacing("\n", with: "⏎")) + "\n"
        }.joined()
    }

    private var outlines: [Outline] { [Outline(number: 1, text: " A"), Outline(number: 2, text: " B")] }

    private var forks: String {
        switch dialect.forkPoint {
        case .outlines: "at the end of the outline list, one thread each"
        case .blockOpening(let threads): "at the block's opening tag, into \(threads) threads"
        case .start(let threads): "before anything is written, into \(threads) threads"
        case .messages: "at the end of a list of messages, one thread each, which sees its message alone"
        }
    }

    private var shown: String { dialect.shows == .returns ? "what threads return" : "whole threads" }

    private var answer: String {
        switch dialect.answer {
        case .tagged(let pair): "\(pair.open) \(pair.close)"
        case .boxed: "\\boxed{}"
        case .message: "what the main line hands back as a message"
        }
    }

    private var joined: String {
        guard dialect.messages == nil else { return "a list of what threads handed back, in place of the messages" }
        return dialect.threadsEnd.pieces.isEmpty ? "nothing" : dialect.threadsEnd.rendered
    }
}
