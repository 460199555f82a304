/*
 * Flags and environment: what is read, what wins, and every refusal with the flag's name.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static config found;
static gd_error error;

/* Reads the words after the program's name; NULL-terminated. */
static gd_status read_words(const char *const *words)
{
    char *arguments[32] = {(char[]){"descentd"}};
    int count = 1;
    for (; words[count - 1] != NULL; count++)
        arguments[count] = (char *)(uintptr_t)words[count - 1];
    config_dispose(&found);
    error = (gd_error){0};
    return config_read(&found, count, arguments, &error);
}

#define READ(...)      read_words((const char *const[]){__VA_ARGS__, NULL})
#define READ_NOTHING() read_words((const char *const[]){NULL})

static void forget(void)
{
    config_dispose(&found);
}

TestSuite(config, .fini = forget);

static void expect_refused(gd_status status, const char *word)
{
    cr_expect_neq(status, GD_OK, "%s", word);
    cr_expect_not_null(strstr(error.message, word), "\"%s\" not in: %s", word, error.message);
}

Test(config, defaults)
{
    cr_assert_eq(READ_NOTHING(), GD_OK, "%s", error.message);
    cr_expect_eq(found.command, CONFIG_SERVE);
    cr_expect_str_eq(found.address, "127.0.0.1");
    cr_expect_eq(found.port, 8080);
    cr_expect_str_eq(found.data_directory, "./data");
    cr_expect_str_eq(found.database_path, "./data/descentd.db");
    cr_expect_geq(found.workers, 1);
    cr_expect_eq(found.http_threads, 16);
    cr_expect_eq(found.job_memory, INT64_C(4) << 30);
    cr_expect_eq(found.maximum_upload, INT64_C(16) << 30);
    cr_expect_eq(found.maximum_queued, 100000);
    cr_expect_eq(found.retain_jobs, 0);
    cr_expect_eq(found.retain_datasets, 0);
    cr_expect_not(found.allow_unauthenticated);
    cr_expect_null(found.allowed_hosts[0]);
    cr_expect(config_is_loopback(&found));
}

Test(config, every_flag_in_both_forms)
{
    cr_assert_eq(READ("serve", "--listen", "0.0.0.0:0", "--data-dir=/tmp/d", "--workers", "0",
                      "--http-threads=3", "--job-memory", "64M", "--max-upload=1k", "--max-queued",
                      "5", "--allow-host=a.example,b.example", "--allow-unauthenticated",
                      "--retain-jobs=30d", "--retain-datasets", "90m"),
                 GD_OK, "%s", error.message);
    cr_expect_str_eq(found.address, "0.0.0.0");
    cr_expect_eq(found.port, 0);
    cr_expect_str_eq(found.data_directory, "/tmp/d");
    cr_expect_str_eq(found.database_path, "/tmp/d/descentd.db");
    cr_expect_eq(found.workers, 0);
    cr_expect_eq(found.http_threads, 3);
    cr_expect_eq(found.job_memory, INT64_C(64) << 20);
    cr_expect_eq(found.maximum_upload, 1024);
    cr_expect_eq(found.maximum_queued, 5);
    cr_expect_eq(found.retain_jobs, 30 * 86400);
    cr_expect_eq(found.retain_datasets, 5400);
    cr_expect_str_eq(found.allowed_hosts[0], "a.example");
    cr_expect_str_eq(found.allowed_hosts[1], "b.example");
    cr_expect_null(found.allowed_hosts[2]);
    cr_expect(found.allow_unauthenticated);
    cr_expect_not(config_is_loopback(&found));
}

Test(config, the_environment_is_read_and_the_command_line_wins)
{
    setenv("DESCENTD_LISTEN", "[::1]:9000", 1);
    setenv("DESCENTD_DATA_DIR", "/tmp/from-environment", 1);
    setenv("DESCENTD_WORKERS", "7", 1);
    setenv("DESCENTD_ALLOW_UNAUTHENTICATED", "true", 1);
    cr_assert_eq(READ_NOTHING(), GD_OK, "%s", error.message);
    cr_expect_str_eq(found.address, "::1");
    cr_expect_eq(found.port, 9000);
    cr_expect_str_eq(found.data_directory, "/tmp/from-environment");
    cr_expect_eq(found.workers, 7);
    cr_expect(found.allow_unauthenticated);
    cr_expect(config_is_loopback(&found));
    cr_assert_eq(READ("--workers=2", "--data-dir", "/tmp/x", "--allow-unauthenticated=false"),
                 GD_OK, "%s", error.message);
    cr_expect_eq(found.workers, 2);
    cr_expect_str_eq(found.data_directory, "/tmp/x");
    cr_expect_not(found.allow_unauthenticated);
    cr_expect_eq(found.port, 9000);
    setenv("DESCENTD_WORKERS", "many", 1);
    expect_refused(READ_NOTHING(), "--workers");
    setenv("DESCENTD_WORKERS", "", 1);
    expect_refused(READ_NOTHING(), "--workers");
}

