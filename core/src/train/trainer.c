/*
 * trainer.c: making, driving and inspecting a trainer in the precision of this library.
 *
 * All memory of a run is taken here, its size known from the setup alone; the parts of a step live in
 * the files named in trainer.h. Callers come by the functions of training.c.
 */
#include "train/trainer.h"

#include "base/denormals.h"
#include "base/memory.h"
#include "formula/scaled.h"
#include "nn/plan.h"

#include <time.h>

static double system_clock(void *context)
{
    (void)context;
    struct timespec now = {0};
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int gdi_free_block(const gd_trainer *trainer)
{
    int block = 0;
    while (block == trainer->current || block == trainer->best) {
        block++;
    }
    return block;
}

static int64_t count_scalars(const gd_trainer_setup *setup)
{
    const gd_optimizer_descriptor *optimizer = gd_optimizer_descriptor_at(setup->optimizer.type);
    return optimizer->scalar_count == NULL ? 0 : optimizer->scalar_count(&setup->optimizer);
}

/*
 * Elements from one block of moments to the next. Where pieces of all of them are worked on at a time
 * they lie alike in pairs of cache lines, as processors fetch them.
 */
static size_t moment_stride(const gd_optimizer_descriptor *optimizer, size_t count)
{
    const size_t multiple = 128 / sizeof(gd_real);
    return optimizer->update_rows != NULL ? (count + multiple - 1) / multiple * multiple : count;
}

/* What points tell apart: layers with parameters, or the parameters of a formula. */
static int64_t count_layers(const gd_model *model)
{
    int64_t count = 0;
    if (gd_model_formula(model) != NULL) {
        count = gd_model_tensor_count(model);
        return count <= GD_FORMULA_SERIES ? count : 0;
    }
    for (int64_t i = 0; i < gd_model_layer_count(model); i++) {
        count += gd_model_layer_parameters(model, i) > 0 ? 1 : 0;
    }
    return count;
}

/* Adds count · size bytes; *total stays -1 once it has overflowed. */
static void add_bytes(int64_t *total, int64_t count, size_t size)
{
    int64_t bytes = 0;
    if (*total < 0 || count < 0 || __builtin_mul_overflow(count, (int64_t)size, &bytes) ||
        __builtin_add_overflow(*total, bytes, total)) {
        *total = -1;
    }
}

int64_t gdi_trainer_bytes(const gd_trainer_setup *setup)
{
    gd_trainer_setup resolved = *setup;
    if (gdi_setup_check(&resolved, false, NULL) != GD_OK) {
        return -1;
    }
    const gd_optimizer_descriptor *optimizer = gd_optimizer_descriptor_at(setup->optimizer.type);
    int64_t parameters = (int64_t)gd_model_parameter_count(setup->model);
    int64_t rows = resolved.training.batch_size, outputs = 0;
    if (__builtin_mul_overflow(rows, gd_shape_size(gd_model_output_shape(setup->model)),
                               &outputs)) {
        return -1;
    }
    int64_t blocks = GDI_BLOCKS + 1 + (optimizer->needs_objective ? 2 : 0);
    int64_t moments = optimizer->moment_count(&setup->optimizer);
    int64_t total = (int64_t)sizeof(gd_trainer);
    add_bytes(&total, parameters, (size_t)blocks * sizeof(gd_real));
    add_bytes(&total, (int64_t)moment_stride(optimizer, gd_model_trained_count(setup->model)),
              (size_t)moments * sizeof(gd_real));
    add_bytes(&total, count_scalars(setup), sizeof(double));
    add_bytes(&total, outputs, sizeof(gd_real));
    add_bytes(&total, gd_model_formula(setup->model) != NULL ? 2 * parameters : 0, sizeof(double));
    add_bytes(&total, count_layers(setup->model), sizeof(int64_t) + 2 * sizeof(double));
    add_bytes(&total, gd_model_workspace_bytes(setup->model, rows, true), 1);
    add_bytes(&total, gdi_thread_pool_bytes(resolved.training.threads, gdi_parallel_scratch()), 1);
    add_bytes(&total,
              gdi_batcher_bytes(&resolved.examples, &resolved.training, resolved.shuffle_window),
              1);
    if (resolved.validation.count > 0) {
        int64_t slice = gdi_slice_rows(setup->model, resolved.validation.count);
        add_bytes(&total, gd_model_workspace_bytes(setup->model, slice, false), 1);
        add_bytes(&total, gdi_gatherer_bytes(&resolved.validation, slice, false), 1);
    }
    return total;
}

static gd_real *allocate_reals(size_t blocks, size_t count, bool *failed)
{
    size_t total = 0;
    gd_real *values =
        gdi_size_multiply(blocks, count, &total) ? gdi_allocate(total, sizeof *values) : NULL;
    *failed = *failed || values == NULL;
    return values;
}

static gd_status start_threads(gd_trainer *trainer, gd_error *error)
{
    gd_status status = gdi_thread_pool_create(&trainer->pool, trainer->setup.training.threads,
                                              gdi_parallel_scratch(), error);
    gdi_workspace_use_threads(trainer->workspace, trainer->pool);
    if (trainer->validation_workspace != NULL) {
        gdi_workspace_use_threads(trainer->validation_workspace, trainer->pool);
    }
    trainer->batcher.gatherer.pool = trainer->pool;
    trainer->validation_rows.pool = trainer->pool;
    return status;
}

static gd_status allocate(gd_trainer *trainer, gd_error *error)
{
    const gd_trainer_setup *setup = &trainer->setup;
    size_t rows = (size_t)setup->training.batch_size;
    bool failed = false;
    for (int i = 0; i < GDI_BLOCKS; i++) {
        trainer->blocks[i] = allocate_reals(1, trainer->parameter_count, &failed);
    }
    trainer->gradients = allocate_reals(1, trainer->parameter_count, &failed);
    trainer->moments =
        allocate_reals((size_t)trainer->moment_count, trainer->moment_stride, &failed);
    trainer->output_gradient =
        allocate_reals(rows, (size_t)gd_shape_size(gd_model_output_shape(setup->model)), &failed);
    if (trainer->optimizer->needs_objective) {
        trainer->trial = allocate_reals(1, trainer->parameter_count, &failed);
        trainer->trial_gradients = allocate_reals(1, trainer->parameter_count, &failed);
    }
    if (gd_model_formula(setup->model) != NULL) {
        trainer->told = gdi_allocate(2 * trainer->parameter_count, sizeof(double));
        failed = failed || trainer->told == NULL;
    }
    trainer->scalars = gdi_allocate((size_t)trainer->scalar_count, sizeof(double));
    trainer->layers = gdi_allocate((size_t)trainer->layer_count, sizeof(int64_t));
    trainer->layer_norms = gdi_allocate((size_t)trainer->layer_count, sizeof(double));
    trainer->layer_ratios = gdi_allocate((size_t)trainer->layer_count, sizeof(double));
    if (failed || trainer->scalars == NULL || trainer->layers == NULL ||
        trainer->layer_norms == NULL || trainer->layer_ratios == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory to train %llu parameters",
                       (unsigned long long)trainer->parameter_count);
    }
    gd_status status = gdi_batcher_init(&trainer->batcher, &setup->examples, &setup->training,
                                        setup->shuffle_window, error);
    trainer->batcher.in_place = trainer->direct.kind == GDI_DIRECT_CLASSES;
    if (status == GD_OK) {
        status = gd_workspace_create(&trainer->workspace, setup->model, setup->training.batch_size,
                                     true, error);
    }
    if (status == GD_OK && setup->validation.count > 0) {
        trainer->validation_slice = gdi_slice_rows(setup->model, setup->validation.count);
        status = gdi_gatherer_init(&trainer->validation_rows, &setup->validation,
                                   trainer->validation_slice, false, error);
    }
    if (status == GD_OK && setup->validation.count > 0) {
        status = gd_workspace_create(&trainer->validation_workspace, setup->model,
                                     trainer->validation_slice, false, error);
    }
    return status == GD_OK ? start_threads(trainer, error) : status;
}

