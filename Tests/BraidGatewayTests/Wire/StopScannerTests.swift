import Testing

@testable import BraidGateway

/// The scanner for stops, beside a reader that sees the whole text at once.
struct StopScannerTests {
    /// The text up to the stop that is complete first, the longest of those that are complete at once.
    private static func whole(_ text: String, _ stops: [String], keeping: Bool) -> StopScanner.Step {
        let bytes = Array(text.utf8)
        for end in 1..<max(1, bytes.count + 1) {
            let found = stops.filter { bytes[..<end].suffix($0.utf8.count).elementsEqual($0.utf8) }
            guard let stop = found.max(by: { $0.utf8.count < $1.utf8.count }) else { continue }
            let shown = keeping ? end : end - stop.utf8.count
            return StopScanner.Step(text: String(decoding: bytes[..<shown], as: UTF8.self), stop: stop)
        }
        return StopScanner.Step(text: text, stop: nil)
    }

    @Test(arguments: [false, true])
    func piecesMakeNoDifference(_ keeping: Bool) {
        var generator = SeededGenerator(seed: 5)
        let letters = ["a", "b", "é", "</", ">"]
        func text(_ lengths: ClosedRange<Int>) -> String {
            (0..<Int.random(in: lengths, using: &generator))
                .map { _ in letters.randomElement(using: &generator) ?? "a" }.joined()
        }
        for round in 0..<2000 {
            let stops = (0..<Int.random(in: 0...3, using: &generator)).map { _ in text(1...3) }
            var scanner = StopScanner(stops, keepsStop: keeping)
            var all = ""
            var shown = StopScanner.Step(text: "", stop: nil)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let piece = text(0...4)
                all += piece
                let step = scanner.take(piece)
                shown.text += step.text
                shown.stop = step.stop
                if step.stop != nil { break }
            }
            if shown.stop == nil { shown.text += scanner.end() }
            #expect(shown == Self.whole(all, stops, keeping: keeping), "round \(round): \(all) \(stops)")
        }
    }

    @Test func onlyWhatMayBeAStopIsKeptBack() {
        var scanner = StopScanner(["</Thread>"])
        #expect(scanner.take("abc<") == StopScanner.Step(text: "abc", stop: nil))
        #expect(scanner.take("/Thr") == StopScanner.Step(text: "", stop: nil))
        #expect(scanner.take("ee") == StopScanner.Step(text: "</Three", stop: nil))
        #expect(scanner.end() == "")
    }
}
