internal import Braid

extension Prompt.Message.Role {
    /// The control piece that begins a message in a `TokenText` for a chat service.
    var tag: String { "<\(rawValue)>" }

    /// The role that a control piece names.
    init?(tag: String) {
        guard let role = [Self.system, .user, .assistant].first(where: { $0.tag == tag }) else { return nil }
        self = role
    }
}
