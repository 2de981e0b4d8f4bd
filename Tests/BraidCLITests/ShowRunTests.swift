#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import Testing

    @Suite("braid show finds runs in a store")
    struct ShowRunTests {
        private static func trajectory(_ question: String) -> Trajectory {
            Trajectory(
                question: Question(question), dialect: "braid", method: "adaptive", model: "m", engine: "e", seed: 7,
                answer: Answer(text: "42"), root: ReasoningThread(id: "0", outcome: .finished))
        }

        @Test("a run is shown by its id, while somebody else has the store open; others are said to be missing")
        func show() async throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())", isDirectory: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let url = folder.appendingPathComponent("runs.sqlite")
            let store = try await TrajectoryStore.open(at: url)
            for id in ["run_done", "run_open"] {
                try await store.begin(
                    StoredRun(id: id, created: Date(), question: "Six by seven?", method: "m", model: "m", engine: "e"))
            }
            try await store.finish("run_done", status: .finished, trajectory: Self.trajectory("Six by seven?"))
            for isOpen in [true, false] {
                if !isOpen { try await store.close() }
                let shown = try Binary.run("show", "run_done", "--store", url.path)
                #expect(shown.code == 0 && shown.error.isEmpty, "\(shown.error)")
                #expect(shown.output.hasPrefix("question  Six by seven?\nanswer    42\n"))
            }
            let json = try Binary.run("show", "run_done", "--store", url.path, "--json")
            let decoded = try JSONDecoder().decode(Trajectory.self, from: Data(json.output.utf8))
            #expect(decoded == Self.trajectory("Six by seven?"))
            for (arguments, message) in [
                (["run_open", "--store", url.path], "the run 'run_open' is running and has no record"),
                (["run_x", "--store", url.path], "there is no run 'run_x' in \(url.path)"),
                (["run_x", "--store", "/nonexistent"], "cannot open the store /nonexistent: there is no such file"),
                (["run_x", "--store", url.path, "--line", "1"], "--line is for files"),
            ] {
                let refused = try Binary.start(["show"] + arguments, input: Data()).outcome()
                #expect(refused.code == 2)
                #expect(refused.error.contains(message), "\(refused.error)")
            }
        }
    }
#endif
