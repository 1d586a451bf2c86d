/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy_text.c - prints a plant file in canonical form, or its errors: what the golden tests of the loader compare.
 *
 *     policy_text plant FILE      policy_text tests FILE
 */
#include <stdio.h>
#include <string.h>

#include "policy.h"

static void print_findings(const struct ps_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        const struct ps_diag *diag = &diags->items[i];
        printf("%s", diag->file ? diag->file : "?");
        if (diag->line)
            printf(":%u", diag->line);
        printf(": %s: %s", diag->severity == PS_SEV_ERROR ? "error" : "warning", diag->text);
        printf(diag->at ? " <%s>\n" : "\n", diag->at);
    }
}

static bool print_plant(const char *path, struct ps_diags *diags)
{
    struct ps_model *model = ps_policy_load(path, diags);
    bool ok = model && ps_policy_print(model, stdout);
    ps_model_free(model);
    return ok;
}

static bool print_tests(const char *path, struct ps_diags *diags)
{
    struct ps_policy_tests tests;
    if (!ps_policy_tests_load(path, &tests, diags))
        return false;
    for (uint32_t i = 0; i < tests.n; i++) {
        const struct ps_policy_test *test = &tests.items[i];
        printf("%s:%u: %s: %s -> %s \"%s\" %s rule=%s reason=%s\n", tests.owner->files[test->src.file], test->src.line,
               test->name, test->from, test->to, test->pdu, test->expect_allow ? "allow" : "deny",
               test->rule ? test->rule : "any", test->reason ? test->reason : "any");
    }
    ps_policy_tests_fini(&tests);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct ps_diags diags;
    ps_diags_init(&diags);
    bool ok = strcmp(argv[1], "tests") == 0 ? print_tests(argv[2], &diags) : print_plant(argv[2], &diags);
    print_findings(&diags);
    ps_diags_fini(&diags);
    return ok ? 0 : 1;
}
