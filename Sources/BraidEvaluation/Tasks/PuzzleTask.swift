/// The families of generated problems.
public enum PuzzleTask: String, Sendable, CaseIterable, Codable {
    /// Countdown with three numbers.
    case countdown3 = "countdown-3"
    /// Countdown with four numbers.
    case countdown4 = "countdown-4"
    /// Products of numbers of up to three digits.
    case multiplication
    /// Two to five independent linear equations, combined.
    case equations
    /// Plain sums and differences, which must not fork.
    case sums
    /// Questions that the built-in model is not made for.
    case foreign
}
