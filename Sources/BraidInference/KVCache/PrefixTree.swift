internal import Braid

/// Full pages by the tokens that led to them: a radix tree (Zheng et al. 2024, "SGLang", arXiv 2312.07104, section 3) with
/// one page of tokens to an edge. A pure value; it names pages and holds none.
///
///     root -[16 tokens]-> P0 -[16 tokens]-> P1 -[16 tokens]-> P4
///                            `-[16 others]-> P7
///
/// A page may stand here only if its keys and values depend on nothing but the tokens of its path, each at its place from
/// position 0 on: no stitched join before it or in it. Tokens are compared, not their hashes.
struct PrefixTree: Sendable {
    private enum Parent: Hashable, Sendable {
        case root(CachePartition)
        case page(PageID)
    }

    private struct Edge: Hashable, Sendable {
        let parent: Parent
        let tokens: PageTokens
    }

    private struct Node: Sendable {
        let edge: Edge
        /// Pages right behind this one: a list through the siblings.
        var firstChild: PageID?
        var nextSibling: PageID?
        var previousSibling: PageID?
    }

    private var pages: [Edge: PageID] = [:]
    private var nodes: [PageID: Node] = [:]

    /// Pages in the tree.
    var count: Int { nodes.count }

    /// The pages of the longest path that a sequence begins with.
    /// - Parameter limit: Most pages; the sequence has tokens for all of them.
    /// - Complexity: O(pages found).
    func match(_ tokens: [TokenID], in partition: CachePartition, limit: Int) -> [PageID] {
        var path: [PageID] = []
        var parent = Parent.root(partition)
        while path.count < limit {
            guard let page = pages[Edge(parent: parent, tokens: PageTokens(tokens, page: path.count))] else { break }
            path.append(page)
            parent = .page(page)
        }
        return path
    }

    /// Adds a page behind a path, unless its tokens have one there already.
    /// - Parameter previous: The page before it, which is in the tree; nil at the beginning of a sequence.
    /// - Returns: The page that stands there now.
    mutating func insert(
        _ page: PageID, _ tokens: PageTokens, after previous: PageID?, in partition: CachePartition
    ) -> PageID {
        let edge = Edge(parent: previous.map(Parent.page) ?? .root(partition), tokens: tokens)
        if let present = pages[edge] { return present }
        assert(nodes[page] == nil, "a page has one place in the tree")
        var node = Node(edge: edge)
        if let previous {
            node.nextSibling = nodes[previous]?.firstChild
            if let sibling = node.nextSibling { nodes[sibling]?.previousSibling = page }
            nodes[previous]?.firstChild = page
        }
        nodes[page] = node
        pages[edge] = page
        return page
    }

    /// Takes a page out, and all pages behind it, which nothing leads to any more.
    /// - Returns: The pages taken out.
    /// - Complexity: O(pages taken out).
    mutating func remove(_ page: PageID) -> [PageID] {
        guard let node = nodes[page] else { return [] }
        if let before = node.previousSibling {
            nodes[before]?.nextSibling = node.nextSibling
        } else if case .page(let parent) = node.edge.parent {
            nodes[parent]?.firstChild = node.nextSibling
        }
        if let after = node.nextSibling { nodes[after]?.previousSibling = node.previousSibling }
        var removed: [PageID] = []
        var left = [page]
        while let page = left.popLast() {
            guard let node = nodes.removeValue(forKey: page) else { continue }
            pages[node.edge] = nil
            removed.append(page)
            var child = node.firstChild
            while let page = child {
                left.append(page)
                child = nodes[page]?.nextSibling
            }
        }
        return removed
    }

    /// Takes all pages out.
    mutating func removeAll() -> [PageID] {
        let removed = Array(nodes.keys)
        nodes = [:]
        pages = [:]
        return removed
    }

    /// What is wrong, or nil: every page is found by its edge, has its parent in the tree and is among its children.
    /// - Complexity: O(pages x children).
    func invariantViolation() -> String? {
        guard pages.count == nodes.count else { return "\(pages.count) edges lead to \(nodes.count) pages" }
        var children: [PageID: Int] = [:]
        for (page, node) in nodes {
            guard pages[node.edge] == page else { return "page \(page.index) is not found by its edge" }
            if case .page(let parent) = node.edge.parent {
                guard nodes[parent] != nil else { return "page \(page.index) has no parent" }
                children[parent, default: 0] += 1
            }
        }
        for (page, node) in nodes {
            var listed = 0
            var child = node.firstChild
            while let page = child, listed <= nodes.count {
                listed += 1
                child = nodes[page]?.nextSibling
            }
            guard listed == children[page, default: 0] else {
                return "page \(page.index) lists \(listed) children and has \(children[page, default: 0])"
            }
        }
        return nil
    }
}
