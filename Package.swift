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
        .library(name: "BraidDialects", targets: ["BraidDialects"]),
        .library(name: "BraidInference", targets: ["BraidInference"]),
        .library(name: "BraidModels", targets: ["BraidModels"]),
        .library(name: "BraidRemote", targets: ["BraidRemote"]),
        .library(name: "BraidEvaluation", targets: ["BraidEvaluation"]),
        .executable(name: "braid", targets: ["BraidCLI"]),
    ],
    traits: [
        .trait(
            name: "Remote",
            description: "Engines over HTTP: brings AsyncHTTPClient, SwiftNIO and TLS, which take minutes to build.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "Braid", swiftSettings: settings),
        .target(
            name: "BraidDialects", dependencies: ["Braid", .product(name: "Yams", package: "Yams")],
            swiftSettings: settings),
        .target(name: "CBraidKernels"),
        .target(name: "BraidInference", dependencies: ["Braid", "CBraidKernels"], swiftSettings: settings),
        .target(
            name: "BraidModels", path: "Models", exclude: ["README.md"],
            resources: [
                .copy("braid-puzzles"), .copy("braid-puzzles-sequential"), .copy("braid-puzzles-dialects"),
            ],
            swiftSettings: settings),
        .target(
            name: "BraidRemote",
            dependencies: [
                "Braid",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["Remote"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Remote"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Remote"])),
            ],
            swiftSettings: settings),
        .target(name: "BraidEvaluation", dependencies: ["Braid"], swiftSettings: settings),
        .executableTarget(
            name: "BraidCLI",
            dependencies: [
                "Braid", "BraidDialects", "BraidEvaluation", "BraidInference", "BraidModels", "BraidRemote",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Counts what the tests' own executable allocates.
        .target(name: "CAllocationCount", path: "Benchmarks/Sources/CAllocationCount"),
        .testTarget(name: "BraidTests", dependencies: ["Braid"], swiftSettings: settings),
        .testTarget(
            name: "BraidDialectsTests", dependencies: ["Braid", "BraidDialects"], exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(name: "CBraidKernelsTests", dependencies: ["CBraidKernels"], swiftSettings: settings),
        .testTarget(
            name: "BraidInferenceTests",
            dependencies: ["Braid", "BraidInference", "CAllocationCount", "CBraidKernels"],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "BraidModelsTests", dependencies: ["Braid", "BraidEvaluation", "BraidInference", "BraidModels"],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(name: "BraidRemoteTests", dependencies: ["Braid", "BraidRemote"], swiftSettings: settings),
        .testTarget(name: "BraidEvaluationTests", dependencies: ["Braid", "BraidEvaluation"], swiftSettings: settings),
        .testTarget(
            name: "BraidCLITests",
            dependencies: ["Braid", "BraidCLI", "BraidEvaluation", "BraidInference", "BraidModels", "BraidRemote"],
            swiftSettings: settings),
    ]
)
