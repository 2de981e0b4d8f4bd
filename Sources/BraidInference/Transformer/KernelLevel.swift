internal import CBraidKernels

/// An instruction set that the compute kernels are written for.
public enum KernelLevel: String, Sendable, CaseIterable {
    /// Plain C; the reference.
    case scalar
    /// x86-64 with AVX2 and FMA.
    case avx2
    /// x86-64 with AVX-512.
    case avx512
    /// AArch64.
    case neon

    /// The best one that this processor has.
    public static var best: KernelLevel { KernelLevel(number: braid_best_level()) ?? .scalar }

    /// Whether this processor and this build have it.
    public var isAvailable: Bool { kernels != nil }

    /// Its kernels, if available.
    var kernels: Kernels? { braid_kernels_for(number).map(Kernels.init) }

    private var number: Int32 {
        let number =
            switch self {
            case .scalar: BRAID_LEVEL_SCALAR
            case .avx2: BRAID_LEVEL_AVX2
            case .avx512: BRAID_LEVEL_AVX512
            case .neon: BRAID_LEVEL_NEON
            }
        return Int32(number)
    }

    private init?(number: Int32) {
        guard let level = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = level
    }
}
