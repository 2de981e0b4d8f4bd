// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "BraidBenchmarks",
    platforms: [.macOS(.v15)],
    traits: [
        .trait(name: "Gateway", description: "The load test of the server.")
    ],
    dependencies: [
        .package(name: "Braid", path: "..", traits: [.trait(name: "Gateway", condition: .when(traits: ["Gateway"]))]),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "braid-forkjoin",
            dependencies: [
                .product(name: "Braid", package: "Braid"),
                .product(name: "BraidInference", package: "Braid"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/BraidForkJoin",
            swiftSettings: settings),
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "braid-overhead",
            dependencies: [
                "CAllocationCount",
                .product(name: "Braid", package: "Braid"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/BraidOverhead",
            swiftSettings: settings),
        .executableTarget(
            name: "braid-streams",
            dependencies: [
                .product(name: "Braid", package: "Braid"),
                .product(name: "BraidGateway", package: "Braid", condition: .when(traits: ["Gateway"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/BraidStreams",
            swiftSettings: settings),
    ]
)
