/*
 * store.h: everything that outlives the process: jobs, their curves, events and parameters, datasets
 * and idempotency keys. No SQL and no word of the database outside this folder, and nothing here
 * assumes that one process alone uses the store.
 *
 * Writing: a call returns GD_OK only after the transaction that holds its effect is durable; many
 * calls share one (group commit). Reading: short snapshots that never block writers. Every function
 * is safe to call from any thread. Strings and blobs in returned records are owned by the record and
 * freed by its _dispose function. Times are milliseconds since 1970 UTC, 0 for none.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <descent/status.h>

#include <stdbool.h>
#include <stdint.h>

#define STORE_ID_LENGTH 36 /* a UUID as text */
#define STORE_ID_SIZE   (STORE_ID_LENGTH + 1)

/* Whose jobs and datasets are whose: any text of at most so many bytes, "" for nobody in particular. */
#define STORE_OWNER_SIZE 65

typedef struct store store;

typedef struct store_options {
    const char *path;       /* of the database file; its folder must exist */
    int64_t reader_count;   /* connections for reading */
    int64_t queue_capacity; /* writes waiting at most; beyond: GD_UNAVAILABLE */
    /* Called once, from the writer thread, when a write or sync failed for good: the process must
     * stop accepting and end. All later writes fail with GD_UNAVAILABLE. May be NULL. */
    void (*on_fatal)(void *context, const char *message);
    void *fatal_context;
} store_options;

store_options store_options_default(void);

/*
 * Opens or creates the database, refuses a newer, altered, foreign or damaged one with one clear line
 * (GD_UNSUPPORTED or GD_CORRUPT) without touching it, applies the missing migrations each in a
 * transaction, and starts the writer thread. A second opening of the same file, by this process or
 * another: GD_CONFLICT. After a process died every page is read, which takes as long as that takes.
 */
gd_status store_open(store **opened, const store_options *options, gd_error *error);

/* Ends the writer after what is queued, checkpoints and closes. */
void store_close(store *store);

/* Quick integrity check and schema check on a read-only connection. A database that a former version
 * left is as good. */
gd_status store_check(const char *path, gd_error *error);

/* A consistent copy of the database into a new file, whether or not a service is using it.
 * GD_CONFLICT where the copy exists. */
gd_status store_backup(const char *path, const char *copy_path, gd_error *error);

/* GD_OK while writes are possible (one that changes nothing is committed), else why not. */
gd_status store_ready(store *store, gd_error *error);

/* Bytes of the database and its log on disk; of the log alone. */
int64_t store_bytes(const store *store);
int64_t store_log_bytes(const store *store);

/* Transactions committed since it was opened that wrote something. */
int64_t store_commits(const store *store);

/* --- Jobs -------------------------------------------------------------------------------- */

typedef enum store_job_status {
    STORE_JOB_QUEUED,
    STORE_JOB_RUNNING,
    STORE_JOB_PAUSED,
    STORE_JOB_SUCCEEDED,
    STORE_JOB_FAILED,
    STORE_JOB_CANCELLED,
    STORE_JOB_STATUS_COUNT
} store_job_status;

const char *store_job_status_name(store_job_status status);
bool store_job_status_is_terminal(store_job_status status);

typedef enum store_request {
    STORE_REQUEST_NONE,
    STORE_REQUEST_CANCEL,
    STORE_REQUEST_PAUSE
} store_request;

/* A number that may be absent. NaN and infinities are kept as such. */
typedef struct store_number {
    bool present;
    double value;
} store_number;

typedef struct store_progress {
    int64_t step, steps, epoch, epochs, samples;
    double seconds;
    store_number first_loss, last_loss, best_loss;
    int64_t best_loss_step;
    store_number validation_loss, best_validation_loss;
    int64_t best_validation_step;
    int64_t points; /* last sequence number of the curve */
} store_progress;

