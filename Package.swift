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
        .library(name: "BraidGateway", targets: ["BraidGateway"]),
        .library(name: "BraidStore", targets: ["BraidStore"]),
        .executable(name: "braid", targets: ["BraidCLI"]),
    ],
    traits: [
        .trait(
            name: "Remote",
            description: "Engines over HTTP: brings AsyncHTTPClient, SwiftNIO and TLS, which take minutes to build."),
        .trait(
            name: "Gateway",
            description: "The server: brings Hummingbird, SwiftNIO and SQLite, which take minutes to build.",
            enabledTraits: ["Remote"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-service-context", from: "1.2.0"),
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
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Remote"])),
            ],
            swiftSettings: settings),
        .target(name: "BraidEvaluation", dependencies: ["Braid"], swiftSettings: settings),
        .target(
            name: "BraidGateway",
            dependencies: [
                "Braid", "BraidRemote", "BraidStore",
                .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Gateway"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Gateway"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Gateway"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Gateway"])),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: .when(traits: ["Gateway"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Gateway"])),
                .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Gateway"])),
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle",
                    condition: .when(traits: ["Gateway"])),
                .product(
                    name: "Tracing", package: "swift-distributed-tracing", condition: .when(traits: ["Gateway"])),
                .product(
                    name: "Instrumentation", package: "swift-distributed-tracing",
                    condition: .when(traits: ["Gateway"])),
                .product(
                    name: "ServiceContextModule", package: "swift-service-context",
                    condition: .when(traits: ["Gateway"])),
            ],
            resources: [.copy("Page")],
            swiftSettings: settings),
        .target(
            name: "BraidStore",
            dependencies: [
                "Braid", .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["Gateway"])),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "BraidCLI",
            dependencies: [
                .target(name: "BraidGateway", condition: .when(traits: ["Gateway"])),
                .target(name: "BraidStore", condition: .when(traits: ["Gateway"])),
                "Braid", "BraidDialects", "BraidEvaluation", "BraidInference", "BraidModels", "BraidRemote",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Counts what the tests' own executable allocates.
        .target(name: "CAllocationCount", path: "Benchmarks/Sources/CAllocationCount"),
        // Tells the thread sanitizer what Swift's runtime hands over in the tests' own executable; empty without it.
        .target(name: "CHandover", path: "Tests/CHandover"),
        .testTarget(name: "BraidTests", dependencies: ["Braid"], swiftSettings: settings),
        .testTarget(
            name: "BraidDialectsTests", dependencies: ["Braid", "BraidDialects"], exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(name: "CBraidKernelsTests", dependencies: ["CBraidKernels"], swiftSettings: settings),
        .testTarget(
            name: "BraidInferenceTests",
            dependencies: ["Braid", "BraidInference", "CAllocationCount", "CBraidKernels", "CHandover"],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "BraidModelsTests", dependencies: ["Braid", "BraidEvaluation", "BraidInference", "BraidModels"],
            exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(name: "BraidRemoteTests", dependencies: ["Braid", "BraidRemote"], swiftSettings: settings),
        .testTarget(
            name: "BraidGatewayTests",
            dependencies: [
                "Braid", "BraidGateway", "BraidRemote", "BraidStore",
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Gateway"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Gateway"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Gateway"])),
                .product(
                    name: "Tracing", package: "swift-distributed-tracing", condition: .when(traits: ["Gateway"])),
                .product(
                    name: "Instrumentation", package: "swift-distributed-tracing",
                    condition: .when(traits: ["Gateway"])),
                .product(
                    name: "ServiceContextModule", package: "swift-service-context",
                    condition: .when(traits: ["Gateway"])),
            ],
            swiftSettings: settings),
        // A process that tests of the store kill while it writes.
        .executableTarget(
            name: "BraidStoreWriter", dependencies: ["Braid", "BraidStore"], path: "Tests/BraidStoreWriter",
            swiftSettings: settings),
        .testTarget(
            name: "BraidStoreTests",
            dependencies: [
                "Braid", "BraidStore", "BraidStoreWriter",
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["Gateway"])),
            ],
            swiftSettings: settings),
        .testTarget(name: "BraidEvaluationTests", dependencies: ["Braid", "BraidEvaluation"], swiftSettings: settings),
        .testTarget(
            name: "BraidCLITests",
            dependencies: [
                "Braid", "BraidCLI", "BraidEvaluation", "BraidInference", "BraidModels", "BraidRemote",
                .target(name: "BraidStore", condition: .when(traits: ["Gateway"])),
            ],
            swiftSettings: settings),
    ]
)
