-- Everything the service remembers: jobs and what belongs to them, datasets, idempotency keys.
--
-- Rules that hold in every table:
--   * STRICT, so a value of the wrong type is refused instead of converted.
--   * Times are milliseconds since 1970 UTC.
--   * Children name their job by its sequence (8 bytes), not by its id, and go when it goes.
--   * A measured number has the type ANY: REAL for every number and infinity, the text 'NaN' for
--     NaN (which would otherwise become NULL), NULL for "none". ANY keeps -0.0 and every other bit
--     pattern of a finite double, where REAL would turn -0.0 into 0.

-- Which of these files have run, and the SHA-256 of the file that did.
CREATE TABLE schema_migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

-- One short row a job. It is rewritten with every progress report, so nothing long lives here.
CREATE TABLE jobs (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT, -- order of creation, never given twice
    id         TEXT NOT NULL UNIQUE,
    name       TEXT,
    labels     TEXT NOT NULL, -- a JSON object
    priority   INTEGER NOT NULL,
    model      TEXT NOT NULL,
    status     TEXT NOT NULL
               CHECK (status IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
    requested  TEXT CHECK (requested IN ('cancel', 'pause')),
    reason     TEXT,
    message    TEXT,
    attempt    INTEGER NOT NULL DEFAULT 0,
    retry_of   TEXT, -- id of another job, which may be deleted since
    revision   INTEGER NOT NULL DEFAULT 1,

    -- The claim: who runs it. A write of a run must name both, so a late one changes nothing.
    boot       TEXT CHECK ((boot IS NOT NULL) = (status = 'running')),
    counter    INTEGER NOT NULL DEFAULT 0,
    -- Deaths of the process under attempts that made no checkpoint; -1 once this attempt made one.
    crashes    INTEGER NOT NULL DEFAULT 0,
    checkpoint TEXT, -- file name
    digest     TEXT, -- SHA-256 of the final parameters

    created_at  INTEGER NOT NULL,
    started_at  INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    updated_at  INTEGER NOT NULL,

    step    INTEGER NOT NULL DEFAULT 0,
    steps   INTEGER NOT NULL DEFAULT 0,
    epoch   INTEGER NOT NULL DEFAULT 0,
    epochs  INTEGER NOT NULL DEFAULT 0,
    samples INTEGER NOT NULL DEFAULT 0,
    points  INTEGER NOT NULL DEFAULT 0,
    seconds              ANY NOT NULL DEFAULT 0.0,
    first_loss           ANY,
    last_loss            ANY,
    best_loss            ANY,
    best_loss_step       INTEGER NOT NULL DEFAULT 0,
    validation_loss      ANY,
    best_validation_loss ANY,
    best_validation_step INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The order of claiming; holds the waiting jobs only.
CREATE INDEX jobs_queued ON jobs (priority DESC, sequence) WHERE status = 'queued';
-- Lists, newest first: every index ends in the sequence by itself.
CREATE INDEX jobs_by_status ON jobs (status);
CREATE INDEX jobs_by_model ON jobs (model);
CREATE INDEX jobs_by_created ON jobs (created_at);
-- Files the jobs refer to.
CREATE INDEX jobs_with_checkpoint ON jobs (sequence) WHERE checkpoint IS NOT NULL;

-- The long texts of a job, written once or at its end.
CREATE TABLE job_details (
    job         INTEGER PRIMARY KEY REFERENCES jobs (sequence) ON DELETE CASCADE,
    spec        TEXT,
    metrics     TEXT,
    diagnosis   TEXT,
    repairs     TEXT,
    summary     TEXT,
    environment TEXT
) STRICT;

-- Number of jobs in each status, kept by the triggers below so that nobody counts rows.
CREATE TABLE job_counts (
    status TEXT PRIMARY KEY,
    count  INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO job_counts (status, count)
VALUES ('queued', 0), ('running', 0), ('paused', 0), ('succeeded', 0), ('failed', 0), ('cancelled', 0);

CREATE TRIGGER job_counts_insert AFTER INSERT ON jobs BEGIN
    UPDATE job_counts SET count = count + 1 WHERE status = new.status;
END;

CREATE TRIGGER job_counts_update AFTER UPDATE OF status ON jobs WHEN old.status <> new.status BEGIN
    UPDATE job_counts SET count = count - 1 WHERE status = old.status;
    UPDATE job_counts SET count = count + 1 WHERE status = new.status;
END;

CREATE TRIGGER job_counts_delete AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET count = count - 1 WHERE status = old.status;
END;

-- jobs.labels taken apart, for label=key:value; in the order a list wants them.
CREATE TABLE job_labels (
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    job   INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
    PRIMARY KEY (key, value, job)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_labels_by_job ON job_labels (job);

CREATE TABLE job_events (
    job      INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
    sequence INTEGER NOT NULL, -- from 1 in each job
    at       INTEGER NOT NULL,
    type     TEXT NOT NULL,
    message  TEXT NOT NULL,
    data     TEXT,
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;

-- The curve in columnar pieces of a fixed number of points; the last one is replaced as it grows.
CREATE TABLE curve_chunks (
    job        INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
    chunk      INTEGER NOT NULL, -- from 0
    first_step INTEGER NOT NULL,
    last_step  INTEGER NOT NULL,
    bytes      BLOB NOT NULL,
    PRIMARY KEY (job, chunk)
) STRICT;

-- Parameters of a job under a name ("final", "best"). Their bytes lie in parts: one value may not
-- pass 1,000,000,000 bytes, and writing a part costs memory for the part alone.
CREATE TABLE parameters (
    id     INTEGER PRIMARY KEY,
    job    INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
    which  TEXT NOT NULL,
    step   INTEGER NOT NULL,
    length INTEGER NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (job, which)
) STRICT;

CREATE TABLE parameter_parts (
    parameters INTEGER NOT NULL REFERENCES parameters (id) ON DELETE CASCADE,
    part       INTEGER NOT NULL, -- from 0
    bytes      BLOB NOT NULL,
    PRIMARY KEY (parameters, part)
) STRICT;

-- How raw rows become features, for predictions.
CREATE TABLE preparations (
    job   INTEGER PRIMARY KEY REFERENCES jobs (sequence) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE datasets (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    name         TEXT,
    format       TEXT NOT NULL,
    rows         INTEGER NOT NULL,
    column_count INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    columns      TEXT NOT NULL,
    shape        TEXT,
    sha256       TEXT NOT NULL,
    file         TEXT NOT NULL,
    warnings     TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- Which job needs which dataset. A dataset goes only when no unfinished job needs it.
CREATE TABLE job_datasets (
    job     INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
    dataset INTEGER NOT NULL REFERENCES datasets (sequence) ON DELETE CASCADE,
    PRIMARY KEY (job, dataset)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_datasets_by_dataset ON job_datasets (dataset);

-- What was answered to a request that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    key         TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    reply       TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
