import Foundation

/// The files of the page, read once.
struct PageFiles: Sendable {
    private let contents: [Route.PageFile: [UInt8]]

    /// Reads the files that come with the package; those that are missing are not served.
    init() {
        var contents: [Route.PageFile: [UInt8]] = [:]
        for file in Route.PageFile.allCases {
            let url = Bundle.module.bundleURL.appendingPathComponent("Page").appendingPathComponent(file.rawValue)
            if let data = FileManager.default.contents(atPath: url.path) { contents[file] = Array(data) }
        }
        self.contents = contents
    }

    /// A file; nil when it is missing.
    func content(_ file: Route.PageFile) -> [UInt8]? { contents[file] }

    /// What browsers take a file for.
    static func type(_ file: Route.PageFile) -> String {
        switch file {
        case .index: "text/html; charset=utf-8"
        case .style: "text/css; charset=utf-8"
        case .icon: "image/svg+xml"
        default: "text/javascript; charset=utf-8"
        }
    }

    /// What the page may load: its own files, and nothing that is written into it.
    static let policy =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'"
}
