#if Remote
    import Foundation
    import Synchronization

    /// A server on a loopback port that does with each connection what a script says, byte by byte.
    final class LoopbackServer: Sendable {
        /// One accepted connection, used by the script's thread.
        struct Connection {
            fileprivate let descriptor: Int32

            /// Reads a whole request and gives its text; nil when the peer has closed.
            func readRequest() -> String? {
                var bytes: [UInt8] = []
                while true {
                    let text = String(decoding: bytes, as: UTF8.self)
                    if let end = text.range(of: "\r\n\r\n") {
                        let length = text.firstMatch(of: /content-length: *([0-9]+)/.ignoresCase())?.1
                        if text[end.upperBound...].utf8.count >= length.flatMap({ Int($0) }) ?? 0 { return text }
                    }
                    guard let more = read() else { return nil }
                    bytes += more
                }
            }

            /// Waits for bytes; nil when the peer has closed.
            func read() -> [UInt8]? {
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                return count > 0 ? Array(buffer[..<count]) : nil
            }

            /// Writes bytes.
            func write(_ bytes: some Sequence<UInt8>) {
                let bytes = Array(bytes)
                var sent = 0
                while sent < bytes.count {
                    let count = bytes.withUnsafeBytes {
                        send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { return }
                    sent += count
                }
            }

            /// Writes the head of a stream that ends when the connection closes.
            func writeStreamHead() {
                write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".utf8)
            }

            /// Breaks the connection off, so that the peer sees a reset.
            func reset() {
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            }
        }

        /// Its address.
        let url: String
        private let listener: Int32

        /// The port in its address.
        let port: UInt16

        /// Starts to listen.
        /// - Parameters:
        ///   - port: 0 for any that is free; that of a server that is gone takes its place.
        ///   - script: Gets each connection and its number, from 0, on a thread of its own; when it returns the
        ///     connection is closed.
        init(port: UInt16 = 0, _ script: @escaping @Sendable (Connection, Int) -> Void) throws {
            #if canImport(Glibc)
                let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                let listener = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = port.bigEndian
            var reuse: Int32 = 1
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
                        && getsockname(listener, pointer, &length) == 0
                }
            }
            guard listener >= 0, isListening else { throw POSIXError(.EADDRNOTAVAIL) }
            self.listener = listener
            self.port = UInt16(bigEndian: address.sin_port)
            url = "http://127.0.0.1:\(self.port)"
            Thread.detachNewThread {
                var number = 0
                while true {
                    let descriptor = accept(listener, nil, nil)
                    guard descriptor >= 0 else { return }
                    let connection = Connection(descriptor: descriptor)
                    let index = number
                    Thread.detachNewThread {
                        script(connection, index)
                        close(connection.descriptor)
                    }
                    number += 1
                }
            }
        }

        deinit {
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
        }
    }
#endif
