#if Gateway
    import Testing

    @testable import BraidStore

    @Suite("When a store that failed is tried again")
    struct StoreHealthTests {
        private static let error = StoreError.diskFull(path: "/p")

        @Test("pauses are 1, 2, 4 ... 60 seconds; one try each")
        func pauses() {
            var health = StoreHealth()
            var now = Duration.seconds(100)
            /// Whether it is tried, and what a failure says.
            func attempt(after pause: Duration) -> (isTried: Bool, warning: String?) {
                now += pause
                let isTried = health.admits(at: now)
                return (isTried, isTried ? health.failed(Self.error, at: now) : nil)
            }
            let first = attempt(after: .zero)
            #expect(first.isTried && first.warning?.contains("the disk is full") == true)
            // Writes that were under way when it failed fail too; they change nothing.
            let late = health.failed(Self.error, at: now)
            #expect(late == nil)
            for pause in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
                #expect(!attempt(after: .seconds(pause) - .milliseconds(1)).isTried)
                let due = attempt(after: .milliseconds(1))
                #expect(due.isTried && due.warning == nil)
                #expect(!attempt(after: .zero).isTried)
            }
            health.lost()
            health.lost()
            let message = health.worked(at: now)
            #expect(message == "the store works again after 243 s, in which 2 writes were not made")
            let again = (health.worked(at: now), health.outage)
            #expect(again.0 == nil && again.1 == nil)
            #expect(attempt(after: .zero).warning != nil)
        }
    }
#endif
