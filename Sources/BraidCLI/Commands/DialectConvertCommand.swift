import ArgumentParser
import Braid
import Foundation

/// `braid dialect convert`: a text of one dialect, or the record of a run in it, in another.
struct DialectConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Rewrite a model's text, or a saved trajectory, from one dialect to another.",
        discussion: """
            Reads what a model wrote, threads in place, without the prompt; or what 'braid ask --save' or 'braid ask --json' \
            wrote, which becomes such a trajectory again. The result goes to standard output, what the other dialect says \
            differently and what is lost to standard error. What cannot be rewritten is refused with the reason.
            """)

    @Option(
        help: ArgumentHelp(
            "The text's dialect. (default: the one that a saved trajectory names)", valueName: "name|file"))
    var from: DialectChoice?

    @Option(help: ArgumentHelp("The dialect to rewrite it in.", valueName: "name|file"))
    var to: DialectChoice

    @Argument(help: "The file, or - for standard input.")
    var file: String

    func run() throws {
        let target = try to.dialect()
        let (data, name) = try InputStreamReader.with(file) { reader in
            (try reader.read(limit: SavedTrajectory.byteLimit), reader.name)
        }
        let notes: [String]
        if SavedTrajectory.isForm(of: data) {
            let trajectory = try SavedTrajectory(data, from: name).trajectory(from: name)
            let source = try from?.dialect() ?? DialectCatalogue.dialect(named: trajectory.dialect)
            guard let source else { throw InputError.dialectOfRecord(trajectory.dialect, source: name) }
            let conversion = try TrajectoryConversion(trajectory, from: source, to: target)
            try StandardStream.output.write(JSONText.encode(conversion.trajectory))
            notes = conversion.notes
        } else {
            guard let from else {
                throw ValidationError("a text does not say which dialect it is in; name it with --from")
            }
            let text = try UTF8Text.decode(data, from: name)
            let conversion = try DialectConversion(text, from: from.dialect(), to: target)
            try StandardStream.output.write(conversion.text.rendered)
            notes = conversion.notes
        }
        for note in notes { try StandardStream.error.write("note: \(SafeText.line(note))\n") }
    }
}
