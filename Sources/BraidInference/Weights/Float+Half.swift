extension Float {
    /// Widens an IEEE 754 half, given by its bits; `Float16` does not exist on every platform that Braid runs on.
    init(half bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits) & 0x3FF
        switch exponent {
        case 0:  // zero or subnormal: fraction x 2^-24, which a Float holds exactly
            let magnitude = Float(fraction) * 0x1p-24
            self = Float(bitPattern: magnitude.bitPattern | sign)
        case 0x1F: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

extension UInt16 {
    /// The bits of the IEEE 754 half that is nearest to a number, of two the even one; infinite from 65520 on.
    init(halfNearest value: Float) {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.bitPattern & 0x7FFF_FFFF
        switch magnitude {
        case 0x7F80_0001...: self = sign | 0x7E00
        case 0x477F_F000...: self = sign | 0x7C00
        case ..<0x3880_0000:
            // Subnormal: after 0.5, the fraction has steps of 2^-24, and the addition rounds to them.
            let shifted = (Float(bitPattern: magnitude) + 0.5).bitPattern
            self = sign | UInt16(truncatingIfNeeded: shifted &- 0x3F00_0000)
        default:
            let rounded = magnitude &- 0x3800_0000 &+ 0xFFF &+ (magnitude >> 13 & 1)
            self = sign | UInt16(truncatingIfNeeded: rounded >> 13)
        }
    }

    /// The bits of the bfloat16 that is nearest to a number, of two the even one.
    init(bfloatNearest value: Float) {
        let bits = value.bitPattern
        guard !value.isNaN else {
            self = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
            return
        }
        self = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
