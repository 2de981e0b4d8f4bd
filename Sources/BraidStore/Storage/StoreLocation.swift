public import Foundation

/// Where the store lies when nobody says otherwise.
public enum StoreLocation {
    /// ``standard(environment:)`` in words, for help texts.
    public static let standardName = "$XDG_STATE_HOME/braid/runs.sqlite, or ~/.local/state/braid/runs.sqlite"

    /// `braid/runs.sqlite` under `XDG_STATE_HOME`, or under `.local/state` of the home folder without it.
    ///
    /// As the XDG base directory rules have it, a relative `XDG_STATE_HOME` counts as none.
    public static func standard(environment: [String: String]) -> URL {
        let state =
            if let folder = environment["XDG_STATE_HOME"], folder.hasPrefix("/") {
                URL(fileURLWithPath: folder, isDirectory: true)
            } else {
                home(environment).appendingPathComponent(".local/state", isDirectory: true)
            }
        return state.appendingPathComponent("braid/runs.sqlite", isDirectory: false)
    }

    private static func home(_ environment: [String: String]) -> URL {
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            return FileManager.default.homeDirectoryForCurrentUser
        }
        return URL(fileURLWithPath: home, isDirectory: true)
    }
}
