/*
 * service.h: the real program as a test's child process, on a free port of the loopback address and a
 * data directory of its own.
 *
 * A service is started, stopped, killed and started again on the same directory; service_destroy ends
 * the process and removes the directory. Both also go when the test process dies early: the kernel
 * kills the child, and a small helper process that waits for the end of its pipe removes the
 * directory. Everything that goes wrong here is a Criterion assertion. Start and stop belong to the
 * test's main thread; replies (client.h) may be asked for by any thread.
 */
#ifndef TESTS_SUPPORT_SERVICE_H
#define TESTS_SUPPORT_SERVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Time limits are multiplied by this: sanitizers make programs slow. May be given from outside, where
 * the program under test alone has one. */
#if defined(SERVICE_PATIENCE)
#elif defined(__SANITIZE_THREAD__)
#define SERVICE_PATIENCE 15
#elif defined(__SANITIZE_ADDRESS__)
#define SERVICE_PATIENCE 5
#else
#define SERVICE_PATIENCE 1
#endif

#define SERVICE_PATH_SIZE         256
#define SERVICE_ARGUMENTS_MAXIMUM 16
#define SERVICE_STOP_SECONDS      (8.0 * SERVICE_PATIENCE)

struct reply;

typedef struct service {
    pid_t process; /* 0: not running */
    int port;
    int workers;
    char address[64];                                 /* "127.0.0.1:43210" */
    char directory[SERVICE_PATH_SIZE];                /* holds "data" and "log" */
    char data[SERVICE_PATH_SIZE];                     /* the data directory */
    const char *arguments[SERVICE_ARGUMENTS_MAXIMUM]; /* further ones, NULL-terminated */
    const char *bearer;                               /* secret that requests send, NULL: none */
    bool tls;              /* HTTPS, whose certificate is taken as it is; the program says */
    int output;            /* read end of the program's standard output */
    int lifeline;          /* its closing lets the helper process remove `directory` */
    pthread_mutex_t lock;  /* over `replies` */
    struct reply *replies; /* owned: everything client.h handed out */
} service;

/* A directory, and nothing running yet. */
service *service_create(int workers);
/* The same, running and ready. */
service *service_start(int workers);
/* Starts what is not running, on the same directory; returns once it is ready. */
void service_restart(service *it);
/* Starts without waiting for readiness; service_await_ready does that. */
void service_launch(service *it);
void service_await_ready(service *it);

/* SIGTERM; asserts that the process ends with status 0 within SERVICE_STOP_SECONDS. Seconds it took. */
double service_stop(service *it);
/* SIGKILL, and the process is gone. */
void service_kill(service *it);
/* Ends the process (checking nothing but, in a build with a sanitizer, an orderly end), frees all
 * replies and removes the directory. */
void service_destroy(service *it);

/* Path of the one SQLite file in the data directory. */
void service_database_path(const service *it, char path[SERVICE_PATH_SIZE]);
/* Files below the data directory's folder ("uploads", "" for all of it), directories not counted. */
int service_count_files(const service *it, const char *folder);
/* The most resident memory the program has had since its start, in bytes. */
double service_peak_memory(const service *it);

/* The program run to its end with other arguments, NULL-terminated; at most 20 s. */
typedef struct program_run {
    int status; /* exit status; 128 + signal */
    char output[16384];
    char errors[16384];
} program_run;

program_run service_program(const char *const *arguments);
#define SERVICE_PROGRAM(...) service_program((const char *const[]){__VA_ARGS__, NULL})

/* Seconds of a clock that only goes forward. */
double service_now(void);
void service_sleep(double seconds);

#endif
