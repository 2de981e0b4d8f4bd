// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Braid",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Braid", targets: ["Braid"]),
        .library(name: "BraidInference", targets: ["BraidInference", "BraidModels"]),
        .executable(name: "braid", targets: ["braid"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .target(name: "Braid", swiftSettings: settings),
        .testTarget(name: "BraidTests", dependencies: ["Braid"], swiftSettings: settings),
        .target(name: "CBraidKernels"),
        .target(name: "BraidInference", dependencies: ["Braid", "CBraidKernels"], swiftSettings: settings),
        .target(
            name: "BraidModels", path: "Models", exclude: ["README.md"],
            resources: [.copy("braid-puzzles"), .copy("braid-puzzles-sequential")], swiftSettings: settings),
        .target(name: "BraidEvaluation", dependencies: ["Braid"], swiftSettings: settings),
        .executableTarget(
            name: "braid",
            dependencies: [
                "Braid", "BraidInference", "BraidModels", "BraidEvaluation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/braid-cli",
            swiftSettings: settings),
    ]
)
