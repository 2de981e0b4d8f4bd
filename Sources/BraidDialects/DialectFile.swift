public import Braid
internal import Yams

/// A dialect as a YAML file says it.
///
/// Keys are the properties of `Dialect` in small letters with hyphens; `extends` names a shipped dialect whose values hold
/// where the file says nothing. A pair of tags is a name (`Thread` is `<Thread>` and `</Thread>`) or a list of two; a text
/// is a string, or a list of strings and `{tag: "<Thread>"}`.
///
///     name: my-weaver
///     extends: threadweaver
///     thread: Branch
///     thread-seed: ["\n", {tag: "<Branch>"}, "\n{n}:"]
///     later-joined-seed: [{tag: "<Branch>"}, "\n{n}:"]
///     cut-thread-end: ["\n", {tag: "</Branch>"}]
///
/// With `fork: messages` threads are asked in messages, as in the dialect `apr`; `messages` holds the properties of
/// `MessageSyntax` as keys of its own.
///
///     fork: messages
///     messages:
///       list: ["<Calls>", "<End Calls>"]
///       message: "Call {n}: "
///       joined: ["<Results>", "<End Results>"]
///       returned: "Result of call {n}"
///       failed: "No result of call {n}"
///       child-prompt: [{tag: "<s>"}, "Task: {message}\n"]
///       marker: "Done"
///     answer: message
public enum DialectFile {
    /// Most bytes of a file.
    public static let byteLimit = 64 * 1024

    /// Keys that `messages` may have.
    public static let messageKeys = ["list", "message", "joined", "returned", "failed", "child-prompt", "marker"]

    /// Keys that a file may have.
    public static let keys = [
        "name", "extends", "prompt-start", "prompt-end", "fork", "threads", "messages", "parallel", "outlines",
        "outline", "thread",
        "returns", "conclusion", "conclusion-after-block", "think", "answer", "ends", "separator", "outline-start",
        "number-suffix", "numbering", "dependencies", "fork-text", "thread-seed", "later-joined-seed", "cut-thread-end",
        "thread-tail", "threads-end", "shows", "join", "maximum-depth", "failed-return", "maximum-outlines",
        "minimum-fork-tokens", "allows-text-before-blocks", "answers-by-number",
    ]

    /// Reads a dialect.
    /// - Parameter source: what errors call the text.
    /// - Throws: ``DialectFileError`` for the first value that cannot be read, or for all that do not fit together.
    public static func dialect(from yaml: String, source: String) throws(DialectFileError) -> Dialect {
        guard yaml.utf8.count <= byteLimit else { throw .tooLong(source: source, limit: byteLimit) }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw .notYAML(source: source, reason: "\(error)")
        }
        let fields = try DialectFields(root, source: source)
        let dialect = try fields.dialect()
        let faults = dialect.faults()
        guard faults.isEmpty else { throw .faults(source: source, faults) }
        return dialect
    }
}
