#if Gateway
    import Tracing

    /// Spans as a collector of OpenTelemetry takes them over HTTP (OTLP 1.x, `ExportTraceServiceRequest` in JSON).
    struct SpanDocument: Sendable {
        /// What the spans come from.
        var service: String
        /// The product's version.
        var version: String

        /// The document.
        func bytes(_ spans: [SpanRecord]) -> [UInt8] {
            var resource = JSONObject()
            resource.add("attributes", [Self.attribute("service.name", .string(service))].compactMap(\.self))
            var scope = JSONObject()
            scope.add("name", "braid")
            scope.add("version", version)
            var ofScope = JSONObject()
            ofScope.add("scope", scope)
            ofScope.add("spans", spans.map(Self.span))
            var ofResource = JSONObject()
            ofResource.add("resource", resource)
            ofResource.add("scopeSpans", [ofScope])
            var document = JSONObject()
            document.add("resourceSpans", [ofResource])
            return document.bytes
        }

        private static func span(_ span: SpanRecord) -> JSONObject {
            var object = JSONObject()
            object.add("traceId", span.place.trace)
            object.add("spanId", span.place.span)
            if let parent = span.parent { object.add("parentSpanId", parent) }
            object.add("name", span.name)
            object.add("kind", kind(span.kind))
            // 64-bit integers are texts in this form of JSON.
            object.add("startTimeUnixNano", "\(span.start)")
            object.add("endTimeUnixNano", "\(max(span.start, span.end))")
            var attributes: [(String, SpanAttribute)] = []
            span.attributes.forEach { attributes.append(($0, $1)) }
            object.add("attributes", attributes.sorted { $0.0 < $1.0 }.compactMap { attribute($0.0, $0.1) })
            if let status = span.status {
                var said = JSONObject()
                said.add("code", status.code == .ok ? 1 : 2)
                if let message = status.message { said.add("message", message) }
                object.add("status", said)
            }
            return object
        }

        private static func kind(_ kind: SpanKind) -> Int {
            switch kind {
            case .internal: 1
            case .server: 2
            case .client: 3
            case .producer: 4
            case .consumer: 5
            }
        }

        /// Single values only: the gateway's spans have no others.
        private static func attribute(_ key: String, _ attribute: SpanAttribute) -> JSONObject? {
            var value = JSONObject()
            switch attribute {
            case .string(let text): value.add("stringValue", text)
            case .stringConvertible(let text): value.add("stringValue", "\(text)")
            case .int32(let number): value.add("intValue", "\(number)")
            case .int64(let number): value.add("intValue", "\(number)")
            case .double(let number): value.add("doubleValue", number)
            case .bool(let truth): value.add("boolValue", truth)
            default: return nil
            }
            var object = JSONObject()
            object.add("key", key)
            object.add("value", value)
            return object
        }
    }
#endif
