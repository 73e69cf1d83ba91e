// Times a Core ML package of `fsbench export mobilefsgan --to coreml` on the device, pass by pass, and shares the file
// that `fsbench run speed --from-device` reads. In an empty iOS app, in place of ContentView.swift; Release, on a phone.

import CoreML
import SwiftUI

let package = "generator.fp16"  // name of the .mlpackage in the app
let precision = "float16"  // of the export: float32 or float16
let units: (MLComputeUnits, String) = (.all, "CPU, GPU and ANE")  // or (.cpuOnly, "CPU"), (.cpuAndNeuralEngine, "CPU and ANE")
let warmup = 10
let passes = 100

struct DeviceTimes: Encodable {
    var platform: String
    var os: String
    var framework = "CoreML"
    var hardware: String
    var times_ms: [Double]
    var warmup: Int
    var network = "generator"
    var precision: String
    var file: String
}

struct DeviceFile: Encodable {
    var format = "fsbench device times 1"
    var results: [DeviceTimes]
}

func modelName() -> String {
    var system = utsname()
    uname(&system)
    return withUnsafeBytes(of: &system.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

func measure() throws -> URL {
    let settings = MLModelConfiguration()
    settings.computeUnits = units.0
    guard let compiled = Bundle.main.url(forResource: package, withExtension: "mlmodelc") else {
        throw CocoaError(.fileNoSuchFile)
    }
    let model = try MLModel(contentsOf: compiled, configuration: settings)
    var inputs: [String: MLFeatureValue] = [:]
    for (name, description) in model.modelDescription.inputDescriptionsByName {
        guard let shape = description.multiArrayConstraint?.shape else { continue }
        let array = try MLMultiArray(shape: shape, dataType: .float32)
        for place in 0..<array.count { array[place] = NSNumber(value: Float.random(in: -0.05...0.05)) }
        inputs[name] = MLFeatureValue(multiArray: array)
    }
    let features = try MLDictionaryFeatureProvider(dictionary: inputs)
    for _ in 0..<warmup { _ = try model.prediction(from: features) }
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<passes {
        let spent = try clock.measure { _ = try model.prediction(from: features) }
        times.append(Double(spent.components.seconds) * 1e3 + Double(spent.components.attoseconds) / 1e15)
    }
    let version = ProcessInfo.processInfo.operatingSystemVersion
    let found = DeviceTimes(
        platform: modelName(), os: "iOS \(version.majorVersion).\(version.minorVersion)", hardware: units.1,
        times_ms: times, warmup: warmup, precision: precision, file: "\(package).mlpackage")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("phone.json")
    try JSONEncoder().encode(DeviceFile(results: [found])).write(to: file)
    return file
}

struct ContentView: View {
    @State private var file: URL?
    @State private var message = "measuring \(passes) passes"

    var body: some View {
        VStack(spacing: 20) {
            Text(message)
            if let file { ShareLink("Share phone.json", item: file) }
        }
        .task {
            do {
                file = try await Task.detached(priority: .userInitiated) { try measure() }.value
                message = "done"
            } catch {
                message = "failed: \(error)"
            }
        }
    }
}
