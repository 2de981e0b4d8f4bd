extension GraphOfThoughts {
    /// What the method says; every part can be replaced.
    public struct Prompts: Sendable, Hashable, ReplaceablePrompts {
        /// Asks for a new thought; `{question}`, and `{thought}` where one precedes.
        public var generate: PromptTemplate
        /// Asks to merge thoughts into one; `{question}`, `{thoughts}`.
        public var aggregate: PromptTemplate
        /// Asks for a better thought; `{question}`, `{thought}`, `{objection}`.
        public var improve: PromptTemplate
        /// Asks whether a thought is right; `{question}`, `{thought}`.
        public var validate: PromptTemplate
        /// Asks for a grade from 0 to 10; `{question}`, `{thought}`.
        public var score: PromptTemplate

        /// Creates prompts.
        public init(
            generate: PromptTemplate = Self.generate, aggregate: PromptTemplate = Self.aggregate,
            improve: PromptTemplate = Self.improve, validate: PromptTemplate = Self.validate,
            score: PromptTemplate = .grade
        ) {
            self.generate = generate
            self.aggregate = aggregate
            self.improve = improve
            self.validate = validate
            self.score = score
        }

        /// Every prompt by its name.
        public static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] {
            [
                "generate": { $0.generate = $1 },
                "aggregate": { $0.aggregate = $1 },
                "improve": { $0.improve = $1 },
                "validate": { $0.validate = $1 },
                "score": { $0.score = $1 },
            ]
        }

        public static let generate = PromptTemplate(
            user: """
                {question}

                {thought}

                Think step by step. Write the final answer on a line of its own, after "Answer:".
                """)

        public static let aggregate = PromptTemplate(
            user: """
                {question}

                These are answers to it:

                {thoughts}

                Combine what is right in them into one better answer. Write the final answer on a line of its own, after \
                "Answer:".
                """)

        public static let improve = PromptTemplate(
            user: """
                {question}

                This is an answer to it:

                {thought}

                {objection}

                Write the whole answer again, without its mistakes. Write the final answer on a line of its own, after \
                "Answer:".
                """)

        public static let validate = PromptTemplate(
            user: """
                {question}

                This is an answer to it:

                {thought}

                Check it step by step. If there is a mistake, say what it is. Write one word as the last line: valid or \
                wrong.
                """)
    }
}

extension PromptTemplate {
    /// Asks for a grade of an answer; `{question}`, `{thought}`; the reply's last number from 0 to 10 counts.
    public static let grade = PromptTemplate(
        user: """
            {question}

            This is an answer to it:

            {thought}

            Grade how likely it is to be right, from 0 (certainly wrong) to 10 (certainly right). Give a short reason, then \
            write as the last line "The grade is" and the number.
            """)
}
