import ArgumentParser
import Braid

/// `braid dialect convert`: a text of one dialect in another.
struct DialectConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Rewrite a model's text from one dialect to another.",
        discussion: """
            Reads what a model wrote, threads in place, without the prompt. The rewritten text goes to standard output, \
            what the other dialect says differently to standard error. A text that cannot be rewritten is refused with \
            the reason.
            """)

    /// Most bytes of a text.
    private static let byteLimit = 64 << 20

    @Option(help: ArgumentHelp("The text's dialect.", valueName: "name|file"))
    var from: DialectChoice

    @Option(help: ArgumentHelp("The dialect to rewrite it in.", valueName: "name|file"))
    var to: DialectChoice

    @Argument(help: "The text's file, or - for standard input.")
    var file: String

    func run() throws {
        let (source, target) = (try from.dialect(), try to.dialect())
        let text = try InputStreamReader.with(file) { reader in
            try UTF8Text.decode(try reader.read(limit: Self.byteLimit), from: reader.name)
        }
        let conversion = try DialectConversion(text, from: source, to: target)
        try StandardStream.output.write(conversion.text.rendered)
        for note in conversion.notes { try StandardStream.error.write("note: \(SafeText.line(note))\n") }
    }
}
