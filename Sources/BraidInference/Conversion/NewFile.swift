internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file that gets its name when it is complete: until then it lies beside it under another, and if it is never
/// completed, it is removed.
struct NewFile: ~Copyable {
    private let path: String
    private let partialPath: String
    private let descriptor: Int32

    /// Creates the file under its other name.
    ///
    /// - Throws: ``ModelConversionError/unwritable(path:reason:)``
    init(_ url: URL) throws(ModelConversionError) {
        let path = url.path
        var isFolder: ObjCBool = false
        guard !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || !isFolder.boolValue else {
            throw .unwritable(path: path, reason: "it is a folder")
        }
        let suffix = String(UInt64.random(in: 0 ... .max), radix: 16)
        let partial = url.deletingLastPathComponent().appendingPathComponent(
            ".\(url.lastPathComponent).\(suffix).partial")
        let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        self.path = path
        partialPath = partial.path
        self.descriptor = descriptor
    }

    deinit {
        // After a rename there is nothing of that name left.
        unlink(partialPath)
        close(descriptor)
    }

    /// Appends bytes.
    ///
    /// - Throws: ``ModelConversionError/unwritable(path:reason:)``
    func write(_ bytes: [UInt8]) throws(ModelConversionError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { all -> Int in
                let rest = UnsafeRawBufferPointer(rebasing: all[done...])
                #if canImport(Glibc)
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                    return Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                    return Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count < 0 {
                guard errno == EINTR else { throw failure() }
            } else {
                done += count
            }
        }
    }

    /// Puts the file under its name, in place of what was there.
    ///
    /// - Throws: ``ModelConversionError/unwritable(path:reason:)``
    consuming func complete() throws(ModelConversionError) {
        guard fsync(descriptor) == 0, rename(partialPath, path) == 0 else { throw failure() }
    }

    private func failure() -> ModelConversionError {
        .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
}
