/*
 * bench_client.c: one request at a time, and a row of the table (bench_client.h).
 */
#include "bench/bench_client.h"

#include "bench/load.h"
#include "bench/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bench_print(table *rows, const char *name, const char *unit, double figure, const char *goal,
                 int met)
{
    table_row row = {.group = "Service, load generator on the same machine",
                     .name = name,
                     .unit = unit,
                     .figure = figure,
                     .peak_share = -1,
                     .memory_share = -1,
                     .goal = goal,
                     .met = met};
    table_print(rows, &row);
}

int bench_submit(int port, const char *body, char id[64])
{
    char reply[16384];
    char *request = load_request("POST", "/v1/jobs", "", body);
    int status = load_once(port, request, reply, sizeof reply, NULL, NULL);
    const char *found = status == 201 ? strstr(reply, "\"id\":\"") : NULL;
    if (found != NULL) {
        snprintf(id, 64, "%.36s", found + 6);
    }
    free(request);
    return found != NULL;
}

int bench_get(int port, const char *path, char *body, size_t size)
{
    char *request = load_request("GET", path, "", NULL);
    int status = load_once(port, request, body, size, NULL, NULL);
    free(request);
    return status;
}

void bench_await(int port, const char *id, const char *status)
{
    char path[ID_PATH], wanted[64], body[16384] = "";
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    snprintf(wanted, sizeof wanted, "\"status\":\"%s\"", status);
    double start = protocol_wall_time();
    while (strstr(body, wanted) == NULL && protocol_wall_time() - start < 60) {
        usleep(500);
        bench_get(port, path, body, sizeof body);
    }
}