typedef struct store_job {
    char id[STORE_ID_SIZE];
    int64_t sequence; /* order of creation */
    char owner[STORE_OWNER_SIZE];
    char *name;   /* may be NULL */
    char *labels; /* a JSON object's text */
    int64_t priority;
    char *model;     /* type word of the spec */
    char *optimizer; /* likewise; NULL in rows of a database that is older than the column */
    store_job_status status;
    store_request requested;
    char *reason;  /* NULL until there is one */
    char *message; /* NULL, or one sentence for a person */
    int64_t attempt;
    char retry_of[STORE_ID_SIZE]; /* empty: none */
    int64_t created_at, started_at, finished_at, updated_at;
    int64_t revision; /* grows with every change of the row; for entity tags */
    store_progress progress;
    char *checkpoint; /* file name of the last checkpoint, NULL: none */
    char *digest;     /* sha-256 of the final parameters in hex, NULL: none */
    /* JSON texts, NULL where absent; read only when details are asked for */
    char *spec, *metrics, *diagnosis, *repairs, *summary /* "model" */, *environment;
} store_job;

void store_job_dispose(store_job *job);

typedef struct store_event {
    int64_t sequence; /* from 1 in each job */
    int64_t at;
    const char *type;
    const char *message;
    const char *data; /* JSON text or NULL */
} store_event;

/* A block of parameters that is kept with a job under a name. */
typedef struct store_parameters {
    const char *which; /* "final", "best", "initial" */
    int64_t step;
    const void *bytes; /* raw little-endian elements in the model's order; of "initial" as its
                          writer laid them out */
    size_t length;
    const char *digest; /* sha-256 in hex */
} store_parameters;

/* What an owner may have at most; 0: no limit. Kept by the store, in the transaction that would
 * pass it. */
typedef struct store_quota {
    int64_t maximum_queued;
    int64_t maximum_running; /* at once; of the last submission, for all jobs of the owner */
    int64_t maximum_bytes;   /* of datasets as uploaded and of stored parameters */
} store_quota;

typedef struct store_job_insert {
    const char *id;
    const char *owner; /* NULL: "" */
    store_quota quota; /* of the owner; beyond: see STORE_LIMIT_… */
    const char *name, *labels, *model, *optimizer, *spec, *summary, *environment;
    int64_t priority;
    const char *retry_of; /* NULL: none */
    int64_t created_at;
    const char *const *datasets; /* ids the job needs; GD_NOT_FOUND where one is gone */
    int64_t dataset_count;
    const store_parameters *initial; /* kept with the job; NULL: none */
    int64_t maximum_queued;          /* of all owners; GD_UNAVAILABLE beyond; 0: no limit */
} store_job_insert;

/* Paths of a gd_error that say which limit was met: of the whole queue or of the owner's jobs in it
 * (both GD_UNAVAILABLE), of the owner's bytes (GD_NO_SPACE). */
#define STORE_LIMIT_QUEUE       "queue"
#define STORE_LIMIT_OWNER_QUEUE "owner_queue"
#define STORE_LIMIT_OWNER_BYTES "owner_bytes"

/* An Idempotency-Key and what it stands for. */
typedef struct store_idempotency {
    const char *key;
    const char *fingerprint; /* digest of the request, hex */
    const char *reply;       /* stored with the key */
    int64_t expires_at;
    const char *owner; /* whose key; NULL: "" */
} store_idempotency;

/*
 * The reply stored under a key: GD_OK with *reply (free) when the fingerprint is the same,
 * GD_CONFLICT when it is another, GD_NOT_FOUND when the key is new.
 */
gd_status store_idempotency_find(store *store, const char *owner, const char *key,
                                 const char *fingerprint, char **reply, gd_error *error);

/*
 * Inserts a queued job and its event "queued"; with `idempotency` in the same transaction. Where that
 * key has come to exist meanwhile, nothing is inserted and the result is that of
 * store_idempotency_find (*existing_reply, free; GD_OK with it not NULL).
 */
gd_status store_job_create(store *store, const store_job_insert *insert,
                           const store_idempotency *idempotency, char **existing_reply,
                           gd_error *error);

gd_status store_job_get(store *store, const char *id, bool details, store_job *job,
                        gd_error *error);