static void start(gd_trainer *trainer)
{
    const gd_trainer_setup *setup = &trainer->setup;
    bool of_formula = gd_model_formula(setup->model) != NULL;
    for (int64_t i = 0, next = 0; next < trainer->layer_count; i++) {
        if (of_formula || gd_model_layer_parameters(setup->model, i) > 0) {
            trainer->layers[next++] = i;
        }
    }
    trainer->progress.steps = setup->training.steps * setup->training.restarts;
    trainer->progress.epochs = setup->training.epochs * setup->training.restarts;
    gdi_begin(trainer);
}

/* Of an automatic record_every only some points have what costs a pass over all parameters. */
static int64_t measure_every(const gd_trainer_setup *setup, const gd_trainer_setup *resolved)
{
    int64_t every = resolved->training.record_every;
    if (setup->training.record_every != GD_AUTOMATIC || gd_model_formula(setup->model) != NULL) {
        return 1;
    }
    return (GDI_MEASURE_EVERY + every - 1) / every * every;
}

static void destroy(gd_trainer *trainer)
{
    for (int i = 0; i < GDI_BLOCKS; i++) {
        gdi_free(trainer->blocks[i]);
    }
    gdi_free(trainer->told);
    gdi_free(trainer->gradients);
    gdi_free(trainer->moments);
    gdi_free(trainer->output_gradient);
    gdi_free(trainer->trial);
    gdi_free(trainer->trial_gradients);
    gdi_free(trainer->scalars);
    gdi_free(trainer->layers);
    gdi_free(trainer->layer_norms);
    gdi_free(trainer->layer_ratios);
    gdi_thread_pool_destroy(trainer->pool);
    gdi_batcher_dispose(&trainer->batcher);
    gdi_gatherer_dispose(&trainer->validation_rows);
    gd_workspace_destroy(trainer->workspace);
    gd_workspace_destroy(trainer->validation_workspace);
    gd_model_destroy(trainer->own_model);
    gdi_free(trainer);
}

