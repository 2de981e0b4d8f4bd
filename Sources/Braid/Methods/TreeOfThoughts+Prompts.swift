extension TreeOfThoughts {
    /// What the method says; every part can be replaced.
    public struct Prompts: Sendable, Hashable, ReplaceablePrompts {
        /// Asks for several next steps, one in each line; `{question}`, `{steps}`, `{count}`.
        public var propose: PromptTemplate
        /// Asks for one next step; `{question}`, `{steps}`.
        public var sample: PromptTemplate
        /// Asks whether the steps can lead to a right answer; `{question}`, `{steps}`.
        public var value: PromptTemplate
        /// Asks which of several lists of steps is best; `{question}`, `{choices}`.
        public var vote: PromptTemplate
        /// Asks for the answer that the steps lead to; `{question}`, `{steps}`.
        public var answer: PromptTemplate

        /// Creates prompts.
        public init(
            propose: PromptTemplate = Self.propose, sample: PromptTemplate = Self.sample,
            value: PromptTemplate = Self.value, vote: PromptTemplate = Self.vote, answer: PromptTemplate = Self.answer
        ) {
            self.propose = propose
            self.sample = sample
            self.value = value
            self.vote = vote
            self.answer = answer
        }

        /// Every prompt by its name.
        public static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] {
            [
                "propose": { $0.propose = $1 },
                "sample": { $0.sample = $1 },
                "value": { $0.value = $1 },
                "vote": { $0.vote = $1 },
                "answer": { $0.answer = $1 },
            ]
        }

        /// With one worked example, as the paper's proposal prompt for Game of 24.
        public static let propose = PromptTemplate(
            user: """
                Propose different possible next steps towards the answer of a question, one in each line. A step that \
                reaches the answer ends with "Answer:" and the answer.

                Question:
                Use the numbers 4, 6 and 1 once each to make 23.
                Steps so far:
                (none)
                Possible next steps:
                4 * 6 = 24, which leaves 24 and 1
                4 + 6 = 10, which leaves 10 and 1
                6 - 1 = 5, which leaves 4 and 5
                4 * 1 = 4, which leaves 4 and 6

                Question:
                {question}
                Steps so far:
                {steps}
                Possible next steps, at most {count}:
                """)

        public static let sample = PromptTemplate(
            user: """
                Question:
                {question}

                Steps so far:
                {steps}

                Write the next step towards the answer, and nothing after it, in one line. If it reaches the answer, end it \
                with "Answer:" and the answer.
                """)

        /// With worked examples of each verdict, as the paper's value prompt for Game of 24.
        public static let value = PromptTemplate(
            user: """
                Judge whether steps can lead to a right answer of the question. Look ahead briefly, then write one word as \
                the last line: sure, likely or impossible.

                Question:
                Use the numbers 4, 6 and 1 once each to make 23.
                Steps:
                Step 1: 4 * 6 = 24, which leaves 24 and 1
                24 - 1 = 23
                sure

                Question:
                Use the numbers 4, 6 and 1 once each to make 23.
                Steps:
                Step 1: 6 - 1 = 5, which leaves 4 and 5
                4 * 5 = 20 and 4 + 5 = 9 are both too small
                impossible

                Question:
                {question}
                Steps:
                {steps}
                """)

        /// After the paper's vote prompt for creative writing.
        public static let vote = PromptTemplate(
            user: """
                Question:
                {question}

                {choices}

                Decide which choice is most promising. Compare them briefly, then write as the last line \
                "The best choice is" and its number.
                """)

        public static let answer = PromptTemplate(
            user: """
                {question}

                Use these steps:
                {steps}

                Write the final answer on a line of its own, after "Answer:".
                """)
    }
}
