import CBraidKernels
import Testing

@testable import BraidInference

@Suite("Instruction sets")
struct InstructionSetsTests {
    private let bytes = Int32(BRAID_FEATURE_INT8_DOT), halves = Int32(BRAID_FEATURE_BF16_DOT)

    @Test("what is used and what is missing")
    func featuresAreTold() {
        let best = InstructionSets(level: .avx512, features: bytes | halves, architecture: .x86)
        #expect(best.used == ["avx512", "avx512-vnni", "avx512-bf16"])
        #expect(best.warning == nil)
        let some = InstructionSets(level: .avx512, features: bytes, architecture: .x86)
        #expect(some.used == ["avx512", "avx512-vnni"])
        #expect(some.warning == "this processor lacks AVX-512 BF16: bf16 models are slower")
        let old = InstructionSets(level: .avx2, features: 0, architecture: .x86)
        #expect(old.used == ["avx2"])
        #expect(old.missing.count == 2)
        #expect(InstructionSets(level: .scalar, features: 0, architecture: .x86).missing.count == 1)
        #expect(InstructionSets(level: .neon, features: bytes, architecture: .arm).used == ["neon", "dotprod"])
        #expect(InstructionSets(level: .neon, features: 0, architecture: .arm).missing.count == 1)
        #expect(InstructionSets(level: .scalar, features: 0, architecture: .other).warning != nil)
    }

    @Test("this processor's begin with the level that engines take by default")
    func hereIsTheDefault() {
        #expect(InstructionSets.here.used.first == EmbeddedEngineOptions().kernels.rawValue)
    }
}
