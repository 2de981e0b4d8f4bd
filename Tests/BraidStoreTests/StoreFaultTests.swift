#if Gateway
    import Braid
    import Foundation
    import GRDB
    import Testing

    @testable import BraidStore

    @Suite("What a store says when it cannot work", .serialized)
    struct StoreFaultTests {
        /// Writes until the store is full.
        private static func fill(_ store: TrajectoryStore) async throws -> (kept: [String], error: StoreError?) {
            var kept: [String] = []
            let text = String(repeating: "text ", count: 2000)
            for number in 0..<2000 {
                do throws(StoreError) {
                    try await store.begin(.fixture("\(number)", at: Double(number)))
                    try await store.finish("\(number)", status: .finished, trajectory: .fixture(text: text))
                    kept.append("\(number)")
                } catch {
                    return (kept, error)
                }
            }
            return (kept, nil)
        }

        private static func checkFull(_ store: TrajectoryStore) async throws {
            let path = store.path
            let (kept, error) = try await fill(store)
            #expect(kept.count > 10)
            #expect(error == .diskFull(path: path))
            for id in kept { #expect(try await store.run(id)?.status == .finished) }
            // Pruning is what makes room.
            try await store.prune(
                now: Date(timeIntervalSince1970: Double(RetentionLimits.standard.age.components.seconds) + 1000))
            try await store.begin(.fixture("after"))
            try await store.finish("after", status: .finished, trajectory: .fixture())
            #expect(try await store.run("after")?.answer == "1")
        }

        @Test("a file that may not grow is full; nothing that was acknowledged is lost, and pruning makes room")
        func pageLimit() async throws {
            let folder = try TemporaryFolder()
            try await Self.checkFull(TrajectoryStore.openNow(folder.store, .standard, pageLimit: 256))
        }

        @Test("a volume without room is full", .enabled(if: Mount.isAllowed, "only root may mount a small volume"))
        func smallVolume() async throws {
            let folder = try TemporaryFolder()
            let volume = try Mount(at: folder.url, bytes: 4 << 20)
            let store = try await TrajectoryStore.open(at: folder.store)
            let (kept, error) = try await Self.fill(store)
            #expect(kept.count > 10)
            #expect(error == .diskFull(path: folder.store.path))
            for id in kept { #expect(try await store.run(id)?.status == .finished) }
            try await store.close()
            // A store can be opened and read although nothing can be written.
            let reading = try await TrajectoryStore.openForReading(at: folder.store)
            #expect(try await reading.runs().runs.count == 50)
            try await reading.close()
            try volume.unmount()
        }

        @Test("a volume that may only be read", .enabled(if: Mount.isAllowed, "only root may mount a small volume"))
        func readOnlyVolume() async throws {
            let folder = try TemporaryFolder()
            let volume = try Mount(at: folder.url, bytes: 4 << 20)
            let path = folder.url.appendingPathComponent("new/runs.sqlite")
            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.begin(.fixture("x"))
            try await store.close()
            try volume.makeReadOnly()
            await #expect(throws: StoreError.readOnly(path: folder.store.path + "-opening")) {
                try await TrajectoryStore.open(at: folder.store)
            }
            await #expect(throws: StoreError.readOnly(path: path.deletingLastPathComponent().path)) {
                try await TrajectoryStore.open(at: path)
            }
            try volume.unmount()
        }

        @Test("a folder that may only be read", .enabled(if: geteuid() != 0, "root may write everywhere"))
        func readOnlyFolder() async throws {
            let folder = try TemporaryFolder()
            chmod(folder.url.path, 0o500)
            defer { chmod(folder.url.path, 0o700) }
            await #expect(throws: StoreError.readOnly(path: folder.store.path + "-opening")) {
                try await TrajectoryStore.open(at: folder.store)
            }
        }

        @Test("a store that was opened for reading is not written, and is not disturbed by being read")
        func reading() async throws {
            let folder = try TemporaryFolder()
            await #expect(throws: StoreError.cannotOpen(path: folder.store.path, reason: "there is no such file")) {
                try await TrajectoryStore.openForReading(at: folder.store)
            }
            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.begin(.fixture("x"))
            let reading = try await TrajectoryStore.openForReading(at: folder.store)
            #expect(try await reading.run("x")?.status == .running)
            try await store.begin(.fixture("y"))
            #expect(try await reading.runs().runs.map(\.id) == ["y", "x"])
            await #expect(throws: StoreError.readOnly(path: folder.store.path)) {
                try await reading.begin(.fixture("z"))
            }
        }

        @Test("what is no store, or not yet or no longer one of this version, is left alone")
        func otherFiles() async throws {
            let folder = try TemporaryFolder()
            let path = folder.store.path
            try Data(String(repeating: "no database ", count: 1000).utf8).write(to: folder.store)
            let bytes = try Data(contentsOf: folder.store)
            for isReading in [true, false] {
                await #expect(throws: StoreError.notAStore(path: path, reason: "file is not a database")) {
                    _ =
                        isReading
                        ? try await TrajectoryStore.openForReading(at: folder.store)
                        : try await TrajectoryStore.open(at: folder.store)
                }
            }
            #expect(try Data(contentsOf: folder.store) == bytes)
            try FileManager.default.removeItem(at: folder.store)

            try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE mine (x)") }
            await #expect(throws: StoreError.notAStore(path: path, reason: "it has tables of another program")) {
                try await TrajectoryStore.open(at: folder.store)
            }
            try FileManager.default.removeItem(at: folder.store)

            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.close()
            try await DatabaseQueue(path: path).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of the year 3000')")
            }
            await #expect(throws: StoreError.newerVersion(path: path)) {
                try await TrajectoryStore.open(at: folder.store)
            }
            await #expect(throws: StoreError.newerVersion(path: path)) {
                try await TrajectoryStore.openForReading(at: folder.store)
            }
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "DELETE FROM grdb_migrations") }
            await #expect(throws: StoreError.olderVersion(path: path)) {
                try await TrajectoryStore.openForReading(at: folder.store)
            }
        }

        @Test("what is written survives a loss of power: the log is synchronised at every commit")
        func durability() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            let mode = try await store.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == "wal")
            try await store.writes.write { database in
                let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
                #expect(synchronous == 2)
            }
            let vacuum = try await store.read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") }
            #expect(vacuum == 2)
        }

        @Test("questions are private: nobody else may read the files")
        func permissions() async throws {
            let folder = try TemporaryFolder()
            let url = folder.url.appendingPathComponent("deep/er/runs.sqlite")
            let store = try await TrajectoryStore.open(at: url)
            try await store.begin(.fixture("x"))
            for name in ["runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm", "runs.sqlite-opening"] {
                let path = url.deletingLastPathComponent().appendingPathComponent(name).path
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(name)")
            }
            let mode = try FileManager.default.attributesOfItem(atPath: url.deletingLastPathComponent().path)
            #expect(mode[.posixPermissions] as? Int == 0o700)
        }

        @Test("every error says what to do")
        func words() {
            let path = "/p"
            let errors: [StoreError] = [
                .cannotOpen(path: path, reason: "r"), .notAStore(path: path, reason: "r"), .newerVersion(path: path),
                .olderVersion(path: path), .diskFull(path: path), .readOnly(path: path), .busy(path: path),
                .damaged(path: path, reason: "r"), .failed(path: path, reason: "r"), .closed(path: path),
            ]
            for error in errors { #expect(error.description.contains("/p") && error.isOutage) }
            #expect(!StoreError.unknownRun("x").isOutage)
            #expect(StoreError.invalidLimit(0).description == "the limit is 0; allowed: 1 to 500")
        }
    }
#endif
