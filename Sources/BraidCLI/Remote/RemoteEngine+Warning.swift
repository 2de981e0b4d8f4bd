import BraidRemote

extension RemoteEngine {
    /// What a user should know of servers that cannot be reached; nil where all can.
    var warning: String? {
        let absent = servers.filter { !$0.isWell }.map(\.url)
        guard !absent.isEmpty else { return nil }
        return "nothing answers at \(absent.joined(separator: ", ")); requests go elsewhere until it does"
    }
}
