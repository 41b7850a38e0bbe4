-- What was changed of the rules (workbench/rule_ledger_postgres.py). `record` is what is published on
-- the topic `rules`; null where the key is taken back to the job's parameter file.
CREATE TABLE IF NOT EXISTS rule_changes (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        text   NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    change_id  text   NOT NULL UNIQUE,
    author     text   NOT NULL,
    changed_ms bigint NOT NULL,
    note       text   NOT NULL DEFAULT '',
    record     jsonb,
    UNIQUE (key, version)
);
