import Braid
import BraidEvaluation
import Foundation

/// A trajectory as files have it: from `ask --save`, within `ask --json`, or a line of `braid data`.
enum SavedTrajectory {
    /// The record of a run.
    case run(Trajectory)
    /// A rendered training trajectory, whose tokens nobody has counted.
    case training(TrainingTrajectory)

    /// Most bytes of one document.
    static let byteLimit = 256 << 20

    private struct Report: Decodable {
        var trajectory: Trajectory
    }

    /// Which of the forms a document has, told by keys that only it has.
    private struct Form: Decodable {
        private enum CodingKeys: String, CodingKey {
            case trajectory, segments, root
        }

        var isReport: Bool
        var isTraining: Bool
        var isRun: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            isReport = container.contains(.trajectory)
            isTraining = container.contains(.segments)
            isRun = container.contains(.root)
        }
    }

    /// Reads a document.
    /// - Throws: ``InputError/notATrajectory(source:reason:)``, ``InputError/notUTF8(source:offset:)``.
    init(_ data: Data, from source: String) throws(InputError) {
        let text = try UTF8Text.decode(data, from: source)
        guard !AnswerExtractor.trimmed(text).isEmpty else {
            throw .notATrajectory(source: source, reason: "it is empty")
        }
        do {
            let form = try JSONText.decode(Form.self, from: data)
            if form.isReport {
                self = .run(try JSONText.decode(Report.self, from: data).trajectory)
            } else if form.isTraining {
                self = .training(try JSONText.decode(TrainingTrajectory.self, from: data))
            } else if form.isRun {
                self = .run(try JSONText.decode(Trajectory.self, from: data))
            } else {
                throw InputError.notATrajectory(
                    source: source, reason: "it has none of the keys trajectory, root, segments")
            }
        } catch let error as InputError {
            throw error
        } catch let error as DecodingError {
            throw .notATrajectory(source: source, reason: Self.explain(error, in: text))
        } catch {
            throw .notATrajectory(source: source, reason: "\(error)")
        }
    }

    /// Whether a document is one, told by its keys; what else is wrong with it is said when it is read.
    static func isForm(of data: Data) -> Bool {
        do {
            let form = try JSONText.decode(Form.self, from: data)
            return form.isReport || form.isTraining || form.isRun
        } catch {
            // What is no JSON object is some other text.
            return false
        }
    }

    /// Its record; for training trajectories one without token counts and times.
    /// - Throws: ``InputError/notATrajectory(source:reason:)`` when segments do not form a tree.
    func trajectory(from source: String) throws(InputError) -> Trajectory {
        switch self {
        case .run(let trajectory): return trajectory
        case .training(let training):
            guard let trajectory = Trajectory(training) else {
                throw .notATrajectory(
                    source: source, reason: "its segments do not form a tree that begins with the question")
            }
            return trajectory
        }
    }

    private static func explain(_ error: DecodingError, in text: String) -> String {
        let context: DecodingError.Context
        switch error {
        case .dataCorrupted(let found) where found.codingPath.isEmpty:
            let isLines = text.split(separator: "\n").count { $0.hasPrefix("{") } > 1
            return isLines ? "it has one object per line; name one with --line" : "it is not valid JSON"
        case .keyNotFound(let key, let found): return "\(path(found)) has no \(key.stringValue)"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        @unknown default: return "\(error)"
        }
        return "\(path(context)): \(context.debugDescription)"
    }

    private static func path(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return path.isEmpty ? "the document" : path
    }
}
