/*
 * plan.c: the order of a plan's stages and its life. Each stage runs only where the
 * ones before it found nothing wrong, so that no fault is told twice.
 */
#include "jobs/plan.h"

#include "jobs/plan_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jobs_plan_fault(const jobs_planning *planning, const char *first, const char *second,
                     int64_t index, const char *code, const char *format, ...)
{
    char detail[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    json_path root = json_path_root();
    json_path outer = json_path_member(&root, first);
    json_path inner = json_path_member(&outer, second != NULL ? second : "");
    json_path item = json_path_item(&inner, index);
    const json_path *path = second == NULL ? &outer : index >= 0 ? &item : &inner;
    json_faults_add(planning->faults, path, code, NULL, "%s", detail);
}

/* One stack frame a segment, so that the chain of paths stays alive. */
static void fault_below(const jobs_planning *planning, const json_path *parent, const char *rest,
                        const char *code, const char *detail)
{
    if (*rest == '\0') {
        json_faults_add(planning->faults, parent, code, NULL, "%s", detail);
        return;
    }
    char segment[64];
    size_t length = strcspn(rest, "/");
    snprintf(segment, sizeof segment, "%.*s", (int)length, rest);
    bool index = strspn(segment, "0123456789") == strlen(segment);
    json_path path = index ? json_path_item(parent, strtoll(segment, NULL, 10))
                           : json_path_member(parent, segment);
    fault_below(planning, &path, rest + length + (rest[length] == '/'), code, detail);
}

void jobs_plan_fault_at(const jobs_planning *planning, const char *pointer, const char *code,
                        const char *format, ...)
{
    char detail[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    json_path root = json_path_root();
    fault_below(planning, &root, pointer, code, detail);
}

void jobs_plan_warn(jobs_plan *plan, const char *pointer, const char *code, const char *format, ...)
{
    if (plan->warning_count == JOBS_WARNINGS_MAXIMUM)
        return;
    jobs_warning *warning = &plan->warnings[plan->warning_count++];
    snprintf(warning->pointer, sizeof warning->pointer, "%s", pointer);
    snprintf(warning->code, sizeof warning->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(warning->message, sizeof warning->message, format, arguments);
    va_end(arguments);
}

static gd_status run_stages(jobs_planning *planning, gd_error *error)
{
    if (jobs_plan_is_alone(planning->plan)) {
        jobs_plan_minimise(planning, error);
        return planning->plan->model != NULL || planning->faults->total > 0 ? GD_OK
                                                                            : GD_OUT_OF_MEMORY;
    }
    gd_status status = jobs_plan_open(planning, error);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_formula(planning);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_window_defaults(planning);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_sparse(planning);
    if (status == GD_OK && planning->faults->total == 0)
        status = jobs_plan_columns(planning);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_task(planning);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_window(planning);
    if (status == GD_OK && planning->faults->total == 0)
        status = jobs_plan_split(planning, error);
    if (status == GD_OK && planning->faults->total == 0)
        status = jobs_plan_fit(planning, error);
    if (status == GD_OK && planning->faults->total == 0)
        status = jobs_plan_model(planning, error);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_size(planning);
    if (status == GD_OK && planning->faults->total == 0)
        jobs_plan_look(planning);
    return status;
}

gd_status jobs_plan_create(jobs_plan **plan, spec_job *spec, const jobs_resources *resources,
                           json_faults *faults, gd_error *error)
{
    *plan = NULL;
    jobs_plan *made = calloc(1, sizeof *made);
    if (made == NULL)
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a plan");
    made->spec = spec;
    jobs_planning planning = {made, resources, faults};
    gd_status status = run_stages(&planning, error);
    if (status == GD_OK && faults->total > 0)
        status = gd_fail(error, GD_INVALID_ARGUMENT, "", "the spec has faults");
    if (status == GD_OK)
        *plan = made;
    else
        jobs_plan_destroy(made);
    return status;
}

void jobs_plan_destroy(jobs_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->features);
    free(plan->targets);
    gd_source_destroy(plan->sources[0]);
    gd_source_destroy(plan->sources[1]);
    gd_rows_dispose(&plan->training_rows);
    gd_rows_dispose(&plan->validation_rows);
    free(plan->class_numbers);
    gd_preparation_destroy(plan->preparation);
    gd_model_destroy(plan->model);
    free(plan->initial_parameters);
    for (size_t i = 0; i < sizeof plan->values / sizeof plan->values[0]; i++)
        free(plan->values[i]);
    for (size_t i = 0; i < sizeof plan->formula_values / sizeof plan->formula_values[0]; i++)
        free(plan->formula_values[i]);
    while (plan->opened_count > 0)
        gd_frame_destroy(plan->opened[--plan->opened_count]);
    free(plan);
}

gd_trainer_setup jobs_plan_setup(const jobs_plan *plan)
{
    const spec_job *spec = plan->spec;
    return (gd_trainer_setup){
        .model = plan->model,
        .loss = spec->loss,
        .optimizer = spec->optimizer,
        .schedule = spec->schedule,
        .training = spec->training,
        .examples = plan->examples,
        .validation = plan->validation,
        .shuffle_window = spec->data.storage == SPEC_STORAGE_MAPPED ? spec->data.shuffle_window : 0,
        .initial_parameters = jobs_plan_is_formula(plan) ? NULL : plan->initial_parameters,
        .formula_examples = plan->formula_examples,
        .formula_validation = plan->formula_validation,
        .initial_values = jobs_plan_is_formula(plan) ? plan->initial_parameters : NULL,
    };
}

size_t jobs_plan_parameter_bytes(const jobs_plan *plan)
{
    return gd_model_parameter_count(plan->model) * gd_model_element_bytes(plan->model);
}

void jobs_plan_write_summary(const jobs_plan *plan, json_writer *writer)
{
    json_writer_begin_object(writer);
    json_writer_key(writer, "parameters");
    json_writer_int64(writer, (int64_t)gd_model_parameter_count(plan->model));
    json_writer_key(writer, "layers");
    json_writer_begin_array(writer);
    for (int64_t i = 0; i < gd_model_layer_count(plan->model); i++) {
        char name[32];
        snprintf(name, sizeof name, jobs_plan_is_formula(plan) ? "formula" : "layers.%lld",
                 (long long)i);
        const gd_shape *shape = gd_model_layer_shape(plan->model, i);
        json_writer_begin_object(writer);
        json_writer_key(writer, "name");
        json_writer_string(writer, name);
        json_writer_key(writer, "type");
        json_writer_string(writer,
                           gd_layer_descriptor_at(gd_model_layer(plan->model, i)->type)->name);
        json_writer_key(writer, "output_shape");
        json_writer_begin_array(writer);
        for (int64_t j = 0; j < shape->rank; j++)
            json_writer_int64(writer, shape->dimensions[j]);
        json_writer_end_array(writer);
        json_writer_key(writer, "parameters");
        json_writer_int64(writer, gd_model_layer_parameters(plan->model, i));
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    if (jobs_plan_is_formula(plan)) {
        json_writer_key(writer, "names");
        json_writer_begin_array(writer);
        for (int64_t i = 0; i < gd_model_tensor_count(plan->model); i++)
            json_writer_string(writer, gd_model_tensor(plan->model, i)->name);
        json_writer_end_array(writer);
    }
    json_writer_end_object(writer);
}
