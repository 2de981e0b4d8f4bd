/// Why a standard stream cannot be written.
enum StreamError: Error, Hashable, CustomStringConvertible {
    /// The reader has gone.
    case closed
    /// The system said no.
    case failed(String)

    /// What happened, and what to do.
    var description: String {
        switch self {
        case .closed: "the reader of the output has gone"
        case .failed(let reason): "cannot write the output: \(reason); check where it goes"
        }
    }
}
