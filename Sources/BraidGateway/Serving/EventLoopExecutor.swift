#if Gateway
    import NIOCore

    /// Runs tasks on the thread of a connection, so that what they write needs no other thread to be woken.
    ///
    /// That thread serves other connections as well: only for what does little at a time.
    final class EventLoopExecutor: TaskExecutor {
        private let eventLoop: any EventLoop

        init(_ eventLoop: any EventLoop) {
            self.eventLoop = eventLoop
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
#endif
