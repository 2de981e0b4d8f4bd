import Testing

@testable import BraidCLI

@Suite("Byte counts")
struct ByteCountTests {
    @Test(
        "numbers with and without suffix",
        arguments: [("0", 0), ("1500", 1500), ("3K", 3072), ("512m", 512 << 20), ("2G", 2 << 30), ("1T", 1 << 40)])
    func reads(text: String, bytes: Int) {
        #expect(ByteCount(argument: text)?.bytes == bytes)
    }

    @Test(
        "anything else is refused",
        arguments: ["", "G", "-1", "1.5G", "1GB", "9999999999999999999", "9999999999G", "٣", " 1", "1 G", "0x10"])
    func refuses(text: String) {
        #expect(ByteCount(argument: text) == nil)
    }
}
