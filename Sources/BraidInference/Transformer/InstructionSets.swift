internal import CBraidKernels

/// The instruction sets that the compute kernels use on this processor.
public struct InstructionSets: Sendable, Hashable {
    /// What is used, the common part first: `avx512`, `avx512-vnni`.
    public let used: [String]
    /// What faster kernels are written for and this processor lacks, and what that costs.
    public let missing: [String]

    /// Those of this processor.
    public static let here = InstructionSets(
        level: .best, features: KernelLevel.best.kernels?.features ?? 0, architecture: .here)

    /// Families of processors that there are kernels for.
    enum Architecture {
        case x86, arm, other

        static var here: Architecture {
            #if arch(x86_64)
                .x86
            #elseif arch(arm64)
                .arm
            #else
                .other
            #endif
        }
    }

    init(level: KernelLevel, features: Int32, architecture: Architecture) {
        let multipliesBytes = features & Int32(BRAID_FEATURE_INT8_DOT) != 0
        let multipliesBF16 = features & Int32(BRAID_FEATURE_BF16_DOT) != 0
        var used = [level.rawValue], missing: [String] = []
        switch architecture {
        case .x86:
            if multipliesBytes { used.append("avx512-vnni") }
            if multipliesBF16 { used.append("avx512-bf16") }
            if level == .scalar {
                missing.append("AVX2: everything is many times slower")
            } else {
                if !multipliesBytes { missing.append("AVX-512 VNNI: 8-bit and 4-bit models are slower") }
                if !multipliesBF16 { missing.append("AVX-512 BF16: bf16 models are slower") }
            }
        case .arm:
            if multipliesBytes {
                used.append("dotprod")
            } else {
                missing.append("the dot product of bytes: 8-bit and 4-bit models are slower")
            }
        case .other: missing.append("any vector instructions that Braid knows: everything is many times slower")
        }
        self.used = used
        self.missing = missing
    }

    /// A line for whoever waits; nil if nothing is missing.
    public var warning: String? {
        missing.isEmpty ? nil : "this processor lacks " + missing.joined(separator: ", and ")
    }
}