static gd_status advance(gd_trainer *trainer, gd_error *error)
{
    if (trainer->range_test.running) {
        gdi_range_test_advance(trainer);
        return GD_OK;
    }
    return trainer->validating ? gdi_validate_slice(trainer, error) : gdi_take_step(trainer, error);
}

/* Something to look at, or slices of validation next, which take another time than steps. */
static bool ends_run(const gd_trainer *trainer)
{
    return trainer->validating || trainer->point_ready || trainer->restarts.ended_ready ||
           trainer->range_test.ready || gdi_is_finished(trainer);
}

static gd_status run(gd_trainer *trainer, int64_t calls, gd_error *error)
{
    gd_error unread; /* a restart's failure is told by the restart too */
    error = error == NULL ? &unread : error;
    trainer->point_ready = false;
    trainer->restarts.ended_ready = false;
    trainer->range_test.ready = false;
    if (gdi_is_finished(trainer)) {
        return GD_OK;
    }
    if (!trainer->clock_started) {
        trainer->clock_origin = trainer->setup.clock(trainer->setup.clock_context);
        trainer->clock_started = true;
    }
    uint64_t control = gdi_denormals_flush();
    gd_status status = GD_OK;
    do {
        calls -= gdi_take_steps_together(trainer, calls - 1);
        status = advance(trainer, error);
    } while (--calls > 0 && status == GD_OK && !ends_run(trainer));
    gdi_denormals_restore(control);
    return status;
}

static const gd_point *point(const gd_trainer *trainer)
{
    return trainer->point_ready ? &trainer->point : NULL;
}

