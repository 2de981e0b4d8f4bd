/// What happens to text before it is cut into pieces.
struct Normalizer: Sendable {
    enum Step: Sendable, Hashable {
        /// Unicode's canonical composition.
        case canonicalComposition
        /// Puts text before any text that is not empty.
        case prepend([UInt8])
        /// Replaces every occurrence of one text by another.
        case replace([UInt8], with: [UInt8])
    }

    /// What is done, in order.
    let steps: [Step]

    /// Reads what `tokenizer.json` describes.
    ///
    /// - Throws: ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for another kind of normalizer,
    ///   ``ModelLoadingError/malformedFile(path:reason:)`` for one that lacks what it needs.
    init(_ components: [TokenizerFile.Component], path: String) throws(ModelLoadingError) {
        var steps: [Step] = []
        for component in components {
            switch component.type {
            case "NFC": steps.append(.canonicalComposition)
            case "Prepend":
                guard let text = component.prepended else {
                    throw .malformedFile(path: path, reason: "a normalizer of type Prepend has no text to prepend")
                }
                if !text.isEmpty { steps.append(.prepend(Array(text.utf8))) }
            case "Replace":
                let (pattern, content) = try component.replacement(path: path)
                steps.append(.replace(pattern, with: content))
            default:
                throw .unsupported(
                    path: path, feature: "normalizer", value: component.type, supported: "none, NFC, Prepend, Replace")
            }
        }
        self.steps = steps
    }

    /// Creates a normalizer of steps.
    init(_ steps: [Step]) {
        self.steps = steps
    }

    /// The normalised text; what comes from trusted text only is trusted, as is what is put before trusted text.
    ///
    /// - Complexity: O(length of `text`), and O(m log m) for m marks on one character.
    func normalize(_ text: MarkedText) -> MarkedText {
        var text = text
        for step in steps {
            switch step {
            case .canonicalComposition: text = CanonicalComposition.compose(text)
            case .prepend(let prefix):
                guard !text.bytes.isEmpty else { continue }
                var longer = MarkedText()
                longer.append(prefix, isTrusted: text.isTrusted(0..<1))
                longer.append(text, 0..<text.bytes.count)
                text = longer
            case .replace(let pattern, let content): text = Self.replace(pattern, with: content, in: text)
            }
        }
        return text
    }

    private static func replace(_ pattern: [UInt8], with content: [UInt8], in text: MarkedText) -> MarkedText {
        guard let first = pattern.first, text.bytes.contains(first) else { return text }
        var result = MarkedText()
        result.bytes.reserveCapacity(text.bytes.count)
        var copied = 0
        var position = 0
        while position + pattern.count <= text.bytes.count {
            let end = position + pattern.count
            guard text.bytes[position] == first, text.bytes[position..<end].elementsEqual(pattern) else {
                position += 1
                continue
            }
            result.append(text, copied..<position)
            result.append(content, isTrusted: text.isTrusted(position..<end))
            copied = end
            position = end
        }
        result.append(text, copied..<text.bytes.count)
        return result
    }
}
