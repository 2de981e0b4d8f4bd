/// Input that cannot be used: a question, a file, a line of it.
enum InputError: Error, Hashable, CustomStringConvertible {
    /// The question has nothing but white space.
    case emptyQuestion
    /// The question is longer than anything a model reads.
    case questionTooLong(limit: Int)
    /// Bytes that should be text are not valid UTF-8.
    case notUTF8(source: String, offset: Int)
    /// A file or stream cannot be read.
    case unreadable(source: String, reason: String)
    /// A file cannot be written.
    case unwritable(path: String, reason: String)
    /// A document is larger than it may be.
    case documentTooLong(source: String, limit: Int)
    /// A document is not what `braid show` reads.
    case notATrajectory(source: String, reason: String)
    /// A document is not a list of worked examples.
    case notExamples(source: String, reason: String)
    /// A document has no prompts in the form that is read.
    case notPrompts(source: String, reason: String)
    /// A document replaces a prompt that no method has.
    case unknownPrompt(String, source: String, allowed: [String])
    /// No dialect has this name, and no file.
    case unknownDialect(String, known: [String])
    /// A record is in a dialect that does not come with Braid.
    case dialectOfRecord(String, source: String)
    /// A document has no such line.
    case noSuchLine(source: String, line: Int, lines: Int)
    /// A store has no such run.
    case noSuchRun(String, store: String)
    /// A run has no record, or not yet.
    case noRecord(run: String, status: String)
    /// A variable has no list of fields with values.
    case malformedHeaders(variable: String)
    /// The program was built without what is needed.
    case builtWithout(trait: String)

    /// What happened, and what to do.
    var description: String {
        switch self {
        case .emptyQuestion:
            "the question is empty; write it as an argument, or give - and write it to standard input"
        case .questionTooLong(let limit):
            "the question is longer than \(limit) bytes; shorten it"
        case .notUTF8(let source, let offset):
            "\(source) is not valid UTF-8 at byte \(offset); convert it to UTF-8"
        case .unreadable(let source, let reason):
            "cannot read \(source): \(reason); check its name and permissions"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); choose another file"
        case .documentTooLong(let source, let limit):
            "\(source) has more than \(limit) bytes; cut out the trajectory you want, or name its line with --line"
        case .notATrajectory(let source, let reason):
            "\(source) is not a trajectory: \(reason); give a file from 'braid ask --save', the output of "
                + "'braid ask --json', or a line of 'braid data' with --line"
        case .notExamples(let source, let reason):
            "\(source) is not a list of examples: \(reason); give JSON such as "
                + "[{\"question\": \"...\", \"plan\": {\"subtasks\": [{\"id\": 1, \"task\": \"...\"}]}}]"
        case .notPrompts(let source, let reason):
            "\(source) has no prompts: \(reason); give JSON such as {\"answer\": \"{question}\\nThink step by step.\"}"
        case .unknownPrompt(let name, let source, let allowed):
            "\(source) replaces the prompt '\(name)'; allowed here: \(allowed.joined(separator: ", "))"
        case .unknownDialect(let name, let known):
            "there is no dialect '\(name)' and no such file; allowed: \(known.joined(separator: ", ")), or a YAML file"
        case .dialectOfRecord(let name, let source):
            "\(source) is the record of a run in '\(name)', which is no dialect that comes with Braid; name the dialect's YAML "
                + "file with --from, or give the record of a run that forks by a dialect's tags"
        case .noSuchLine(let source, let line, let lines):
            "\(source) has no line \(line); it has \(lines), counted from 1"
        case .noSuchRun(let id, let store):
            "there is no run '\(id)' in \(store); give an id that 'braid serve' answered in x-braid-trajectory-id, or "
                + "name its store with --store"
        case .noRecord(let run, let status):
            "the run '\(run)' is \(status) and has no record; a run has one when it ends in good order"
        case .malformedHeaders(let variable):
            "\(variable) has no fields of a request; write name=value, separated by commas, values percent-encoded"
        case .builtWithout(let trait):
            "this braid was built without \(trait == "Gateway" ? "the server" : "engines over HTTP"), to build quickly; "
                + "build it with them: swift run -c release --traits \(trait) braid ..."
        }
    }
}
