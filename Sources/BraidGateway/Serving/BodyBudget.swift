import Synchronization

/// Bytes of requests' bodies that are held at the same time, so that many clients with large ones cannot use the memory up.
final class BodyBudget: Sendable {
    private let limit: Int
    private let held = Mutex(0)

    /// Creates a budget of so many bytes.
    init(bytes: Int) {
        limit = bytes
    }

    /// Bytes that are held now.
    var heldBytes: Int { held.withLock { $0 } }

    /// Takes bytes, to be given back by ``giveBack(_:)``.
    /// - Returns: whether there were so many.
    func take(_ count: Int) -> Bool {
        held.withLock { held in
            guard count <= limit - held else { return false }
            held += count
            return true
        }
    }

    /// Gives bytes back.
    func giveBack(_ count: Int) {
        held.withLock { $0 -= count }
    }
}
