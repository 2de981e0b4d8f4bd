/// Examines what a thread returned before anybody uses it.
public protocol ReturnCheck: Sendable {
    /// What it finds.
    /// - Parameter question: what the run was asked.
    func verdict(on claim: ReturnClaim, for question: Question) -> ReturnVerdict
}