Test(config, commands)
{
    static const struct {
        const char *word;
        config_command command;
    } cases[] = {{"serve", CONFIG_SERVE},       {"check", CONFIG_CHECK}, {"health", CONFIG_HEALTH},
                 {"--version", CONFIG_VERSION}, {"--help", CONFIG_HELP}, {"-h", CONFIG_HELP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(READ(cases[i].word), GD_OK, "%s", error.message);
        cr_expect_eq(found.command, cases[i].command, "%s", cases[i].word);
    }
    cr_assert_eq(READ("--data-dir", "/tmp/x", "backup", "copy.db"), GD_OK, "%s", error.message);
    cr_expect_eq(found.command, CONFIG_BACKUP);
    cr_expect_str_eq(found.backup_file, "copy.db");
    cr_expect_str_eq(found.data_directory, "/tmp/x");
}

Test(config, refusals_name_flag_and_remedy)
{
    expect_refused(READ("server"), "server");
    expect_refused(READ("serve", "now"), "now");
    expect_refused(READ("backup"), "FILE");
    expect_refused(READ("backup", "a", "b"), "b");
    expect_refused(READ("token"), "add, list or revoke");
    expect_refused(READ("token", "add"), "NAME");
    expect_refused(READ("token", "revoke"), "NAME");
    expect_refused(READ("token", "make", "x"), "make");
    expect_refused(READ("token", "list", "x"), "x");
    expect_refused(READ("token", "add", "x", "y"), "y");
    expect_refused(READ("token", "add", "x", "--expires=soon"), "--expires");
    expect_refused(READ("token", "add", "x", "--expires=0d"), "--expires");
    expect_refused(READ("token", "add", "x", "--expires=99999999999d"), "--expires");
    expect_refused(READ("token", "add", "x", "--quota-queued=0"), "--quota-queued");
    expect_refused(READ("--tls-key=k"), "--tls-certificate");
    expect_refused(READ("--tls-certificate=c"), "--tls-key");
    expect_refused(READ("--cors-origin=*"), "--cors-origin");
    expect_refused(READ("--cors-origin=example.com"), "--cors-origin");
    expect_refused(READ("--cors-origin=https://example.com/"), "--cors-origin");
    expect_refused(READ("--cors-origin=https://A.example"), "--cors-origin");
    expect_refused(READ("--log-format=xml"), "--log-format");
    expect_refused(READ("--log-level=loud"), "--log-level");
    expect_refused(READ("--worker", "3"), "--worker");
    expect_refused(READ("-w"), "-w");
    expect_refused(READ("--"), "--help");
    expect_refused(READ("--workers"), "--workers");
    expect_refused(READ("--workers", "-1"), "--workers");
    expect_refused(READ("--workers=257"), "256");
    expect_refused(READ("--workers=1.5"), "--workers");
    expect_refused(READ("--workers=99999999999999999999"), "--workers");
    expect_refused(READ("--http-threads=0"), "--http-threads");
    expect_refused(READ("--data-dir="), "--data-dir");
    expect_refused(READ("--job-memory=1K"), "--job-memory");
    expect_refused(READ("--job-memory=G"), "--job-memory");
    expect_refused(READ("--job-memory=4X"), "--job-memory");
    expect_refused(READ("--job-memory=4GG"), "--job-memory");
    expect_refused(READ("--job-memory=9999999999T"), "--job-memory");
    expect_refused(READ("--max-upload=0"), "--max-upload");
    expect_refused(READ("--allow-unauthenticated=maybe"), "--allow-unauthenticated");
}

Test(config, tokens_tls_origins_and_log)
{
    cr_assert_eq(READ("--data-dir=/tmp/d"), GD_OK, "%s", error.message);
    cr_expect_str_eq(found.token_path, "/tmp/d/tokens");
    cr_expect_not(found.token_path_given);
    cr_expect_not(found.log_json);
    cr_expect_eq(found.log_level, 1);
    cr_assert_eq(READ("--tokens=/t", "--tls-certificate", "c.pem", "--tls-key", "k.pem",
                      "--cors-origin=https://a.example:8443,http://localhost:3000",
                      "--log-format=json", "--log-level=debug"),
                 GD_OK, "%s", error.message);
    cr_expect_str_eq(found.token_path, "/t");
    cr_expect(found.token_path_given);
    cr_expect_str_eq(found.tls_certificate, "c.pem");
    cr_expect_str_eq(found.tls_key, "k.pem");
    cr_expect_str_eq(found.cors_origins[0], "https://a.example:8443");
    cr_expect_str_eq(found.cors_origins[1], "http://localhost:3000");
    cr_expect_null(found.cors_origins[2]);
    cr_expect(found.log_json);
    cr_expect_eq(found.log_level, 0);
    cr_assert_eq(READ("token", "add", "ci", "--owner=team", "--scopes", "read", "--expires=90d",
                      "--quota-queued=10", "--quota-running=2", "--quota-bytes=1G"),
                 GD_OK, "%s", error.message);
    cr_expect_eq(found.command, CONFIG_TOKEN_ADD);
    cr_expect_str_eq(found.token_name, "ci");
    cr_expect_str_eq(found.token_owner, "team");
    cr_expect_str_eq(found.token_scopes, "read");
    cr_expect_eq(found.token_seconds, INT64_C(90) * 86400);
    cr_expect_eq(found.token_queued, 10);
    cr_expect_eq(found.token_running, 2);
    cr_expect_eq(found.token_bytes, INT64_C(1) << 30);
    cr_assert_eq(READ("token", "revoke", "ci"), GD_OK, "%s", error.message);
    cr_expect_eq(found.command, CONFIG_TOKEN_REVOKE);
    cr_expect_str_eq(found.token_owner, "ci");
    cr_expect_str_eq(found.token_scopes, "read,submit");
    cr_assert_eq(READ("token", "list"), GD_OK, "%s", error.message);
    cr_expect_eq(found.command, CONFIG_TOKEN_LIST);
}

Test(config, addresses)
{
    static const char *const wrong[] = {
        "8080",      ":8080",        "127.0.0.1",     "[::1]", "127.0.0.1:", "127.0.0.1:65536",
        "1.2.3.4:x", "127.0.0.1:-1", "127.0.0.1: 80", "[]:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_refused(READ("--listen", wrong[i]), "--listen");
    cr_assert_eq(READ("--listen", "localhost:65535"), GD_OK, "%s", error.message);
    cr_expect_str_eq(found.address, "localhost");
    cr_expect_eq(found.port, 65535);
    cr_expect(config_is_loopback(&found));
    char long_name[128];
    memset(long_name, 'a', sizeof long_name);
    snprintf(long_name + 100, sizeof long_name - 100, ":80");
    expect_refused(READ("--listen", long_name), "--listen");
}

Test(config, only_numbers_of_this_machine_are_loopback)
{
    static const struct {
        const char *listen;
        bool loopback;
    } cases[] = {
        {"127.0.0.1:1", true},          {"127.9.9.9:1", true},        {"[::1]:1", true},
        {"localhost:1", true},          {"0.0.0.0:1", false},         {"[::]:1", false},
        {"192.168.0.1:1", false},       {"127.example.com:1", false}, {"127.0.0.1.nip.io:1", false},
        {"localhost.example:1", false}, {"[::ffff:1.2.3.4]:1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(READ("--listen", cases[i].listen), GD_OK, "%s", error.message);
        cr_expect_eq(config_is_loopback(&found), cases[i].loopback, "%s", cases[i].listen);
    }
}

Test(config, host_names_have_a_limit)
{
    char names[256] = "", one_more[260];
    for (int i = 0; i < CONFIG_HOSTS_MAXIMUM; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%sh%d", i == 0 ? "" : ",",
                 i);
    cr_assert_eq(READ("--allow-host", names), GD_OK, "%s", error.message);
    cr_expect_str_eq(found.allowed_hosts[CONFIG_HOSTS_MAXIMUM - 1], "h15");
    cr_expect_null(found.allowed_hosts[CONFIG_HOSTS_MAXIMUM]);
    snprintf(one_more, sizeof one_more, "%s,x", names);
    expect_refused(READ("--allow-host", one_more), "--allow-host");
    expect_refused(READ("--allow-host", "a,,b"), "--allow-host");
}

Test(config, a_data_directory_that_is_too_long_is_refused)
{
    char *text = malloc(5001);
    cr_assert_not_null(text);
    memset(text, 'd', 5000);
    text[5000] = '\0';
    expect_refused(READ("--data-dir", text), "--data-dir");
    free(text);
}

Test(config, help_names_every_command_and_flag)
{
    static const char *const words[] = {"serve",     "check",        "backup FILE",
                                        "health",    "--listen",     "--data-dir",
                                        "--workers", "--job-memory", "DESCENTD_"};
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    cr_assert_not_null(stream);
    config_print_help(stream);
    fclose(stream);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cr_expect_not_null(strstr(text, words[i]), "%s", words[i]);
    free(text);
}