typedef struct store_job_filter {
    const char *owner;                /* NULL: all */
    const store_job_status *statuses; /* any of; count 0: all */
    int64_t status_count;
    const char *label_key, *label_value; /* NULL: not asked */
    const char *model;
    const char *name_part;                 /* case-insensitive for ASCII */
    int64_t created_after, created_before; /* exclusive; 0: not asked */
    int64_t before_sequence;               /* only older rows (the cursor); 0: from the newest */
    int64_t limit;
} store_job_filter;

/* Rows that one call looks at where no index answers the filter. */
#define STORE_LIST_WINDOW ((int64_t)100000)

/*
 * Newest first, without details. *jobs [count] is freed with store_jobs_dispose. *next is the
 * before_sequence of the page after this one, 0 where there is nothing more. A page may be short,
 * or empty, and yet have a next one: where no index answers the filter, as for parts of names and
 * for times, a call looks at STORE_LIST_WINDOW rows and no more.
 */
gd_status store_job_list(store *store, const store_job_filter *filter, store_job **jobs,
                         int64_t *count, int64_t *next, gd_error *error);
void store_jobs_dispose(store_job *jobs, int64_t count);

/* Places are counted up to here: a queue may be long, and lists ask for many places at once. */
#define STORE_POSITION_MAXIMUM ((int64_t)1000)

/* Jobs that would be claimed before this one, as the queue is now; only meaningful while it is queued.
 * Where several owners wait, at most one too many for each. */
gd_status store_job_queue_position(store *store, const store_job *job, int64_t *position,
                                   gd_error *error);

/* Number of jobs in each status: counts [STORE_JOB_STATUS_COUNT]. */
gd_status store_job_counts(store *store, int64_t *counts, gd_error *error);

/* --- Owners ------------------------------------------------------------------------------- */

/* What one owner has; zeros where nothing was ever theirs. */
typedef struct store_owner {
    int64_t counts[STORE_JOB_STATUS_COUNT];
    int64_t bytes;
} store_owner;

gd_status store_owner_read(store *store, const char *owner, store_owner *read, gd_error *error);

/* Who owns it: GD_NOT_FOUND where there is no such job or dataset. */
gd_status store_job_owner(store *store, const char *id, char owner[STORE_OWNER_SIZE],
                          gd_error *error);
gd_status store_dataset_owner(store *store, const char *id, char owner[STORE_OWNER_SIZE],
                              gd_error *error);

/* --- Changing jobs ------------------------------------------------------------------------ */

/*
 * Reads a job and lets `decide` say what becomes of it, in one transaction. `decide` sees the row
 * without details and fills `change`; what it returns other than GD_OK is the result and nothing is
 * written. The row after the change is given in *job. `decide` runs on the writer thread: it must be
 * quick and must not call the store. It cannot set a job running; leaving RUNNING ends the claim.
 */
typedef struct store_job_change {
    bool write;
    store_job_status status;
    store_request requested;
    const char *reason;       /* NULL: none */
    const char *message;      /* NULL: none */
    int64_t finished_at;      /* kept with terminal states */
    const store_event *event; /* NULL: none; its sequence is assigned */
} store_job_change;

typedef gd_status (*store_job_decide)(void *context, const store_job *job, store_job_change *change,
                                      gd_error *error);

gd_status store_job_change_status(store *store, const char *id, store_job_decide decide,
                                  void *context, store_job *job, gd_error *error);

/* New name (NULL pointer in `name`: leave; empty: none), labels, priority of a job. */
typedef struct store_job_patch {
    const char *name, *labels;
    bool has_priority;
    int64_t priority;
    int64_t if_revision; /* GD_CONFLICT where the row has another; 0: any */
} store_job_patch;

gd_status store_job_update(store *store, const char *id, const store_job_patch *patch,
                           store_job *job, gd_error *error);

/* GD_CONFLICT while it is running or paused. *checkpoint (free) is the file to remove, or NULL. */
gd_status store_job_delete(store *store, const char *id, char **checkpoint, gd_error *error);

/* --- Running ------------------------------------------------------------------------------ */

/* Proof that a worker holds a job: every write of a run carries it; a stale one changes nothing. */
typedef struct store_claim {
    char job[STORE_ID_SIZE];
    char boot[STORE_ID_SIZE]; /* this start of the process */
    int64_t counter;
} store_claim;

