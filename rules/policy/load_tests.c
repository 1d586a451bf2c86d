/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load_tests.c - the file of policy tests.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#include "base/reason.h"

#define MAX_TESTS 1000000u

static struct ps_policy_test *test_of(void *into)
{
    return into;
}

static void read_from(struct ps_load *load, config_setting_t *setting, void *into)
{
    test_of(into)->from = ps_load_copy(load, setting);
}

static void read_to(struct ps_load *load, config_setting_t *setting, void *into)
{
    test_of(into)->to = ps_load_copy(load, setting);
}

static void read_name(struct ps_load *load, config_setting_t *setting, void *into)
{
    test_of(into)->name = ps_load_copy(load, setting);
}

static void read_pdu(struct ps_load *load, config_setting_t *setting, void *into)
{
    test_of(into)->pdu = ps_load_copy(load, setting);
}

static void read_rule(struct ps_load *load, config_setting_t *setting, void *into)
{
    test_of(into)->rule = ps_load_copy(load, setting);
}

static void read_expect(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"deny", "allow"};
    test_of(into)->expect_allow = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
}

static void read_reason(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *names[PS_N_REASONS - 1];
    for (unsigned i = 1; i < PS_N_REASONS; i++)
        names[i - 1] = ps_reason_info(i)->name;
    struct ps_words words = PS_WORDS(names, PS_N_REASONS - 1);
    const char *text = ps_load_copy(load, setting);
    if (text && ps_words_find(words, text) == PS_NONE)
        ps_load_unknown(load, setting, "reason", text, words);
    test_of(into)->reason = text;
}

static const struct ps_key test_keys[] = {
    {"name", read_name, "name = \"...\", what the test shows"},
    {"from", read_from, "from = \"...\", the client"},
    {"to", read_to, "to = \"...\", the server"},
    {"pdu", read_pdu, "pdu = \"modbus read-coils station=1 coil:0-7\" or another operation"},
    {"expect", read_expect, "expect = \"allow\" or \"deny\""},
    {"rule", read_rule, NULL},
    {"reason", read_reason, NULL},
};

static void read_test(struct ps_load *load, config_setting_t *group, struct ps_policy_test *test)
{
    test->src = ps_load_place(load, group);
    ps_load_group(load, group, PS_KEYS(test_keys), "a test", test);
    const config_setting_t *expect = ps_load_member(group, "expect");
    if (!expect || config_setting_type(expect) != CONFIG_TYPE_STRING)
        return;
    if (test->expect_allow && test->reason)
        ps_load_error(load, ps_load_member(group, "reason"),
                      "goes with expect = \"deny\"; remove it, or expect a refusal");
    if (strcmp(config_setting_get_string(expect), "deny") == 0 && test->rule)
        ps_load_error(load, ps_load_member(group, "rule"),
                      "goes with expect = \"allow\"; no rule grants what is denied");
}

static void read_tests(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_policy_tests *tests = into;
    unsigned n = ps_load_groups(load, list, MAX_TESTS, "tests");
    tests->items = ps_model_alloc(load->model, n * sizeof *tests->items);
    for (unsigned i = 0; i < n; i++)
        if (config_setting_is_group(ps_load_elem(list, i)))
            read_test(load, ps_load_elem(list, i), &tests->items[tests->n++]);
}

static const struct ps_key file_keys[] = {{"tests", read_tests, "tests = ( { name = \"...\"; ... } );"}};

static void load_tests(const struct ps_source *source, struct ps_policy_tests *tests, struct ps_diags *diags)
{
    struct ps_load *load = calloc(1, sizeof *load);
    if (!load)
        abort();
    *load = (struct ps_load){
        .model = tests->owner, .diags = diags, .source = source, .partial = source->mended, .budget = 1000000};
    config_t config;
    config_init(&config);
    if (ps_load_tree(load, &config))
        ps_load_group(load, config_root_setting(&config), PS_KEYS(file_keys), "a file of tests", tests);
    config_destroy(&config);
    free(load);
}

bool ps_policy_tests_load(const char *path, struct ps_policy_tests *tests, struct ps_diags *diags)
{
    size_t n_errors = diags->n_errors;
    *tests = (struct ps_policy_tests){.owner = ps_model_new()};
    if (!tests->owner)
        abort();
    struct ps_source source;
    ps_source_read(&source, path, diags);
    struct ps_model *model = tests->owner;
    model->n_files = source.n_files;
    model->files = ps_model_alloc(model, source.n_files * sizeof *model->files);
    for (uint32_t i = 0; i < source.n_files; i++)
        model->files[i] = ps_model_strdup(model, source.files[i]);
    load_tests(&source, tests, diags);
    ps_source_fini(&source);
    ps_diags_sort(diags);
    if (diags->n_errors == n_errors)
        return true;
    ps_policy_tests_fini(tests);
    return false;
}

void ps_policy_tests_fini(struct ps_policy_tests *tests)
{
    ps_model_free(tests->owner);
    *tests = (struct ps_policy_tests){0};
}
