/// How a model is asked for a whole answer: in the frame of its dialect, or in plain words.
public enum AnswerFrame: Sendable, Hashable {
    /// As a dialect frames a question, for models trained on it.
    case dialect(Dialect)
    /// In plain words, for all others; `{question}`.
    case words(PromptTemplate)

    /// The dialect of a method that asks so.
    var dialect: Dialect {
        switch self {
        case .dialect(let dialect): dialect
        case .words: .plain
        }
    }

    /// Tags of question and answer.
    var controlTags: Set<String> {
        switch self {
        case .dialect(let dialect): dialect.sequentialTags
        case .words: []
        }
    }

    /// Whether the model is asked in its dialect, whose tags mean nothing in plain words.
    var isDialect: Bool { if case .dialect = self { true } else { false } }

    /// Refuses words that lack the question.
    func check() throws(RunError) {
        if case .words(let template) = self { try template.require(["question"], for: "answer") }
    }
}