static const gd_range_test *range_test(const gd_trainer *trainer)
{
    return trainer->range_test.ready ? &trainer->range_test.result : NULL;
}

static const gd_restart *restart(const gd_trainer *trainer)
{
    return trainer->restarts.ended_ready ? &trainer->restarts.ended : NULL;
}

static const gd_progress *progress(const gd_trainer *trainer)
{
    return &trainer->progress;
}

static const int64_t *parameter_layers(const gd_trainer *trainer, int64_t *count)
{
    *count = trainer->layer_count;
    return trainer->layers;
}

static const void *parameters(const gd_trainer *trainer)
{
    return trainer->told != NULL ? NULL : gdi_parameters(trainer);
}

static const void *best_parameters(const gd_trainer *trainer, int64_t *step)
{
    if (trainer->told != NULL || trainer->best < 0) {
        return NULL;
    }
    *step = trainer->stopping.best_step;
    return trainer->blocks[trainer->best];
}

static const double *formula_parameters(const gd_trainer *trainer)
{
    if (trainer->told != NULL) {
        gdi_formula_tell(gd_model_formula(trainer->setup.model), gdi_parameters(trainer),
                         trainer->told);
    }
    return trainer->told;
}

static const double *formula_best(const gd_trainer *trainer, int64_t *step)
{
    if (trainer->told == NULL || trainer->best < 0) {
        return NULL;
    }
    double *values = trainer->told + trainer->parameter_count;
    gdi_formula_tell(gd_model_formula(trainer->setup.model), trainer->blocks[trainer->best],
                     values);
    *step = trainer->stopping.best_step;
    return values;
}

static const gdi_trainer_operations operations = {
    .destroy = destroy,
    .run = run,
    .point = point,
    .range_test = range_test,
    .restart = restart,
    .progress = progress,
    .parameter_layers = parameter_layers,
    .parameters = parameters,
    .best_parameters = best_parameters,
    .formula_parameters = formula_parameters,
    .formula_best = formula_best,
    .save = gdi_state_save,
    .load = gdi_state_load,
};

gd_status gdi_trainer_create(gd_trainer **trainer, const gd_trainer_setup *setup, gd_error *error)
{
    *trainer = NULL;
    gd_trainer_setup resolved = *setup;
    gd_status status = gdi_setup_check(&resolved, true, error);
    if (status != GD_OK) {
        return status;
    }
    if (resolved.clock == NULL) {
        resolved.clock = system_clock;
    }
    gd_trainer *made = gdi_allocate(1, sizeof *made);
    if (made == NULL) {
        return gd_fail(error, GD_OUT_OF_MEMORY, "", "no memory for a trainer");
    }
    *made = (gd_trainer){
        .operations = &operations,
        .setup = resolved,
        .kernels = gdi_kernels_best(),
        .optimizer = gd_optimizer_descriptor_at(resolved.optimizer.type),
        .loss = gd_loss_descriptor_at(resolved.loss.type),
        .parameter_count = gd_model_parameter_count(resolved.model),
        .trained_count = gd_model_trained_count(resolved.model),
        .output = gdi_plan_output(resolved.model),
        .validation_every = (resolved.training.epochs + GDI_VALIDATIONS - 1) / GDI_VALIDATIONS,
        .measure_every = measure_every(setup, &resolved),
        .layer_count = count_layers(resolved.model),
        .scalar_count = count_scalars(&resolved),
        .best = -1,
    };
    made->direct = gdi_direct_plan(resolved.model, &resolved.examples, resolved.training.batch_size,
                                   made->loss, &made->setup.loss);
    made->goes_together = gdi_goes_together(&made->setup, &made->direct);
    made->moment_count = made->optimizer->moment_count(&resolved.optimizer);
    made->moment_stride = moment_stride(made->optimizer, made->trained_count);
    status = allocate(made, error);
    if (status != GD_OK) {
        destroy(made);
        return status;
    }
    start(made);
    *trainer = made;
    return GD_OK;
}
