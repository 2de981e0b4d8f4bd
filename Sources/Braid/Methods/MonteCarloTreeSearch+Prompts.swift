extension MonteCarloTreeSearch {
    /// What the method says; every part can be replaced.
    public struct Prompts: Sendable, Hashable, ReplaceablePrompts {
        /// Asks for the next step; `{question}`, `{steps}`, `{number}`, `{reflections}`.
        public var step: PromptTemplate
        /// Asks for a grade from 0 to 10 of steps so far; `{question}`, `{steps}`.
        public var value: PromptTemplate
        /// Asks why an attempt failed and what to do differently; `{question}`, `{steps}`.
        public var reflection: PromptTemplate
        /// Asks for the answer that the steps lead to; `{question}`, `{steps}`.
        public var answer: PromptTemplate

        /// Creates prompts.
        public init(
            step: PromptTemplate = Self.step, value: PromptTemplate = Self.value,
            reflection: PromptTemplate = Self.reflection, answer: PromptTemplate = TreeOfThoughts.Prompts.answer
        ) {
            self.step = step
            self.value = value
            self.reflection = reflection
            self.answer = answer
        }

        /// Every prompt by its name.
        public static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] {
            [
                "step": { $0.step = $1 },
                "value": { $0.value = $1 },
                "reflection": { $0.reflection = $1 },
                "answer": { $0.answer = $1 },
            ]
        }

        public static let step = PromptTemplate(
            user: """
                Answer the question step by step, one step in each line. The step that reaches the answer ends with \
                "Answer:" and the answer.
                {reflections}
                Question:
                {question}

                Steps so far:
                {steps}

                Write the next step only.
                """, answerBeginning: "Step {number}:")

        public static let value = PromptTemplate(
            user: """
                Question:
                {question}

                Steps:
                {steps}

                Judge whether these steps are right and lead to a right answer. Give a short reason, then write as the last \
                line "The grade is" and a number from 0 (certainly not) to 10 (certainly).
                """)

        public static let reflection = PromptTemplate(
            user: """
                Question:
                {question}

                This attempt did not reach a right answer:
                {steps}

                Say in a few sentences what went wrong, and give a short plan that avoids it.
                """)
    }
}
