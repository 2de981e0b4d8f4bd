/// Says exactly whether an answer to a question is right; nil when it cannot tell.
public typealias AnswerCheck = @Sendable (_ answer: String, _ question: Question) -> Bool?
