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
        .executable(name: "braid", targets: ["BraidCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .target(name: "Braid", swiftSettings: settings),
        .testTarget(name: "BraidTests", dependencies: ["Braid"], swiftSettings: settings),
        .target(name: "BraidEvaluation", dependencies: ["Braid"], swiftSettings: settings),
        .target(name: "BraidModels", path: "Models", exclude: ["README.md"], swiftSettings: settings),
        .executableTarget(
            name: "BraidCLI",
            dependencies: [
                "Braid", "BraidEvaluation", "BraidModels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(name: "BraidEvaluationTests", dependencies: ["BraidEvaluation"], swiftSettings: settings),
        .testTarget(
            name: "BraidCLITests", dependencies: ["BraidCLI", "Braid", "BraidEvaluation"], swiftSettings: settings),
    ]
)
