import Foundation

/// Standard output or standard error, written without a buffer so that the two keep their order.
struct StandardStream: Sendable {
    /// Where results go.
    static let output = StandardStream(descriptor: STDOUT_FILENO)
    /// Where everything else goes.
    static let error = StandardStream(descriptor: STDERR_FILENO)

    /// The file descriptor.
    let descriptor: Int32

    /// Writes all of it.
    func write(_ text: String) throws(StreamError) {
        try write(Data(text.utf8))
    }

    /// Writes a line that tells a user what to be aware of, if there is anything.
    func warn(_ warning: String?) throws(StreamError) {
        if let warning { try write("braid: \(warning)\n") }
    }

    /// Writes all of it.
    func write(_ data: Data) throws(StreamError) {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Whoever shares the terminal has made it non-blocking.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Foundation.poll(&poll, 1, -1)
            case EPIPE: throw .closed
            default: throw .failed(String(cString: strerror(errno)))
            }
        }
    }
}
