import Braid
import Testing

@testable import BraidInference

@Suite("Prefix tree")
struct PrefixTreeTests {
    @Test("random insertions and removals agree with a list of all paths", arguments: 0..<200)
    func agreesWithAList(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var tree = PrefixTree()
        /// The oracle: each page with the tokens that lead to it.
        var paths: [PageID: (partition: CachePartition, tokens: [TokenID])] = [:]
        var nextPage: Int32 = 0
        func sequence() -> [TokenID] {
            (0..<Int.random(in: 1...4, using: &random)).flatMap { _ in
                [TokenID](repeating: TokenID.random(in: 0..<2, using: &random), count: KVCache.pagePositions)
            }
        }
        for _ in 0..<150 {
            let partition = CachePartition(value: Int.random(in: 0...1, using: &random))
            let tokens = sequence()
            let limit = tokens.count / KVCache.pagePositions
            var expected: [PageID] = []
            for count in 1...limit {
                let prefix = Array(tokens[..<(count * KVCache.pagePositions)])
                guard let page = paths.first(where: { $0.value == (partition, prefix) })?.key else { break }
                expected.append(page)
            }
            #expect(tree.match(tokens, in: partition, limit: limit) == expected)
            switch Int.random(in: 0..<3, using: &random) {
            case 0, 1:
                var previous: PageID?
                for index in 0..<limit {
                    let page = PageID(nextPage)
                    nextPage += 1
                    let present = tree.insert(page, PageTokens(tokens, page: index), after: previous, in: partition)
                    if present == page {
                        paths[page] = (partition, Array(tokens[..<((index + 1) * KVCache.pagePositions)]))
                    }
                    previous = present
                }
            default:
                guard let victim = paths.keys.sorted(by: { $0.index < $1.index }).randomElement(using: &random),
                    let (partition, prefix) = paths[victim]
                else { continue }
                let behind = paths.filter { $0.value.partition == partition && $0.value.tokens.starts(with: prefix) }
                #expect(Set(tree.remove(victim)) == Set(behind.keys))
                for page in behind.keys { paths[page] = nil }
            }
            #expect(tree.count == paths.count)
            #expect(tree.invariantViolation() == nil)
        }
        #expect(Set(tree.removeAll()) == Set(paths.keys))
        #expect(tree.count == 0)
        #expect(tree.invariantViolation() == nil)
    }
}
