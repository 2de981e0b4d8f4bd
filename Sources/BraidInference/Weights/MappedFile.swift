internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file's bytes, mapped into memory read-only for as long as the object lives.
///
/// The pages belong to the operating system's file cache: nothing is read before it is touched, and two processes that
/// load the same model share one copy.
///
/// - Important: The file must not be truncated while it is mapped; touching a page that is gone ends the process.
///   Replace model files by renaming a new one over the old, as every download tool does.
///
/// `@unchecked Sendable`: the mapping is read-only, is made in `init` and unmapped in `deinit`, and never changes between.
final class MappedFile: @unchecked Sendable {
    /// Where the file lies.
    let path: String
    /// The whole file; empty for an empty file. Valid as long as this object lives.
    let bytes: UnsafeRawBufferPointer

    /// Maps a regular file.
    ///
    /// - Parameters:
    ///   - url: The file; a symbolic link to one is followed.
    ///   - maximumByteCount: The largest size to accept.
    ///   - advice: What to do if the file does not exist.
    /// - Throws: ``ModelLoadingError/missingFile(path:advice:)``, ``ModelLoadingError/unreadableFile(path:reason:)`` if
    ///   it is no regular file or the system refuses, ``ModelLoadingError/invalidValue(path:field:value:allowed:)`` if
    ///   it is too large.
    init(
        _ url: URL, maximumByteCount: Int = .max, advice: String = "check the path of the model's folder"
    ) throws(ModelLoadingError) {
        let path = url.path
        self.path = path
        guard url.isFileURL else {
            throw .unreadableFile(path: url.absoluteString, reason: "not a file URL; give a path on this machine")
        }
        // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { throw .missingFile(path: path, advice: advice) }
            throw .unreadableFile(path: path, reason: String(cString: strerror(code)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadableFile(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadableFile(path: path, reason: "it is a folder or a device, not a regular file")
        }
        guard let byteCount = Int(exactly: status.st_size), byteCount >= 0, byteCount <= maximumByteCount else {
            throw .invalidValue(
                path: path, field: "file size", value: "\(status.st_size) bytes",
                allowed: "at most \(maximumByteCount) bytes")
        }
        if byteCount == 0 {  // mmap refuses a length of zero.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .unreadableFile(path: path, reason: String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: byteCount)
    }

    deinit {
        if let address = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
        }
    }

    /// Lets go of the memory that a part of the file takes up in this process; it is read again when it is touched again.
    ///
    /// Pages that the part shares with its neighbours stay.
    func releasePages(of part: UnsafeRawBufferPointer) {
        guard let start = part.baseAddress else { return }
        let page = Int(getpagesize())
        let first = (Int(bitPattern: start) + page - 1) / page * page
        let end = (Int(bitPattern: start) + part.count) / page * page
        guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
        // Advice only: a system that refuses it keeps the pages.
        _ = madvise(address, end - first, MADV_DONTNEED)
    }

    /// Decodes a JSON file.
    ///
    /// - Throws: The errors of `init`, and ``ModelLoadingError/malformedFile(path:reason:)`` if the content does not fit.
    static func decodeJSON<Value: Decodable>(
        _ type: Value.Type, from url: URL, maximumByteCount: Int, advice: String
    ) throws(ModelLoadingError) -> Value {
        let file = try MappedFile(url, maximumByteCount: maximumByteCount, advice: advice)
        return try withExtendedLifetime(file) { () throws(ModelLoadingError) in
            guard !file.bytes.isEmpty else { throw .malformedFile(path: file.path, reason: "the file is empty") }
            do {
                return try JSONDecoder().decode(type, from: Data(file.bytes))
            } catch {
                throw .malformedJSON(error, path: file.path)
            }
        }
    }
}
