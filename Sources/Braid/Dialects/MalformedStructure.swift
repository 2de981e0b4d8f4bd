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
    /// A thread that ended without its return.
    case missingReturn
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
        case .missingReturn: "a thread without a return"
        case .unclosed(let tag): "\(tag) is never closed"
        }
    }
}
