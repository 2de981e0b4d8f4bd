import Testing

@testable import BraidGateway

@Suite struct TraceContextTests {
    @Test func aTraceIsCarriedOn() throws {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let context = try #require(TraceContext(header))
        #expect(context.description == header)
        #expect(context.child.trace == context.trace)
        #expect(context.child.span != context.span)
        #expect(TraceContext(context.child.description) != nil)
        #expect(TraceContext("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more") != nil)
        #expect(TraceContext(TraceContext().description) != nil)
    }

    @Test(arguments: [
        "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    ])
    func malformedOnesAreNone(_ header: String) {
        #expect(TraceContext(header) == nil)
    }
}
