/// What is wrong with a structure that a model wrote.
public enum MalformedStructure: Sendable, Hashable, CustomStringConvertible {
    /// A tag where it may not stand.
    case misplacedTag(String)
    /// Text between tags that allow none.
    case strayText
    /// An outline that does not begin with its number.
    case outlineWithoutNumber
    /// A second outline of the same number.
    case duplicateNumber(Int)
    /// An outline that is not numbered one more than the one before.
    case numberOutOfOrder(Int, expected: Int)
    /// An outline that comes after one that is not before it in the list.
    case unknownDependency(Int)
    /// More outlines than a block may have.
    case tooManyOutlines(limit: Int)
    /// An outline list without an outline.
    case noOutlines
    /// A block where none may begin: too deep, or in a thread of a dialect that does not nest.
    case tooDeep(limit: Int)
    /// A thread that does not begin with its number.
    case threadWithoutNumber
    /// Threads that do not match the outlines one to one.
    case threadCount(threads: Int, outlines: Int)
    /// A label whose beginning is not that of the thread the block is in.
    case wrongPrefix(String, expected: String)
    /// Fewer threads in a block than it must have.
    case tooFewThreads(Int, least: Int)
    /// A thread that ended without its return.
    case missingReturn
    /// A block without the conclusion that its dialect demands.
    case missingConclusion
    /// Text in the main line of a dialect that allows none before a block.
    case textBeforeBlock
    /// Input that ended inside this tag.
    case unclosed(String)

    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .misplacedTag(let tag): "\(tag) may not stand here"
        case .strayText: "text between tags that allow none"
        case .outlineWithoutNumber: "an outline without a number"
        case .duplicateNumber(let number): "a second outline \(number)"
        case .numberOutOfOrder(let number, let expected): "outline \(number) where \(expected) was due"
        case .unknownDependency(let number): "an outline comes after \(number), which is not before it"
        case .tooManyOutlines(let limit): "more than \(limit) outlines in one block"
        case .noOutlines: "an outline list without an outline"
        case .tooDeep(let limit): "a block deeper than \(limit)"
        case .threadWithoutNumber: "a thread without a number"
        case .threadCount(let threads, let outlines): "\(threads) threads for \(outlines) outlines"
        case .wrongPrefix(let prefix, let expected): "a label that begins with \(prefix) where \(expected) was due"
        case .tooFewThreads(let count, let least): "\(count) threads in a block of at least \(least)"
        case .missingReturn: "a thread without a return"
        case .missingConclusion: "a block without a conclusion"
        case .textBeforeBlock: "text before a block"
        case .unclosed(let tag): "\(tag) is never closed"
        }
    }
}
