/*
 * predict_text.c: a prompt in, the text that the model writes on out. See predict.h.
 */
#include "api/predict.h"

#include "api/reply.h"
#include "jobs/continuation.h"
#include "jobs/identity.h"

#include <descent/corpus.h>

#include <stdlib.h>
#include <string.h>

#define PROMPT_MAXIMUM      ((size_t)1000000) /* characters */
#define LENGTH_DEFAULT      200
#define TEMPERATURE_MAXIMUM 100.0

typedef struct text_request {
    const char *prompt;
    jobs_continuation_options options;
    gd_real *symbols; /* [count + options.length] */
    int64_t count;
} text_request;

/* Class number of a character, or -1. */
static int64_t find_symbol(const gd_column *column, const char *text, size_t length)
{
    int64_t low = 0, high = column->class_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        const char *class = column->classes[middle];
        int order = strncmp(class, text, length);
        if (order == 0 && class[length] == '\0')
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static gd_status read_symbols(const json_reader *root, const gd_column *column,
                              text_request *request)
{
    size_t left = strlen(request->prompt);
    request->symbols = calloc(left + (size_t)request->options.length, sizeof *request->symbols);
    if (request->symbols == NULL)
        return GD_OUT_OF_MEMORY;
    const char *at = request->prompt;
    while (left > 0) {
        size_t size = gd_character_length(at, left);
        int64_t symbol = size > 0 ? find_symbol(column, at, size) : -1;
        if (symbol < 0) {
            json_path path = json_path_member(&root->path, "prompt");
            json_faults_add(root->faults, &path, "unknown_class", NULL,
                            "Character %lld (from 0), \"%.*s\", is not in the text that the model "
                            "was trained on.",
                            (long long)request->count, (int)size, at);
            return GD_OK;
        }
        request->symbols[request->count++] = (gd_real)symbol;
        at += size;
        left -= size;
    }
    return GD_OK;
}

static gd_status read_request(const json_reader *root, const gd_column *column,
                              text_request *request)
{
    static const char *const known[] = {"prompt", "length", "temperature", "seed", "which"};
    const json_bounds bounds = {0, TEMPERATURE_MAXIMUM, false, false};
    request->options = (jobs_continuation_options){.length = LENGTH_DEFAULT, .temperature = 1};
    if (!cJSON_IsObject(root->value)) {
        json_faults_add(root->faults, &root->path, JSON_CODE_WRONG_TYPE, NULL,
                        "The body must be an object with a \"prompt\".");
        return GD_OK;
    }
    json_refuse_unknown(root, known, sizeof known / sizeof known[0]);
    json_read_result prompt =
        json_read_string(root, "prompt", JSON_REQUIRED, 1, PROMPT_MAXIMUM, &request->prompt);
    json_read_count(root, "length", JSON_OPTIONAL, 1, JOBS_TEXT_MAXIMUM, &request->options.length);
    json_read_number(root, "temperature", JSON_OPTIONAL, bounds, &request->options.temperature);
    json_read_result seed = json_read_uint64(root, "seed", JSON_OPTIONAL, &request->options.seed);
    if (seed == JSON_ABSENT && !jobs_random_seed(&request->options.seed))
        return GD_UNAVAILABLE;
    return prompt == JSON_READ ? read_symbols(root, column, request) : GD_OK;
}

static char *join_characters(const gd_column *column, const gd_real *symbols, int64_t count)
{
    char *text = malloc((size_t)count * 4 + 1), *at = text;
    for (int64_t i = 0; text != NULL && i < count; i++) {
        const char *class = column->classes[(int64_t)symbols[i]];
        size_t length = strlen(class);
        memcpy(at, class, length);
        at += length;
    }
    if (text != NULL)
        *at = '\0';
    return text;
}

static void respond(http_response *response, const jobs_predictor *predictor,
                    const text_request *request)
{
    char *text = join_characters(gd_preparation_column(predictor->preparation, 0),
                                 request->symbols + request->count, request->options.length);
    if (text == NULL) {
        api_respond_status(response, GD_OUT_OF_MEMORY, NULL);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    json_writer_begin_object(writer);
    api_write_text(writer, "text", text);
    json_writer_key(writer, "prompt_included");
    json_writer_boolean(writer, false);
    json_writer_key(writer, "temperature");
    json_writer_double(writer, request->options.temperature);
    json_writer_key(writer, "seed");
    json_writer_uint64(writer, request->options.seed);
    json_writer_key(writer, "step");
    json_writer_int64(writer, predictor->step);
    json_writer_end_object(writer);
    free(text);
    api_respond_json(response, 200, writer);
}

void api_predict_text(const json_reader *root, const jobs_predictor *predictor,
                      http_response *response)
{
    text_request request = {0};
    gd_error error = {0};
    gd_status status =
        jobs_predictor_writes_text(predictor)
            ? read_request(root, gd_preparation_column(predictor->preparation, 0), &request)
            : gd_fail(&error, GD_UNSUPPORTED, "",
                      "the model reads a text and its target is something else; predictions of it "
                      "are not offered");
    if (status == GD_OK && root->faults->total == 0)
        status =
            jobs_continue_text(predictor, &request.options, request.symbols, request.count, &error);
    if (status == GD_INVALID_DATA) {
        json_path path = json_path_member(&root->path, "prompt");
        json_faults_add(root->faults, &path, "too_short", NULL, "%s.", error.message);
    }
    if (root->faults->total > 0)
        api_respond_faults(response, root->faults);
    else if (status != GD_OK)
        api_respond_status(response, status, &error);
    else
        respond(response, predictor, &request);
    free(request.symbols);
}
