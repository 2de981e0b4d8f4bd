import Testing

@testable import BraidEvaluation

@Suite("Wilson interval")
struct WilsonIntervalTests {
    /// Expected values: `scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson")`.
    @Test(
        "agrees with scipy",
        arguments: [
            (8, 10, 0.4901624715366418, 0.9433178485456247), (475, 500, 0.9272318388284524, 0.9659062547561506),
            (0, 20, 0.0, 0.1611251580528), (20, 20, 0.8388748419472, 1.0),
        ])
    func scipy(successes: Int, trials: Int, low: Double, high: Double) {
        let interval = WilsonInterval(successes: successes, trials: trials)
        #expect(abs(interval.low - low) < 1e-9)
        #expect(abs(interval.high - high) < 1e-9)
    }

    @Test("no trials say nothing")
    func empty() {
        #expect(WilsonInterval(successes: 0, trials: 0) == WilsonInterval(successes: 0, trials: 0))
        #expect(WilsonInterval(successes: 0, trials: 0).high == 1)
    }
}
