/*
 * What a reader of curves may ask, and the columns that answer it.
 */
#include "api/curve_query.h"

#include "http/request_state.h"
#include "http/response_state.h"

#include <criterion/criterion.h>
#include <string.h>

static http_request request;
static http_response response;
static api_curve_query query;

static bool ask(const char *target)
{
    http_target_release(&request.target);
    http_response_release(&response);
    memset(&request, 0, sizeof request);
    http_response_begin(&response, "an-id");
    cr_assert_eq(http_target_parse(&request.target, target, 8192).status, 0, "%s", target);
    return api_curve_query_read(&request, &response, &query);
}

static void start(void)
{
    memset(&request, 0, sizeof request);
    http_response_begin(&response, "an-id");
}

static void end(void)
{
    http_target_release(&request.target);
    http_response_release(&response);
}

TestSuite(api_curve_query, .init = start, .fini = end);

Test(api_curve_query, defaults_and_members)
{
    cr_assert(ask("/c"));
    cr_expect_eq(query.after, 0);
    cr_expect_eq(query.max_points, 1000);
    cr_expect_eq(query.from_step, 0);
    cr_expect_eq(query.to_step, INT64_MAX);
    cr_expect_null(query.series);
    cr_expect_not(query.csv);
    cr_assert(ask("/c?after=5&max_points=0&from_step=10&to_step=20&series=loss,epoch&format=csv"));
    cr_expect_eq(query.after, 5);
    cr_expect_eq(query.max_points, 0);
    cr_expect_eq(query.from_step, 10);
    cr_expect_eq(query.to_step, 20);
    cr_expect_str_eq(query.series, "loss,epoch");
    cr_expect(query.csv);
}

Test(api_curve_query, refusals)
{
    static const char *const targets[] = {
        "/c?after=-1",  "/c?max_points=x", "/c?max_points=1000001", "/c?from_step=1.5",
        "/c?to_step=-", "/c?format=xml",   "/c?points=5",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        cr_expect_not(ask(targets[i]), "%s", targets[i]);
        cr_expect_eq(response.status, 400, "%s", targets[i]);
    }
}

static api_curve_columns choose(const char *series, gd_status expected)
{
    static char summary[] =
        "{\"parameters\":22,\"layers\":[{\"name\":\"layers.0\",\"type\":\"dense\",\"parameters\":12},"
        "{\"name\":\"layers.1\",\"type\":\"dropout\",\"parameters\":0},"
        "{\"name\":\"layers.2\",\"type\":\"dense\",\"parameters\":10}]}";
    store_job job = {.summary = summary};
    api_curve_columns columns = {0};
    query.series = series;
    cr_assert_eq(api_curve_columns_choose(&columns, &query, &job, &response), expected, "%s",
                 series != NULL ? series : "");
    return columns;
}

Test(api_curve_query, columns_are_the_fixed_series_and_the_layers_with_parameters)
{
    cr_assert(ask("/c"));
    api_curve_columns all = choose(NULL, GD_OK);
    cr_assert_eq(all.count, 1 + jobs_series_count(2));
    cr_expect_str_eq(all.columns[0].name, "seq");
    cr_expect_eq(all.columns[0].series, -1);
    cr_expect_str_eq(all.columns[1].name, "step");
    cr_expect_str_eq(all.columns[all.count - 4].name, "gradient_norm.layers.0");
    cr_expect_str_eq(all.columns[all.count - 3].name, "gradient_norm.layers.2");
    cr_expect_eq(all.columns[all.count - 3].series, JOBS_SERIES_FIXED + 1);
    cr_expect_str_eq(all.columns[all.count - 1].name, "update_ratio.layers.2");
    cr_expect_eq(all.columns[all.count - 1].series, JOBS_SERIES_FIXED + 3);
}

Test(api_curve_query, seq_and_step_always_lead)
{
    cr_assert(ask("/c"));
    api_curve_columns chosen = choose("gradient_norm.layers.2,loss", GD_OK);
    cr_assert_eq(chosen.count, 4);
    cr_expect_str_eq(chosen.columns[0].name, "seq");
    cr_expect_str_eq(chosen.columns[1].name, "step");
    cr_expect_str_eq(chosen.columns[2].name, "loss");
    cr_expect_str_eq(chosen.columns[3].name, "gradient_norm.layers.2");
    chosen = choose("", GD_OK);
    cr_expect_eq(chosen.count, 2);
    chosen = choose("loss,loss,", GD_OK);
    cr_expect_eq(chosen.count, 3);
}

Test(api_curve_query, a_series_that_is_not_there_is_named)
{
    static const char *const wrong[] = {
        "los", "losss", "loss,accuracy", "gradient_norm.layers.1", "gradient_norm.", ",loss"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert(ask("/c"));
        (void)choose(wrong[i], GD_INVALID_ARGUMENT);
        cr_expect_eq(response.status, 400);
    }
}
