#if Gateway
    internal import GRDB

    /// The tables, version by version.
    ///
    /// A version that has been released is never changed; a change is a new version after it.
    enum StoreSchema {
        /// Every version, oldest first.
        static let migrator: DatabaseMigrator = {
            var migrator = DatabaseMigrator()
            migrator.registerMigration("1", foreignKeyChecks: .immediate) { try $0.execute(sql: version1) }
            return migrator
        }()

        private static let version1 = """
            CREATE TABLE run (
                key INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                owner TEXT NOT NULL,
                -- Microseconds since 1970.
                created INTEGER NOT NULL,
                status TEXT NOT NULL,
                reason TEXT,
                question TEXT NOT NULL,
                method TEXT NOT NULL,
                model TEXT NOT NULL,
                engine TEXT NOT NULL,
                answer TEXT,
                verified INTEGER,
                -- TrajectoryMetrics as JSON.
                metrics TEXT,
                -- The process that runs it: a name in the folder of lock files.
                process TEXT
            );
            CREATE INDEX run_by_time ON run (created, id);
            CREATE INDEX run_by_owner ON run (owner, created, id);
            CREATE INDEX run_by_process ON run (process) WHERE status = 'running';

            CREATE TABLE trajectory (
                run INTEGER PRIMARY KEY REFERENCES run (key) ON DELETE CASCADE,
                -- Trajectory as JSON.
                record TEXT NOT NULL
            );

            CREATE TABLE event (
                run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
                sequence INTEGER NOT NULL,
                type TEXT NOT NULL,
                data TEXT NOT NULL,
                PRIMARY KEY (run, sequence)
            ) WITHOUT ROWID;

            -- Sequences of three characters, so that any part of a word is found, in any script.
            CREATE VIRTUAL TABLE run_text USING fts5 (question, answer, tokenize = 'trigram');
            CREATE TRIGGER run_text_delete AFTER DELETE ON run BEGIN
                DELETE FROM run_text WHERE rowid = old.key;
            END;

            CREATE TABLE result (
                key INTEGER PRIMARY KEY,
                tenant TEXT NOT NULL,
                -- SubproblemKey as JSON with sorted keys.
                subproblem TEXT NOT NULL,
                text TEXT NOT NULL,
                question TEXT NOT NULL,
                thread TEXT NOT NULL,
                tokens INTEGER NOT NULL,
                verified INTEGER NOT NULL,
                UNIQUE (tenant, subproblem)
            );
            """
    }
#endif
