/// How much a client wants to be thought (`reasoning_effort`); only ``none`` changes what is done: one line, no threads.
enum ReasoningEffort: String, Sendable, CaseIterable {
    case none, minimal, low, medium, high, xhigh, max
}
