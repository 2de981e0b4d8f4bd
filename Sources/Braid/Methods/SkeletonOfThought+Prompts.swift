extension SkeletonOfThought {
    /// What the method says; every part can be replaced.
    public struct Prompts: Sendable, Hashable, ReplaceablePrompts {
        /// Asks for the list of points; `{question}`.
        public var skeleton: PromptTemplate
        /// Asks to write one point out; `{question}`, `{skeleton}`, `{number}`, `{point}`.
        public var point: PromptTemplate
        /// Asks what kind of answer the question wants, A, B or C; `{question}`.
        public var router: PromptTemplate
        /// Asks the question itself; `{question}`.
        public var direct: PromptTemplate

        /// Creates prompts.
        public init(
            skeleton: PromptTemplate = Self.skeleton, point: PromptTemplate = Self.point,
            router: PromptTemplate = Self.router, direct: PromptTemplate = .direct
        ) {
            self.skeleton = skeleton
            self.point = point
            self.router = router
            self.direct = direct
        }

        /// Every prompt by its name.
        public static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] {
            [
                "skeleton": { $0.skeleton = $1 },
                "point": { $0.point = $1 },
                "router": { $0.router = $1 },
                "direct": { $0.direct = $1 },
            ]
        }

        /// With two worked examples, as in the paper's prompt.
        public static let skeleton = PromptTemplate(
            user: """
                You plan answers. Write only the skeleton of an answer to the question, never the answer itself: a list of \
                3 to 10 numbered points (1., 2., 3., ...), each of 3 to 5 words.

                Question:
                Which foods come from Italy?
                Skeleton:
                1. Pasta in many shapes
                2. Pizza from Naples
                3. Risotto of the north
                4. Cheeses and cured meats
                5. Gelato and desserts

                Question:
                How can someone sleep better?
                Skeleton:
                1. Keep regular hours
                2. Dark and cool room
                3. No screens at night
                4. Less coffee and alcohol

                Question:
                {question}
                Skeleton:
                """, answerBeginning: "1.")

        /// The paper's prompt asks for one or two sentences.
        public static let point = PromptTemplate(
            user: """
                You write one part of an answer to the question below, and nothing else. The skeleton of the whole answer is:

                {skeleton}

                Question:
                {question}

                Write out point {number} only, in 1 or 2 very short sentences. Do not go on with other points.
                """, answerBeginning: "{number}. {point}")

        /// The paper's three kinds: independent list, dependent steps, no list.
        public static let router = PromptTemplate(
            user: """
                Question:
                {question}

                What would a good answer to it look like?
                A. A list of points that can be written independently of each other.
                B. A list of points or steps of which later ones need the content of earlier ones.
                C. No list: a short answer, a calculation, code, or one connected text.
                Reply with one letter.
                """, answerBeginning: "The answer is")
    }
}
