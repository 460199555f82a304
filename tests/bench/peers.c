/*
 * peers.c: pipes to the peers.
 */
#include "bench/peers.h"

#include "bench/protocol.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void peer_start(peer *it, const char *name, const char *command)
{
    int questions[2], answers[2];
    *it = (peer){.name = name};
    if (pipe2(questions, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) {
        return;
    }
    it->process = fork();
    if (it->process == 0) {
        dup2(questions[0], STDIN_FILENO);
        dup2(answers[1], STDOUT_FILENO);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(questions[0]);
    close(answers[1]);
    it->questions = fdopen(questions[1], "w");
    it->answers = fdopen(answers[0], "r");
    if (it->process < 0 || it->questions == NULL || it->answers == NULL) {
        it->process = 0;
    }
}

void peer_stop(peer *it)
{
    if (it->questions != NULL) {
        fclose(it->questions);
    }
    if (it->answers != NULL) {
        fclose(it->answers);
    }
    if (it->process > 0) {
        waitpid(it->process, NULL, 0);
    }
    *it = (peer){.name = it->name};
}

double peer_ask(peer *it, const char *name, double seconds)
{
    char line[PROTOCOL_LINE], *end;
    if (it->process == 0) {
        return -1;
    }
    if (fprintf(it->questions, "%g %s\n", seconds, name) < 0 || fflush(it->questions) != 0 ||
        fgets(line, sizeof line, it->answers) == NULL) {
        fprintf(stderr, "bench: %s has ended\n", it->name);
        it->process = 0;
        return -1;
    }
    double figure = strtod(line, &end);
    return end == line ? -1 : figure;
}
