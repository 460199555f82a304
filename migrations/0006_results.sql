-- What the end of a job tells lies apart from its spec, so that the spec is not written again with it; jobs of before
-- have it in job_details. And parameters of few bytes stand in their own row: those of before, and larger ones, in parts.

CREATE TABLE job_results (
    job       INTEGER PRIMARY KEY REFERENCES jobs (sequence) ON DELETE CASCADE,
    metrics   TEXT,
    diagnosis TEXT,
    repairs   TEXT
) STRICT;

ALTER TABLE parameters ADD COLUMN bytes BLOB;
