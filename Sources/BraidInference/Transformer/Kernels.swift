internal import CBraidKernels

/// The compute kernels of one level; `braid_kernels.h` is their manual.
///
/// `@unchecked Sendable`: the table is constant and lives as long as the process.
@dynamicMemberLookup
struct Kernels: @unchecked Sendable {
    private let table: UnsafePointer<braid_kernels>

    init(_ table: UnsafePointer<braid_kernels>) {
        self.table = table
    }

    /// One of the table's functions.
    subscript<Function>(dynamicMember function: KeyPath<braid_kernels, Function>) -> Function {
        table.pointee[keyPath: function]
    }
}
