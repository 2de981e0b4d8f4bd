import Foundation
import Testing

@testable import BraidStore

@Suite("Locks of files")
struct LockFileTests {
    @Test("one at a time, and again when it is let go of")
    func oneAtATime() throws {
        let folder = try TemporaryFolder()
        let path = folder.store.path + "-lock"
        var first = try LockFile(path)
        #expect(first != nil)
        #expect(try LockFile(path) == nil)
        withExtendedLifetime(first) {}
        first = nil
        #expect(try LockFile(path) != nil)
    }

    @Test("who is refused closes nobody else's file")
    func closesItsOwnOnly() async throws {
        let folder = try TemporaryFolder()
        let path = folder.store.path + "-lock"
        let kept = try LockFile(path)
        let attempts = Task.detached {
            for _ in 0..<100_000 where try LockFile(path) != nil { return false }
            return true
        }
        // Opened in the moment in which the other task closes, its number is the one that was free last.
        let lost = Task.detached {
            var lost = 0
            for _ in 0..<100_000 {
                let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { continue }
                if close(descriptor) != 0 { lost += 1 }
            }
            return lost
        }
        #expect(try await attempts.value)
        #expect(await lost.value == 0)
        withExtendedLifetime(kept) {}
    }
}
