import Foundation

/// A client that reads one answer at a time from a connection.
final class TestClient {
    struct Answer {
        var status: Int
        var fields: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        var json: [String: Any] {
            get throws { try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:] }
        }

        /// The `error` object's code.
        var errorCode: String? {
            get throws { (try json["error"] as? [String: Any])?["code"] as? String }
        }

        /// Events with data, in order: name and data.
        var events: [(name: String, data: String)] {
            text.components(separatedBy: "\n\n").compactMap { block in
                var name = "message"
                var data: String?
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
                    if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
                }
                return data.map { (name, $0) }
            }
        }
    }

    let socket: TestSocket
    private var buffer: [UInt8] = []

    init(port: Int) throws {
        socket = try TestSocket(port: port)
    }

    static func request(
        _ method: String, _ path: String, json body: String? = nil, fields: [String: String] = [:]
    ) -> String {
        var head = "\(method) \(path) HTTP/1.1\r\n"
        var fields = fields
        if fields["Host"] == nil { fields["Host"] = "localhost" }
        if let body { fields["Content-Length"] = "\(body.utf8.count)" }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        return head + "\r\n" + (body ?? "")
    }

    /// Asks and waits for the whole answer.
    func ask(
        _ method: String, _ path: String, json body: String? = nil, fields: [String: String] = [:]
    ) async throws -> Answer {
        try await socket.send(Self.request(method, path, json: body, fields: fields))
        return try await answer(hasBody: method != "HEAD")
    }

    /// Reads until the text has come, and gives everything so far.
    func read(until text: String) async throws -> String {
        while true {
            let all = String(decoding: buffer, as: UTF8.self)
            if all.contains(text) { return all }
            let bytes = try await socket.receive()
            guard !bytes.isEmpty else { throw TestSocket.Failure(description: "closed before '\(text)': \(all)") }
            buffer += bytes
        }
    }

    /// Reads until the server closes the connection, and gives everything so far.
    func rest() async throws -> String {
        while true {
            let bytes = try await socket.receive()
            guard !bytes.isEmpty else { return String(decoding: buffer, as: UTF8.self) }
            buffer += bytes
        }
    }

    /// Reads one answer; interim ones are left out.
    func answer(hasBody: Bool = true) async throws -> Answer {
        while true {
            let head = try await head()
            if head.status < 200 { continue }
            guard hasBody, head.status != 204 else { return head }
            var answer = head
            if let length = head.fields["content-length"].flatMap({ Int($0) }) {
                answer.body = try await take(length)
            } else {
                while true {
                    let sizeLine = String(decoding: try await line(), as: UTF8.self)
                    guard let size = Int(sizeLine.prefix { $0.isHexDigit }, radix: 16) else {
                        throw TestSocket.Failure(description: "no chunk: \(sizeLine)")
                    }
                    answer.body += try await take(size)
                    _ = try await line()
                    if size == 0 { break }
                }
            }
            return answer
        }
    }

    private func head() async throws -> Answer {
        let status = String(decoding: try await line(), as: UTF8.self).split(separator: " ")
        guard status.count > 1, let code = Int(status[1]) else {
            throw TestSocket.Failure(description: "no status line: \(status)")
        }
        var fields: [String: String] = [:]
        while true {
            let line = String(decoding: try await line(), as: UTF8.self)
            guard let colon = line.firstIndex(of: ":") else { break }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Answer(status: code, fields: fields, body: [])
    }

    private func line() async throws -> [UInt8] {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = buffer[..<end].filter { $0 != 13 }
                buffer.removeFirst(end + 1)
                return Array(line)
            }
            try await fill()
        }
    }

    private func take(_ count: Int) async throws -> [UInt8] {
        while buffer.count < count { try await fill() }
        let bytes = Array(buffer[..<count])
        buffer.removeFirst(count)
        return bytes
    }

    private func fill() async throws {
        let bytes = try await socket.receive()
        guard !bytes.isEmpty else { throw TestSocket.Failure(description: "the server closed the connection") }
        buffer += bytes
    }
}
