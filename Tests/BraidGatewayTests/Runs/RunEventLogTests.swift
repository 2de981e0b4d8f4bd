import Braid
import Testing

@testable import BraidGateway

@Suite struct RunEventLogTests {
    private func token(_ text: String, _ thread: String = "0", control: String? = nil) -> RunEvent {
        .tokens(thread: thread, text: text, count: 1, control: control)
    }

    @Test func tokensThatNobodyHasReadBecomeOne() async throws {
        let log = RunEventLog(limit: 1 << 20)
        for text in ["a", "b", "c"] { log.append(token(text), at: 0) }
        log.append(token("", control: "<x>"), at: 1)
        log.append(token("d", "0.1"), at: 2)
        let entries = await log.next(after: 0)
        #expect(entries.map(\.number) == [1, 2, 3])
        guard case .tokens("0", "abc", 3, nil, nil)? = entries.first?.event else {
            Issue.record("not merged: \(entries)")
            return
        }
        log.append(token("e", "0.1"), at: 3)
        log.append(token("f", "0.1"), at: 3)
        let more = await log.next(after: 3)
        #expect(more.map(\.number) == [4])
        log.finish()
        #expect(await log.next(after: 4).isEmpty)
    }

    @Test func whatIsAnsweredIsNotMergedWithWhatIsThought() {
        let log = RunEventLog(limit: 1 << 20)
        log.append(token("thought"), at: 0)
        for answer in ["4", "", "2"] {
            log.append(.tokens(thread: "0", text: " " + answer, count: 1, control: nil, answer: answer), at: 0)
        }
        log.append(token("more"), at: 0)
        guard case .tokens("0", "thought", 1, nil, nil) = log.entries[0].event,
            case .tokens("0", " 4  2", 3, nil, "42") = log.entries[1].event, log.entries.count == 3
        else {
            Issue.record("\(log.entries)")
            return
        }
    }

    @Test func beyondItsLimitTokensAreLeftOutAndCounted() async {
        let log = RunEventLog(limit: 400)
        for index in 0..<100 { log.append(token("word", "0.\(index)"), at: 0) }
        log.append(.joined(thread: "0", threads: [], tokens: 1), at: 1)
        log.finish()
        let entries = await log.next(after: 0)
        #expect(log.byteCount < 1600)
        guard case .tokensDropped(let count) = entries[entries.count - 2].event,
            case .joined = entries[entries.count - 1].event
        else {
            Issue.record("\(entries)")
            return
        }
        #expect(count + entries.count - 2 == 100)
    }

    @Test func aReaderThatWaitsIsWokenAndOneThatIsCancelledGoes() async {
        let log = RunEventLog(limit: 1 << 20)
        let reader = Task { await log.next(after: 0).map(\.number) }
        let other = Task { await log.next(after: 0).isEmpty }
        other.cancel()
        #expect(await other.value)
        log.append(token("a"), at: 0)
        #expect(await reader.value == [1])
    }

    @Test func aReaderOfOneThreadIsNotWokenForTheTokensOfOthers() async {
        let log = RunEventLog(limit: 1 << 20)
        log.append(token("x", "0.2"), at: 0)
        let reader = Task { await log.next(after: 0, tokensOf: "0.1").map(\.number) }
        for index in 0..<50 { log.append(token("y", "0.\(index % 2 + 2)"), at: 0) }
        log.append(token("a", "0.1"), at: 1)
        let numbers = await reader.value
        #expect(numbers == Array(1...log.entries.count))
        let other = Task { await log.next(after: numbers.count, tokensOf: "0.1").map(\.number) }
        log.append(token("z", "0.2"), at: 2)
        log.append(.joined(thread: "0", threads: [], tokens: 1), at: 2)
        #expect(await other.value == [numbers.count + 1, numbers.count + 2])
        log.append(token("z", "0.2"), at: 2)
        log.finish()
        #expect(await log.next(after: numbers.count + 2, tokensOf: "0.1").count == 1)
        #expect(await log.next(after: numbers.count + 3, tokensOf: "0.1").isEmpty)
    }

    @Test func allReadersSeeTheSame() async {
        let log = RunEventLog(limit: 1 << 20)
        await withTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var text = ""
                    var number = 0
                    while true {
                        let entries = await log.next(after: number)
                        guard let last = entries.last else { return text }
                        number = last.number
                        for entry in entries { if case .tokens(_, let piece, _, _, _) = entry.event { text += piece } }
                    }
                }
            }
            for index in 0..<500 {
                log.append(token("\(index) "), at: 0)
                if index % 50 == 0 { await Task.yield() }
            }
            log.finish()
            let whole = (0..<500).map { "\($0) " }.joined()
            for await text in group { #expect(text == whole) }
        }
    }
}
