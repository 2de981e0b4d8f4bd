#if Gateway
    import Foundation
    import Testing

    @testable import BraidGateway

    /// HTTP of each version on one connection.
    @Suite struct ConnectionTests {
        @Test func expectationsAreAnsweredAndPipelinedRequestsInOrder() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(ChatBody.question.utf8.count)\r\n"
                        + "Expect: 100-continue\r\n\r\n")
                _ = try await client.read(until: "100 Continue")
                try await client.socket.send(ChatBody.question)
                #expect(try await client.answer().status == 200)
                let request = TestClient.request("GET", "/health")
                try await client.socket.send(String(repeating: request, count: 20))
                for _ in 0..<20 { #expect(try await client.answer().status == 200) }
            }
        }

        @Test(arguments: [true, false]) func clientsOfHTTP10GetNeitherChunksNorInterimResponses(
            _ isStreaming: Bool
        ) async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let body = isStreaming ? ChatBody.streaming : ChatBody.question
                let client = try server.client()
                try await client.socket.send(
                    "POST /v1/chat/completions HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                let answer = try await client.rest()
                #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
                #expect(!answer.lowercased().contains("transfer-encoding"))
                #expect(answer.lowercased().contains("connection: close\r\n"))
                #expect(answer.hasSuffix(isStreaming ? "}\n\ndata: [DONE]\n\n" : "}"))
                let content = try #require(answer.firstRange(of: "\r\n\r\n")).upperBound
                #expect(answer[content...].hasPrefix(isStreaming ? "data: {" : "{"))
            }
        }

        @Test func aConnectionEndsWhereTheClientSaysSo() async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                let last = TestClient.request("GET", "/health", fields: ["Connection": "Close"])
                try await client.socket.send(TestClient.request("GET", "/health") + last + last)
                let answers = try await client.rest()
                #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
                #expect(answers.lowercased().contains("connection: close"))
            }
        }

        @Test(arguments: ["", "Host: localhost\r\nHost: localhost\r\n"]) func aRequestNamesOneHost(
            _ hosts: String
        ) async throws {
            try await TestGateway.run([TestGateway.model(PacedEngine.simple())]) { server in
                let client = try server.client()
                try await client.socket.send("GET /health HTTP/1.1\r\n\(hosts)\r\n")
                #expect(try await client.answer().status == 400)
            }
        }
    }
#endif
