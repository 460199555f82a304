/*
 * openapi.c: GET /v1/openapi.json: the document of openapi.json, with the version of this program and
 * the schemas of models, layers, optimizers, …, which are made from the tables that validate.
 */
#include "api/openapi.h"

#include "api/handlers.h"
#include "api/job_view.h"

#include <string.h>

static void write_members(json_writer *writer, const cJSON *object)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        json_writer_key(writer, member->string);
        json_writer_tree(writer, member);
    }
}

static void write_components(json_writer *writer, const cJSON *components)
{
    const cJSON *part;
    json_writer_begin_object(writer);
    cJSON_ArrayForEach(part, components)
    {
        json_writer_key(writer, part->string);
        json_writer_begin_object(writer);
        write_members(writer, part);
        if (strcmp(part->string, "schemas") == 0)
            spec_write_schemas(writer);
        json_writer_end_object(writer);
    }
    json_writer_end_object(writer);
}

static void write_document(json_writer *writer, const cJSON *document)
{
    const cJSON *member;
    json_writer_begin_object(writer);
    cJSON_ArrayForEach(member, document)
    {
        json_writer_key(writer, member->string);
        if (strcmp(member->string, "components") == 0)
            write_components(writer, member);
        else
            json_writer_tree(writer, member);
    }
    json_writer_end_object(writer);
}

void api_get_openapi(void *context, const http_request *request, http_response *response)
{
    (void)context;
    if (!api_check_query(request, response, NULL))
        return;
    cJSON *document = cJSON_Parse(api_openapi_text);
    cJSON *info = cJSON_GetObjectItemCaseSensitive(document, "info");
    if (info == NULL || cJSON_ReplaceItemInObjectCaseSensitive(
                            info, "version", cJSON_CreateString(GD_VERSION)) == 0) {
        cJSON_Delete(document);
        gd_error error = {0};
        api_respond_status(response, GD_OUT_OF_MEMORY, &error);
        return;
    }
    json_writer *writer = json_writer_create(API_REPLY_MAXIMUM);
    write_document(writer, document);
    cJSON_Delete(document);
    api_respond_tagged_json(response, writer);
}