/*
 * Takes the next queued job and sets it running, in one statement: of those with the highest
 * priority the oldest of the owner who was served longest ago. Owners with as many running jobs as
 * they may have are passed over.
 * GD_NOT_FOUND when there is none. `job` has details.
 */
gd_status store_job_claim(store *store, const char *boot, int64_t now, store_claim *claim,
                          store_job *job, gd_error *error);

/*
 * Requeues running jobs of other boots, each with one more attempt and an event "recovered"; a job
 * whose process died `maximum_attempts` times without a checkpoint in between fails with reason
 * crash_loop. Requests pending on them take effect. Counts what it did.
 */
gd_status store_recover(store *store, const char *boot, int64_t now, int64_t maximum_attempts,
                        int64_t *requeued, int64_t *failed, gd_error *error);

/* Blocks until a job may be queued that was not when *seen was set, or the time has passed. */
void store_await_queued(store *store, uint64_t *seen, int64_t milliseconds);
/* Wakes every store_await_queued. */
void store_wake(store *store);

/* Curves are chunks of STORE_CHUNK_POINTS points: chunk k holds sequence numbers from
 * k·STORE_CHUNK_POINTS + 1; the last may be partial and is replaced as it grows. */
#define STORE_CHUNK_POINTS ((int64_t)1024)

typedef struct store_chunk {
    int64_t index;
    int64_t first_step, last_step;
    const void *bytes; /* encoded by the caller */
    size_t length;
} store_chunk;

typedef struct store_run_update {
    const store_progress *progress;
    const store_chunk *chunks; /* inserted or replaced; chunks behind the last one are removed */
    int64_t chunk_count;
    const char *checkpoint; /* new checkpoint file name; NULL leaves it */
    const store_event *events;
    int64_t event_count;
} store_run_update;

/* Progress, curve, checkpoint and events in one transaction. GD_CONFLICT with a stale claim. */
gd_status store_run_save(store *store, const store_claim *claim, const store_run_update *update,
                         gd_error *error);

typedef struct store_run_end {
    store_run_update update;
    store_job_status status; /* terminal; or PAUSED, QUEUED (given back) */
    const char *reason;      /* NULL for PAUSED and QUEUED */
    const char *message;     /* NULL: none */
    int64_t at;
    const char *metrics, *diagnosis, *repairs, *digest;
    const store_parameters *parameters; /* kept with the job, replacing older ones of that name */
    int64_t parameter_count;
    const void *preparation; /* how raw rows become features; NULL leaves it */
    size_t preparation_length;
    store_job_status *became; /* how the job stands when its end is stored; NULL: not asked */
} store_run_end;

/*
 * Ends a run and gives up the claim; a terminal state forgets the checkpoint. GD_CONFLICT with a
 * stale claim: nothing is changed. A request that came while the worker was ending is not lost: with
 * a pending cancel PAUSED and QUEUED become CANCELLED (reason "cancelled"), with a pending pause
 * QUEUED becomes PAUSED, and where the pause was taken back PAUSED becomes QUEUED, with an event
 * that says so.
 */
gd_status store_run_finish(store *store, const store_claim *claim, const store_run_end *end,
                           gd_error *error);

/*
 * The same, and in the same transaction the claim of the next job for that boot, as store_job_claim
 * makes it. Where none waits the end is stored all the same and job->sequence is 0. Where anything
 * fails neither is stored, and it is not told which of the two it was.
 */
gd_status store_run_finish_and_claim(store *store, const store_claim *claim,
                                     const store_run_end *end, store_claim *next, store_job *job,
                                     gd_error *error);

/* --- Results ------------------------------------------------------------------------------ */

/*
 * Chunks of a job that overlap sequence numbers > after and steps [from_step, to_step], in order and of
 * one snapshot. A chunk's bytes are the database's own and valid during the call alone; the visitor is
 * quick and does not use the store, for a connection is held for it. What it returns other than GD_OK
 * ends the reading and is returned.
 */
