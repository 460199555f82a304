-- Whose jobs and datasets are whose. The owner is the text that the access token names; '' is nobody in
-- particular: what was made while the service asked for no tokens.

ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE datasets ADD COLUMN owner TEXT NOT NULL DEFAULT '';

-- One row an owner, kept by the triggers below: what the queue and the quotas look at.
CREATE TABLE owners (
    owner     TEXT PRIMARY KEY,
    queued    INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
    running   INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
    paused    INTEGER NOT NULL DEFAULT 0 CHECK (paused >= 0),
    succeeded INTEGER NOT NULL DEFAULT 0 CHECK (succeeded >= 0),
    failed    INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    -- Of datasets as uploaded and of stored parameters.
    bytes     INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    -- The number of the last claim of a job of theirs: who has the lowest is served next.
    served    INTEGER NOT NULL DEFAULT 0,
    -- Jobs that may run at once, as the token said that submitted last; 0: any number.
    maximum_running INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO owners (owner, queued, running, paused, succeeded, failed, cancelled, bytes)
SELECT '', sum(status = 'queued'), sum(status = 'running'), sum(status = 'paused'),
       sum(status = 'succeeded'), sum(status = 'failed'), sum(status = 'cancelled'),
       (SELECT coalesce(sum(bytes), 0) FROM datasets) + (SELECT coalesce(sum(length), 0) FROM parameters)
FROM (SELECT status FROM jobs UNION ALL SELECT '');

CREATE INDEX owners_waiting ON owners (owner) WHERE queued > 0;
CREATE INDEX owners_by_served ON owners (served);

-- The order of claiming, for each owner; holds the waiting jobs only.
DROP INDEX jobs_queued;
CREATE INDEX jobs_queued ON jobs (owner, priority DESC, sequence) WHERE status = 'queued';
CREATE INDEX jobs_by_owner ON jobs (owner);
CREATE INDEX datasets_by_owner ON datasets (owner);

CREATE TRIGGER owners_job_insert AFTER INSERT ON jobs BEGIN
    INSERT OR IGNORE INTO owners (owner) VALUES (new.owner);
    UPDATE owners SET
        queued = queued + (new.status = 'queued'), running = running + (new.status = 'running'),
        paused = paused + (new.status = 'paused'), succeeded = succeeded + (new.status = 'succeeded'),
        failed = failed + (new.status = 'failed'), cancelled = cancelled + (new.status = 'cancelled')
    WHERE owner = new.owner;
END;

CREATE TRIGGER owners_job_update AFTER UPDATE OF status ON jobs WHEN old.status <> new.status BEGIN
    UPDATE owners SET
        queued = queued + (new.status = 'queued') - (old.status = 'queued'),
        running = running + (new.status = 'running') - (old.status = 'running'),
        paused = paused + (new.status = 'paused') - (old.status = 'paused'),
        succeeded = succeeded + (new.status = 'succeeded') - (old.status = 'succeeded'),
        failed = failed + (new.status = 'failed') - (old.status = 'failed'),
        cancelled = cancelled + (new.status = 'cancelled') - (old.status = 'cancelled'),
        served = CASE WHEN new.status = 'running' THEN (SELECT max(served) + 1 FROM owners) ELSE served END
    WHERE owner = new.owner;
END;

-- Before, for the parameters go with the job and no longer name an owner then.
CREATE TRIGGER owners_job_delete BEFORE DELETE ON jobs BEGIN
    UPDATE owners SET
        queued = queued - (old.status = 'queued'), running = running - (old.status = 'running'),
        paused = paused - (old.status = 'paused'), succeeded = succeeded - (old.status = 'succeeded'),
        failed = failed - (old.status = 'failed'), cancelled = cancelled - (old.status = 'cancelled'),
        bytes = bytes - (SELECT coalesce(sum(length), 0) FROM parameters WHERE job = old.sequence)
    WHERE owner = old.owner;
END;

CREATE TRIGGER owners_parameters_insert AFTER INSERT ON parameters BEGIN
    UPDATE owners SET bytes = bytes + new.length
    WHERE owner = (SELECT owner FROM jobs WHERE sequence = new.job);
END;

CREATE TRIGGER owners_parameters_delete AFTER DELETE ON parameters BEGIN
    UPDATE owners SET bytes = bytes - old.length
    WHERE owner = (SELECT owner FROM jobs WHERE sequence = old.job);
END;

CREATE TRIGGER owners_dataset_insert AFTER INSERT ON datasets BEGIN
    INSERT OR IGNORE INTO owners (owner) VALUES (new.owner);
    UPDATE owners SET bytes = bytes + new.bytes WHERE owner = new.owner;
END;

CREATE TRIGGER owners_dataset_delete AFTER DELETE ON datasets BEGIN
    UPDATE owners SET bytes = bytes - old.bytes WHERE owner = old.owner;
END;

-- A key is its owner's: two that choose the same one know nothing of each other.
CREATE TABLE owned_keys (
    owner       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    reply       TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT;

INSERT INTO owned_keys (owner, key, fingerprint, reply, expires_at)
SELECT '', key, fingerprint, reply, expires_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE owned_keys RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
