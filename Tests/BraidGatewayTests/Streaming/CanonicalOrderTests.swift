import Braid
import Testing

@testable import BraidGateway

@Suite struct CanonicalOrderTests {
    private func token(_ thread: String, _ text: String) -> RunEvent {
        .tokens(thread: thread, text: text, count: 1, control: nil)
    }

    private func finished(_ thread: String) -> RunEvent {
        .threadFinished(thread: thread, outcome: .finished, returned: nil)
    }

    private func texts(_ pieces: [CanonicalOrder.Piece]) -> String {
        pieces.reduce(into: "") { all, piece in if case .text(let text, _, _) = piece { all += text } }
    }

    @Test func theFirstThreadIsLiveAndTheOthersWait() {
        var order = CanonicalOrder()
        #expect(texts(order.take(token("0", "a"))) == "a")
        #expect(
            order.take(.forked(thread: "0", outlines: [], into: ["0.1", "0.2"])) == [
                .began(thread: "0.1", outline: nil)
            ])
        #expect(order.take(token("0.2", "x")).isEmpty)
        #expect(texts(order.take(token("0.1", "1"))) == "1")
        #expect(order.take(finished("0.2")).isEmpty)
        #expect(texts(order.take(token("0.1", "2"))) == "2")
        #expect(
            order.take(finished("0.1")) == [
                .ended(thread: "0.1"), .began(thread: "0.2", outline: nil), .text("x", thread: "0.2", control: nil),
                .ended(thread: "0.2"),
            ])
        #expect(texts(order.take(token("0", "b"))) == "b")
        #expect(order.take(.answered(text: "b", outcome: .finished)) == [.ended(thread: "0")])
    }

    @Test func nestedThreadsComeInTheirPlace() {
        var order = CanonicalOrder()
        var all = ""
        for event in [
            token("0", "a"), .forked(thread: "0", outlines: [], into: ["0.1", "0.2"]), token("0.2", "z"),
            token("0.1", "b"), .forked(thread: "0.1", outlines: [], into: ["0.1.1", "0.1.2"]), token("0.1.2", "d"),
            token("0.1.1", "c"), finished("0.1.2"), finished("0.1.1"), token("0.1", "e"), finished("0.1"),
            token("0.2", "y"), finished("0.2"), token("0", "f"),
        ] { all += texts(order.take(event)) }
        #expect(all == "abcdezyf")
    }

    @Test func everythingComesOutAtTheEndWhateverTheOrder() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            // Three threads whose tokens come in any order; each thread's own order is kept.
            var queues = (1...3).map { thread in (0..<4).map { token("0.\(thread)", "\(thread)\($0) ") } }
            var order = CanonicalOrder()
            var all = texts(order.take(.forked(thread: "0", outlines: [], into: ["0.1", "0.2", "0.3"])))
            while let index = queues.indices.filter({ !queues[$0].isEmpty }).randomElement(using: &generator) {
                all += texts(order.take(queues[index].removeFirst()))
                if queues[index].isEmpty { all += texts(order.take(finished("0.\(index + 1)"))) }
            }
            all += texts(order.take(.answered(text: nil, outcome: .finished)))
            #expect(all == "10 11 12 13 20 21 22 23 30 31 32 33 ")
        }
    }

    @Test func theAnswerWaitsForTheThreadsBeforeIt() {
        var order = CanonicalOrder()
        _ = order.take(.forked(thread: "0", outlines: [], into: ["0.1"]))
        #expect(order.take(.tokens(thread: "0", text: " 4", count: 1, control: nil, answer: "4")).isEmpty)
        #expect(order.take(finished("0.1")).suffix(2) == [.ended(thread: "0.1"), .answer("4", thread: "0")])
        #expect(
            order.take(.tokens(thread: "0", text: "2", count: 1, control: nil, answer: "2"))
                == [.answer("2", thread: "0")])
    }

    @Test func whatNeverEndedComesOutWhenTheRunIsCut() {
        var order = CanonicalOrder()
        _ = order.take(.forked(thread: "0", outlines: [], into: ["0.1", "0.2"]))
        #expect(texts(order.take(token("0.2", "late"))) == "")
        #expect(texts(order.take(.answered(text: nil, outcome: .cancelled))) == "late")
    }

    @Test func theTextNamesThreadsAndLeavesOutTagsAndAnswer() {
        var text = ReasoningText()
        var shown = ""
        for piece: CanonicalOrder.Piece in [
            .began(thread: "0", outline: nil), .text("Let us split.", thread: "0", control: nil),
            .text("", thread: "0", control: "<Parallel>"),
            .began(thread: "0.1", outline: Outline(number: 1, text: " half")),
            .text("\nwork", thread: "0.1", control: nil),
            .text("", thread: "0.1", control: "<Return>"), .text(" 7", thread: "0.1", control: nil),
            .ended(thread: "0.1"), .text(" So", thread: "0", control: nil), .answer("", thread: "0"),
            .answer("7", thread: "0"), .ended(thread: "0"),
        ] { shown += text.take(piece) }
        #expect(shown == "Let us split.\n\n[thread 1] half\nwork\n 7\n\n So")
    }
}
