#if Gateway
    import HTTPTypes
    import Instrumentation

    /// Lets a tracer read the fields of a request's head.
    struct HTTPFieldsExtractor: Extractor {
        func extract(key: String, from carrier: HTTPFields) -> String? {
            HTTPField.Name(key).flatMap { carrier[$0] }
        }
    }
#endif