typedef gd_status (*store_chunk_visit)(void *context, const store_chunk *chunk);
gd_status store_curve_read(store *store, const char *job, int64_t after, int64_t from_step,
                           int64_t to_step, store_chunk_visit visit, void *context,
                           gd_error *error);

/* Events with sequence > after, oldest first. The callback's event is valid during the call. */
typedef gd_status (*store_event_visit)(void *context, const store_event *event);
gd_status store_event_list(store *store, const char *job, int64_t after, int64_t limit,
                           store_event_visit visit, void *context, gd_error *error);

typedef struct store_blob {
    void *bytes;
    size_t length;
    int64_t step;
    char digest[65];
} store_blob;

void store_blob_dispose(store_blob *blob);

gd_status store_parameters_read(store *store, const char *job, const char *which, store_blob *blob,
                                gd_error *error);
gd_status store_preparation_read(store *store, const char *job, store_blob *blob, gd_error *error);

/* --- Datasets ----------------------------------------------------------------------------- */

typedef struct store_dataset {
    char id[STORE_ID_SIZE];
    char owner[STORE_OWNER_SIZE];
    int64_t sequence;
    char *name, *format;
    int64_t rows, column_count, bytes;
    char *columns;  /* JSON array of the columns with their statistics */
    char *shape;    /* JSON array, or NULL */
    char *sha256;   /* of the uploaded bytes, hex */
    char *reading;  /* how they were read, or NULL */
    char *file;     /* file name in the data directory */
    char *warnings; /* JSON array */
    int64_t created_at;
} store_dataset;

void store_dataset_dispose(store_dataset *dataset);

/* The file must be durable before this call. Strings of `dataset` are borrowed. Where the owner
 * would have more than `quota` (NULL: none) allows: GD_NO_SPACE with path
 * STORE_LIMIT_OWNER_BYTES. */
gd_status store_dataset_create(store *store, const store_dataset *dataset, gd_error *error);
gd_status store_dataset_create_within(store *store, const store_dataset *dataset,
                                      const store_quota *quota, gd_error *error);
gd_status store_dataset_get(store *store, const char *id, store_dataset *dataset, gd_error *error);
/* The owner's newest one of this name made of these bytes in this way; GD_NOT_FOUND where there is
 * none. */
gd_status store_dataset_find(store *store, const char *owner, const char *name, const char *sha256,
                             const char *reading, store_dataset *dataset, gd_error *error);
/* Newest first; before_sequence 0 from the newest; owner NULL: of all; sha256 NULL: of any bytes.
 * *datasets [count] freed by _list_dispose. */
gd_status store_dataset_list_of(store *store, const char *owner, const char *sha256,
                                int64_t before_sequence, int64_t limit, store_dataset **datasets,
                                int64_t *count, gd_error *error);
gd_status store_dataset_list(store *store, const char *owner, int64_t before_sequence,
                             int64_t limit, store_dataset **datasets, int64_t *count,
                             gd_error *error);
void store_dataset_list_dispose(store_dataset *datasets, int64_t count);
/* GD_CONFLICT while a job that has not ended needs it. *file (free) is the file to remove. */
gd_status store_dataset_delete(store *store, const char *id, char **file, gd_error *error);

typedef enum store_expiring {
    STORE_EXPIRING_JOBS,    /* ended before */
    STORE_EXPIRING_DATASETS /* uploaded before, and used by no job that is unfinished or ended since */
} store_expiring;

/* At most `limit` ids of what is as old, oldest first. *ids [count] is the caller's to free. */
gd_status store_expired(store *store, store_expiring what, int64_t before, int64_t limit,
                        char (**ids)[STORE_ID_SIZE], int64_t *count, gd_error *error);

/* Visits every file name the store refers to (datasets and checkpoints), for finding strays. Files
 * named after the call began may be missing: look before workers and uploads start. */
typedef gd_status (*store_file_visit)(void *context, const char *file);
gd_status store_file_list(store *store, store_file_visit visit, void *context, gd_error *error);

/* Removes all expired idempotency keys; while jobs come with new ones, each removes a few. */
gd_status store_sweep(store *store, int64_t now, gd_error *error);

#endif
