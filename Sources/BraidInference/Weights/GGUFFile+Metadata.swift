/// Metadata values by their keys. Each call gives nil where there is no such key, and throws
/// ``ModelLoadingError/invalidValue(path:field:value:allowed:)`` where the value is of another kind.
extension GGUFFile {
    /// A string.
    func string(_ key: String) throws(ModelLoadingError) -> String? {
        guard let value = values[key] else { return nil }
        guard case .single(.string, let range) = value else { throw Self.mismatch(value, key, "a string", file) }
        return try Self.text(range, key, file)
    }

    /// An integer of any width that fits into `Int`.
    func integer(_ key: String) throws(ModelLoadingError) -> Int? {
        guard let value = values[key] else { return nil }
        return try Self.integer(value, key, file)
    }

    /// A floating-point number.
    func float(_ key: String) throws(ModelLoadingError) -> Double? {
        guard let value = values[key] else { return nil }
        guard case .single(let type, let range) = value,
            let number = Self.float(type, at: range.lowerBound, file)
        else { throw Self.mismatch(value, key, "a floating-point number", file) }
        return number
    }

    /// A truth value.
    func bool(_ key: String) throws(ModelLoadingError) -> Bool? {
        guard let value = values[key] else { return nil }
        guard case .single(.bool, let range) = value else { throw Self.mismatch(value, key, "a truth value", file) }
        return withExtendedLifetime(file) { file.bytes[range.lowerBound] != 0 }
    }

    /// An array of strings.
    ///
    /// - Complexity: O(size of the array).
    func strings(_ key: String) throws(ModelLoadingError) -> [String]? {
        guard let value = values[key] else { return nil }
        guard case .array(.string, let count, let range) = value else {
            throw Self.mismatch(value, key, "an array of strings", file)
        }
        return try withExtendedLifetime(file) { () throws(ModelLoadingError) in
            var cursor = ByteCursor(file.bytes, path: path, offset: range.lowerBound)
            var strings: [String] = []
            strings.reserveCapacity(count)
            for index in 0..<count {
                let what = "element \(index) of \(key)"
                let range = try cursor.string(limit: Self.maximumStringByteCount, what)
                strings.append(try Self.text(range, what, file))
            }
            return strings
        }
    }

    /// An array of integers of any width.
    ///
    /// - Complexity: O(size of the array).
    func integers(_ key: String) throws(ModelLoadingError) -> [Int]? {
        try numbers(key, "an array of integers", Self.integer(_:at:_:))
    }

    /// An array of floating-point numbers.
    ///
    /// - Complexity: O(size of the array).
    func floats(_ key: String) throws(ModelLoadingError) -> [Double]? {
        try numbers(key, "an array of floating-point numbers", Self.float(_:at:_:))
    }

    // MARK: Decoding

    private func numbers<Number>(
        _ key: String, _ kind: String, _ number: (GGUFValueType, Int, MappedFile) -> Number?
    ) throws(ModelLoadingError) -> [Number]? {
        guard let value = values[key] else { return nil }
        guard case .array(let type, let count, let range) = value, let size = type.byteCount else {
            throw Self.mismatch(value, key, kind, file)
        }
        var numbers: [Number] = []
        numbers.reserveCapacity(count)
        for index in 0..<count {
            guard let number = number(type, range.lowerBound + index * size, file) else {
                throw Self.mismatch(value, key, kind, file)
            }
            numbers.append(number)
        }
        return numbers
    }

    /// A single value as an integer.
    static func integer(_ value: Value, _ key: String, _ file: MappedFile) throws(ModelLoadingError) -> Int {
        guard case .single(let type, let range) = value, let number = integer(type, at: range.lowerBound, file) else {
            throw mismatch(value, key, "an integer of at most 63 bits", file)
        }
        return number
    }

    private static func integer(_ type: GGUFValueType, at offset: Int, _ file: MappedFile) -> Int? {
        func load<Number: FixedWidthInteger>(_ type: Number.Type) -> Int? {
            withExtendedLifetime(file) {
                Int(exactly: Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: type)))
            }
        }
        return switch type {
        case .uint8: load(UInt8.self)
        case .int8: load(Int8.self)
        case .uint16: load(UInt16.self)
        case .int16: load(Int16.self)
        case .uint32: load(UInt32.self)
        case .int32: load(Int32.self)
        case .uint64: load(UInt64.self)
        case .int64: load(Int64.self)
        case .float32, .float64, .bool, .string, .array: nil
        }
    }

    private static func float(_ type: GGUFValueType, at offset: Int, _ file: MappedFile) -> Double? {
        withExtendedLifetime(file) {
            switch type {
            case .float32:
                Double(
                    Float(
                        bitPattern: UInt32(
                            littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))))
            case .float64:
                Double(
                    bitPattern: UInt64(
                        littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            default: nil
            }
        }
    }

    private static func text(
        _ range: Range<Int>, _ what: String, _ file: MappedFile
    ) throws(ModelLoadingError) -> String {
        let text = withExtendedLifetime(file) { String(validating: file.bytes[range], as: UTF8.self) }
        guard let text else { throw .malformedFile(path: file.path, reason: "\(what) is not valid UTF-8") }
        return text
    }

    private static func mismatch(
        _ value: Value, _ key: String, _ wanted: String, _ file: MappedFile
    ) -> ModelLoadingError {
        let seen =
            switch value {
            case .single(let type, _): "\(type)"
            case .array(let type, let count, _): "an array of \(count) \(type)"
            }
        return .invalidValue(path: file.path, field: key, value: seen, allowed: wanted)
    }
}
