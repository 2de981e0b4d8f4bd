import Dispatch

/// Does what takes long with a large body, such as tokenising megabytes, on a thread of its own, one request after the other:
/// all others are answered on a few threads that they share, and which nothing may keep.
final class LongWork: Sendable {
    /// Bytes of a body that are worth a thread.
    private static let longBody = 64 << 10

    private let queue = DispatchQueue(label: "braid.long-work")

    /// Creates the thread.
    init() {}

    /// Does the work for a body of so many bytes, there or here.
    func perform<Result: Sendable>(bytes: Int, _ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard bytes > Self.longBody else { return try work() }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work() }) }
        }
    }
}
