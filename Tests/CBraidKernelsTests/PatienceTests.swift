import CBraidKernels
import Testing

@Suite("Waiting for workers")
struct PatienceTests {
    private static let millisecond: UInt64 = 1_000_000

    private static func called(at now: UInt64) -> braid_patience {
        var patience = braid_patience()
        braid_patience_begin(&patience, now * millisecond)
        return patience
    }

    private static func wait(_ patience: inout braid_patience, from start: UInt64, to end: UInt64) {
        braid_patience_wait(&patience, start * millisecond, end * millisecond)
    }

    private static func look(_ patience: inout braid_patience, at now: UInt64) {
        braid_patience_look(&patience, now * millisecond)
    }

    @Test("Whoever was kept waiting goes on alone for as long, then calls the workers again")
    func aloneForAsLong() {
        var patience = Self.called(at: 100)
        #expect(patience.together)
        Self.wait(&patience, from: 101, to: 104)
        #expect(!patience.together)
        Self.look(&patience, at: 106)
        #expect(!patience.together)
        Self.look(&patience, at: 107)
        #expect(patience.together)
        #expect(patience.since == 107 * Self.millisecond && patience.slept == 0)
    }

    @Test("A short wait is none, however early")
    func shortWaits() {
        var patience = Self.called(at: 0)
        Self.wait(&patience, from: 0, to: 1)
        #expect(patience.together)
        // Short ones add up.
        Self.wait(&patience, from: 1, to: 2)
        #expect(!patience.together)
    }

    @Test(
        "A wait of less than a quarter of the time is borne",
        arguments: [(12, true), (8, true), (7, false)] as [(UInt64, Bool)])
    func shares(end: UInt64, isBorne: Bool) {
        var patience = Self.called(at: 0)
        Self.wait(&patience, from: end - 2, to: end)
        #expect(patience.together == isBorne)
    }

    @Test("A step's end is an end, and the next one begins with the workers")
    func steps() {
        var patience = Self.called(at: 0)
        Self.wait(&patience, from: 0, to: 50)
        braid_patience_end(&patience)
        Self.look(&patience, at: 1000)
        #expect(!patience.together)
        braid_patience_begin(&patience, 1001 * Self.millisecond)
        #expect(patience.together && patience.slept == 0)
    }
}
