import Braid
import BraidRemote
import Foundation

extension EngineReport {
    /// The report for people.
    var text: String {
        var lines = [
            "engine          \(engine) at \(url)",
            "model           \(model)",
            "tier            T\(tier.rawValue): \(Self.meaning(tier))",
            "context         \(contextLength) tokens",
        ]
        if let tokenizer {
            lines.append("control tags    \(tokenizer.singleTokens.count) are single tokens")
            if !tokenizer.missing.isEmpty {
                lines.append("                missing: \(tokenizer.missing.joined(separator: " "))")
            }
            if let agrees = tokenizer.agreesWithLocal {
                lines.append("tokenizer       \(agrees ? "" : "NOT ")the same as the local one")
            }
        }
        if let prefixCache {
            let found = prefixCache.cachedTokens.map { "\($0) of \(prefixCache.promptTokens) tokens came from it" }
            lines.append("prefix cache    \(found ?? "the engine does not say what came from it")")
        }
        lines.append("cancellation    \(Self.meaning(cancellation))")
        let speeds = widths.map { "\($0.width): \(String(format: "%.0f", $0.tokensPerSecond))" }
        lines.append("tokens/s        \(speeds.joined(separator: "   ")) (by width)")
        lines.append("useful width    \(usefulWidth) of \(capacity)")
        return lines.map { SafeText.line($0) }.joined(separator: "\n")
    }

    private static func meaning(_ tier: EngineDescription.Tier) -> String {
        switch tier {
        case .tokens: "token ids in and out; every method works whose tags it has"
        case .text: "raw text; every method works, tags are found in text"
        case .chatPrefill: "chat, and the beginning of an answer; methods in plain words work"
        case .chat: "chat only; methods in plain words work"
        }
    }

    private static func meaning(_ check: CancellationCheck) -> String {
        switch check {
        case .stops: "a closed request stops the engine's work"
        case .goesOn: "the engine went on for seconds after a request was closed"
        case .unknown: "the engine does not tell what it is doing"
        }
    }
}
