import Foundation
import Testing

/// What the built program does with input that needs no model.
@Suite("The built program")
struct BinaryTests {
    @Test(
        "bad input and options end with 2 and say what to do",
        arguments: [
            (["ask", ""], "the question is empty"),
            (["ask", " \t\n"], "the question is empty"),
            (["ask"], "Missing expected argument"),
            (["ask", "x", "--max-threads", "0"], "--max-threads is 0; allowed: 1 to 256"),
            (["ask", "x", "--max-threads", "257"], "--max-threads is 257"),
            (["ask", "x", "--max-depth", "17"], "--max-depth is 17; allowed: 0 to 16"),
            (["ask", "x", "--max-tokens", "0"], "--max-tokens is 0"),
            (["ask", "x", "--max-thread-tokens", "99999999"], "--max-thread-tokens is 99999999"),
            (["ask", "x", "--max-tokens", "99999999999999999999"], "invalid"),
            (["ask", "x", "--timeout", "0"], "--timeout is 0.0"),
            (["ask", "x", "--timeout=-1"], "--timeout is -1.0"),
            (["ask", "x", "--timeout", "nan"], "--timeout is nan"),
            (["ask", "x", "--timeout", "inf"], "--timeout is inf"),
            (["ask", "x", "--timeout", "1e300"], "--timeout is 1e+300"),
            (["ask", "x", "--temperature", "nan"], "--temperature is nan"),
            (["ask", "x", "--top-p", "0"], "--top-p is 0.0"),
            (["ask", "x", "--top-k=-1"], "--top-k is -1"),
            (["ask", "x", "--min-p", "2"], "--min-p is 2.0"),
            (["ask", "x", "--seed=-1"], "invalid"),
            (
                ["ask", "x", "--samples", "3"],
                "--samples is for --method self-consistency, best-of-n, tree-of-thoughts"
            ),
            (
                ["ask", "x", "--workers", "3"],
                "--workers is for --method hogwild, groupthink, parallel-r1, parathinker only"
            ),
            (["ask", "x", "--method", "hogwild", "--workers", "9"], "--workers is 9; allowed: 2 to 8"),
            (["ask", "x", "--method", "self-consistency", "--samples", "33"], "--max-threads, which is 32"),
            (["ask", "x", "--method", "self-consistency", "--max-depth", "0"], "--max-depth is 0"),
            (["ask", "x", "--method", "telepathy"], "- graph-of-thoughts"),
            (["ask", "x", "--method", "best-of-n", "--samples", "0"], "--samples is 0; allowed: 1 to --max-threads"),
            (["ask", "x", "--method", "best-of-n", "--evaluations", "0", "--verifier", "judge"], "--evaluations is 0"),
            (["ask", "x", "--method", "best-of-n", "--verifier", "oracle"], "'exact', 'judge' or 'log-probability'"),
            (["ask", "x", "--breadth", "3"], "--breadth is for --method tree-of-thoughts, graph-of-thoughts only"),
            (["ask", "x", "--method", "tree-of-thoughts", "--breadth", "65"], "--breadth is 65; allowed: 1 to 64"),
            (["ask", "x", "--method", "tree-of-thoughts", "--samples", "0"], "--samples is 0; allowed: 1 to 64"),
            (
                ["ask", "x", "--method", "tree-of-thoughts", "--search", "dfs", "--evaluator", "vote"],
                "a vote does not go"
            ),
            (["ask", "x", "--method", "tree-of-thoughts", "--search", "up"], "'bfs', 'dfs' or 'beam'"),
            (["ask", "x", "--method", "graph-of-thoughts", "--samples", "65"], "--samples is 65; allowed: 1 to 64"),
            (["ask", "x", "--method", "graph-of-thoughts", "--breadth", "0"], "--breadth is 0; allowed: 1 to 64"),
            (["ask", "x", "--method", "mcts", "--depth", "33"], "--depth is 33; allowed: 1 to 32"),
            (["ask", "x", "--method", "mcts", "--iterations", "0"], "--iterations is 0; allowed: 1 to 200"),
            (
                ["ask", "x", "--method", "mcts", "--verifier", "log-probability"],
                "allowed for --method mcts: exact, judge"
            ),
            (["ask", "x", "--layout", "combined"], "--layout is for --method hogwild only"),
            (["ask", "x", "--prompts", "p.json"], "--prompts is for --method sequential, self-consistency, best-of-n"),
            (["ask", "x", "--method", "mcts", "--prompts", "/no/such"], "cannot read /no/such"),
            (["ask", "x", "--router"], "--router is for --method skeleton-of-thought only"),
            (["ask", "x", "--wait", "1"], "--wait is for --method sequential only"),
            (["ask", "x", "--method", "sequential", "--wait", "65"], "--wait is 65; allowed: 0 to 64"),
            (["ask", "x", "--method", "sequential", "--thinking-tokens", "0"], "--thinking-tokens is 0; allowed: 1"),
            (["bench", "--breadth", "2"], "--breadth is for --method tree-of-thoughts, graph-of-thoughts only"),
            (["bench", "--method", "best-of-n", "--samples", "0"], "--samples is 0; allowed: 1 to 256"),
            (["ask", "x", "--save", "/nonexistent/file"], "cannot write /nonexistent/file"),
            (["ask", "x", "--trace", "/"], "cannot write /"),
            (["ask", "x", "y"], "Unexpected argument 'y'"),
            (["telepathy"], "Unexpected argument 'telepathy'"),
            (["show", "/nonexistent"], "cannot read /nonexistent"),
            (["show", "/"], "cannot read /"),
            (["show", "-"], "it is empty"),
            (["show", "-", "--line", "1"], "standard input has no line 1; it has 0"),
            (["show", "-", "--line", "0"], "--line is 0"),
            (["show", "-", "--width", "1"], "--width is 1"),
            (["models", "convert", "braid-puzzles", "x"], "the output is 'x'; allowed: a name that ends in .gguf"),
            (["models", "convert", "braid-puzzles", "/nonexistent/x.gguf"], "cannot write /nonexistent/x.gguf"),
            (["models", "convert", "braid-puzzles", "x.gguf", "--type", "q5"], "'q8_0' or 'q4_0'"),
            (["bench", "--task", "x"], "--task is 'x'; allowed: all, countdown-3"),
            (["bench", "--method", "x"], "--method is 'x'"),
            (["bench", "--method", "adaptive@"], "--method is 'adaptive@'"),
            (["bench", "--count", "0"], "--count is 0"),
            (["bench", "--concurrency", "0"], "--concurrency is 0"),
        ])
    func refused(arguments: [String], message: String) throws {
        let outcome = try Binary.start(arguments, input: Data()).outcome()
        #expect(outcome.code == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("braid: error: "))
        #expect(outcome.error.contains(message), "\(outcome.error)")
    }

