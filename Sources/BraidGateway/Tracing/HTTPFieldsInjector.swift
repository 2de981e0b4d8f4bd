#if Gateway
    import HTTPTypes
    import Instrumentation

    /// Lets a tracer write the fields of a request's head.
    struct HTTPFieldsInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout HTTPFields) {
            if let name = HTTPField.Name(key) { carrier[name] = value }
        }
    }
#endif
