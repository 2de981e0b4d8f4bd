import Foundation

/// A file that a command writes when its work is done.
struct OutputFile {
    /// Its path.
    let path: String

    /// Checks that the file can be written, so that this is known before the work and not after it.
    /// - Throws: ``InputError/unwritable(path:reason:)``.
    init(_ path: String) throws(InputError) {
        self.path = path
        let descriptor = open(path, O_WRONLY)
        if descriptor >= 0 {
            close(descriptor)
        } else {
            // A file that is not there yet needs a folder that takes it.
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard errno == ENOENT, access(folder, W_OK | X_OK) == 0 else {
                throw .unwritable(path: path, reason: String(cString: strerror(errno)))
            }
        }
    }

    /// Replaces what the file has.
    /// - Throws: ``StreamError``.
    func write(_ data: Data) throws(StreamError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw .failed("\(path): " + String(cString: strerror(errno))) }
        defer { close(descriptor) }
        do {
            try StandardStream(descriptor: descriptor).write(data)
        } catch {
            throw .failed("\(path): \(error.description)")
        }
    }
}