    @Test("a model that is not there ends with 3", arguments: [["ask", "x"], ["bench", "--count", "1"]])
    func noModel(arguments: [String]) throws {
        let option = arguments[0] == "ask" ? ["--model", "no-such-model"] : ["--method", "adaptive@no-such-model"]
        let outcome = try Binary.start(arguments + option, input: Data()).outcome()
        #expect(outcome.code == 3)
        #expect(outcome.error.contains("there is no model 'no-such-model'; choose a built-in one (braid-puzzles"))
    }

    @Test(
        "a method that asks in plain words wants a model that reads them",
        arguments: [
            ["ask", "x", "--method", "tree-of-thoughts"], ["ask", "x", "--method", "mcts"],
            ["ask", "x", "--method", "best-of-n", "--verifier", "judge"], ["bench", "--method", "skeleton-of-thought"],
        ])
    func noWords(arguments: [String]) throws {
        let outcome = try Binary.start(arguments, input: Data()).outcome()
        #expect(outcome.code == 3)
        #expect(outcome.error.contains("which the built-in models do not read; connect an instructed model"))
    }

    @Test("a converted model answers as the folder does")
    func convertedModel() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).gguf")
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome = try Binary.run("models", "convert", "braid-puzzles", file.path)
        #expect(outcome.code == 0)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.contains("numbers of more than three digits"))
        let question = "Make 24 from 3, 8, 5 and 2"
        let answer = try Binary.run("ask", question, "--model", file.path, "--quiet")
        #expect(try answer.output == Binary.run("ask", question, "--quiet").output)
    }

    @Test("a folder that has no model ends with 3")
    func emptyFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let outcome = try Binary.run("ask", "x", "--model", folder.path)
        #expect(outcome.code == 3)
        #expect(outcome.error.hasPrefix("braid: error: the model \(folder.lastPathComponent) cannot be loaded: "))
        #expect(try Binary.run("ask", "x", "--model", "/dev/null").error.contains("/dev/null is not a folder"))
    }

    @Test("a question of more than a mebibyte is refused; so is one that is not text")
    func standardInput() throws {
        let long = try Binary.run("ask", "-", input: Data(repeating: UInt8(ascii: "a"), count: 1 << 20 + 1))
        #expect(long.code == 2)
        #expect(long.error == "braid: error: the question is longer than 1048576 bytes; shorten it\n")
        let broken = try Binary.run("ask", "-", input: Data([0x61, 0xFF, 0x62]))
        #expect(broken.code == 2)
        #expect(broken.error.contains("standard input is not valid UTF-8 at byte 1"))
        #expect(try Binary.run("ask", "-").error.contains("the question is empty"))
    }

    @Test("SIGINT while the question is being typed ends with 130")
    func interrupt() throws {
        let running = try Binary.start(["ask", "-"], input: nil)
        // It writes nothing before the question, so there is nothing to wait for but its start.
        Thread.sleep(forTimeInterval: 0.5)
        running.interrupt()
        let outcome = try running.outcome()
        #expect(outcome.code == 130)
        #expect(outcome.output.isEmpty)
    }

    @Test("help goes to standard output and documents the exit codes")
    func help() throws {
        let outcome = try Binary.run("ask", "--help")
        #expect(outcome.code == 0)
        #expect(outcome.error.isEmpty)
        #expect(outcome.output.contains("130  interrupted"))
    }

    @Test("the list of models is one JSON document with every model")
    func models() throws {
        let outcome = try Binary.run("models", "--json")
        #expect(outcome.code == 0)
        let list = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        let names = ["braid-puzzles", "braid-puzzles-sequential", "braid-puzzles-dialects"]
        #expect(list.compactMap { $0["name"] as? String } == names)
        #expect(list.allSatisfy { Set($0.keys) == ["name", "summary", "parameters", "bytes", "folder"] })
        #expect(try Binary.run("models").output.hasPrefix("NAME "))
    }

    @Test("a model's files are inspected without loading them")
    func inspection() throws {
        let text = try Binary.run("models", "inspect", "braid-puzzles")
        #expect(text.code == 0)
        #expect(text.output.contains("llama"))
        #expect(text.output.contains("runs here      yes"))
        let outcome = try Binary.run("models", "inspect", "braid-puzzles", "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let contents = try #require(report["contents"] as? [[String: Any]])
        let numbers = contents.compactMap { $0["numbers"] as? Int }.reduce(0, +)
        #expect(report["parameters"] as? Int == numbers)
        #expect(numbers > 1_000_000)
        #expect((report["problems"] as? [String])?.isEmpty == true)
        #expect((report["shape"] as? [String: Any])?["family"] as? String == "llama")
        let missing = try Binary.run("models", "inspect", "no-such-model")
        #expect(missing.code == 3)
        #expect(missing.error.contains("there is no model 'no-such-model'"))
    }

    @Test("a line of training data is shown as a tree")
    func data() throws {
        let data = try Binary.run("data", "--count", "3").output
        let outcome = try Binary.run("show", "-", "--line", "2", input: Data(data.utf8))
        #expect(outcome.code == 0)
        #expect(outcome.output.hasPrefix("question  "))
        #expect(outcome.output.contains("\n0  finished\n"))
        let missing = try Binary.run("show", "-", "--line", "4", input: Data(data.utf8))
        #expect(missing.code == 2)
        #expect(missing.error.contains("standard input has no line 4; it has 3, counted from 1"))
        #expect(try Binary.run("show", "-", input: Data(data.utf8)).error.contains("name one with --line"))
    }

    @Test("training data comes in every dialect by its name, in shares, or as the built-in model's mixture")
    func dialects() throws {
        func names(_ list: String, count: Int) throws -> [Substring] {
            let lines = try Binary.run("data", "--count", "\(count)", "--dialect", list).output.split(separator: "\n")
            return lines.compactMap { $0.firstMatch(of: /"dialect":"([^"]+)"/)?.1 }
        }
        #expect(try names("multiverse", count: 3) == ["multiverse", "multiverse", "multiverse"])
        #expect(Set(try names("npr=1,adaptive-plan=99", count: 30)).contains("adaptive-plan"))
        #expect(Set(try names("all", count: 400)).count == 9)
        let stitched = try Binary.run("data", "--count", "1", "--dialect", "multiverse", "--share", "equations=100")
        let shown = try Binary.run("show", "-", input: Data(stitched.output.utf8))
        #expect(shown.code == 0)
        #expect(shown.output.contains("<Goal>"))
        for list in ["klingon", "npr=x", "npr=1=2", "", "npr=50,braid=51", "npr=150,braid=-50"] {
            let outcome = try Binary.run("data", "--dialect", list)
            #expect(outcome.code == 2, "\(list)")
            #expect(outcome.error.contains("--dialect"), "\(list)")
        }
        #expect(try Binary.run("data", "--mode", "sequential", "--dialect", "npr").code == 2)
    }

    @Test("a saved trajectory is rewritten in another dialect, with what is lost, and shown")
    func convertedTrajectory() throws {
        let saved = try Binary.run("data", "--count", "1", "--share", "equations=100").output
        let converted = try Binary.run("dialect", "convert", "--to", "multiverse", "-", input: Data(saved.utf8))
        // Threads of braid have no conclusion of their own: what they return stands in it.
        #expect(converted.code == 0, "\(converted.error)")
        #expect(converted.error.contains("note: conclusions repeat what threads returned\n"))
        #expect(converted.error.contains("note: left out: token ids, log-probabilities, token counts and times"))
        #expect(converted.output.contains(#""dialect":"multiverse""#))
        let shown = try Binary.run("show", "-", input: Data(converted.output.utf8))
        #expect(shown.code == 0)
        #expect(shown.output.contains("<Goal>") && shown.output.contains("fork into"))
        let refused = try Binary.run("dialect", "convert", "--to", "apr", "-", input: Data(saved.utf8))
        #expect(refused.code == 2 && refused.error.contains("threads of apr see one message"))
        let unknown = saved.replacing(#""dialect":"braid""#, with: #""dialect":"mine""#)
        let unnamed = try Binary.run("dialect", "convert", "--to", "npr", "-", input: Data(unknown.utf8))
        #expect(unnamed.code == 2 && unnamed.error.contains("name the dialect's YAML file with --from"))
        let text = try Binary.run("dialect", "convert", "--to", "npr", "-", input: Data("<Answer> 1</Answer>".utf8))
        #expect(text.code == 2 && text.error.contains("name it with --from"))
    }

    @Test("a reader that goes away is no crash")
    func brokenPipe() throws {
        let running = try Binary.start(["data", "--count", "100000"], input: Data())
        running.closeOutput()
        let outcome = try running.outcome()
        #expect(outcome.code == 0)
        #expect(outcome.error.isEmpty)
    }
}
