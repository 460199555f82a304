/*
 * daemon.c: starting and ending of what is put under load (daemon.h).
 */
#include "bench/daemon.h"

#include "bench/load.h"
#include "bench/protocol.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_SECONDS 30

static void run_service(const daemon_process *it, const char *program, int output, int workers)
{
    char data[96], count[16];
    snprintf(data, sizeof data, "%s/data", it->folder);
    snprintf(count, sizeof count, "%d", workers);
    int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(output, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execl(program, program, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--workers",
          count, (char *)NULL);
    _exit(127);
}

/* The program says where it serves in its first line: "…:PORT …". */
static int read_port(int descriptor)
{
    char line[512];
    FILE *file = fdopen(descriptor, "r");
    int port = 0;
    while (port == 0 && file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, "127.0.0.1:");
        port = at == NULL ? 0 : (int)strtol(at + 10, NULL, 10);
    }
    /* The descriptor stays open: the program may go on writing. */
    return port;
}

int daemon_start(daemon_process *it, int workers)
{
    const char *program = getenv("DESCENTD");
    int output[2];
    if (it->folder[0] == '\0') {
        snprintf(it->folder, sizeof it->folder, "/tmp/descentd-bench-XXXXXX");
        if (mkdtemp(it->folder) == NULL) {
            return 0;
        }
    }
    if (program == NULL || pipe2(output, O_CLOEXEC) != 0) {
        return 0;
    }
    double start = protocol_wall_time();
    it->process = fork();
    if (it->process == 0) {
        run_service(it, program, output[1], workers);
    }
    close(output[1]);
    it->port = read_port(output[0]);
    char *request = load_request("GET", "/readyz", "", NULL);
    while (request != NULL && load_once(it->port, request, NULL, 0, NULL, NULL) != 200 &&
           protocol_wall_time() - start < START_SECONDS) {
        usleep(500);
    }
    it->started_in = protocol_wall_time() - start;
    free(request);
    return it->process > 0 && it->started_in < START_SECONDS;
}

void daemon_stop(daemon_process *it)
{
    if (it->process > 0) {
        kill(it->process, SIGTERM);
        waitpid(it->process, NULL, 0);
    }
    it->process = 0;
}

void daemon_destroy(daemon_process *it)
{
    char command[128];
    daemon_stop(it);
    if (it->folder[0] != '\0') {
        snprintf(command, sizeof command, "rm -rf '%s'", it->folder);
        if (system(command) != 0) {
            fprintf(stderr, "bench: %s stays\n", it->folder);
        }
    }
    *it = (daemon_process){0};
}

double daemon_memory(const daemon_process *it)
{
    char path[64], line[256];
    double kilobytes = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)it->process);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kilobytes = strtod(line + 6, NULL);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)path;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (*state == NULL) { /* headers only: an answer now would close the connection */
        *state = context;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

int daemon_start_bare(daemon_process *it, unsigned threads, const char *body)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) {
        return 0;
    }
    it->process = fork();
    if (it->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        struct MHD_Response *reply = MHD_create_response_from_buffer(
            strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
        MHD_add_response_header(reply, "Content-Type", "application/json");
        struct MHD_Daemon *server =
            MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, &answer, reply,
                             MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
        const union MHD_DaemonInfo *info =
            server == NULL ? NULL : MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
        int port = info == NULL ? 0 : info->port;
        if (write(ready[1], &port, sizeof port) != sizeof port) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ready[1]);
    if (read(ready[0], &it->port, sizeof it->port) != sizeof it->port) {
        it->port = 0;
    }
    close(ready[0]);
    return it->port > 0;
}
