/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_policy.c - any text: either a model or at least one error with its place; a model prints to text that reads back
 * to the same model, and that text prints to itself.
 *
 * Text with an @include is passed over: what it means depends on the files of the machine.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/policy/model_same.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_findings(const struct ps_diags *diags)
{
    if (diags->n_errors == 0)
        abort();
    for (size_t i = 0; i < diags->n; i++)
        if (!diags->items[i].file || diags->items[i].line == 0 || !diags->items[i].text[0])
            abort();
}

static char *print(const struct ps_model *model)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out || !ps_policy_print(model, out) || fclose(out) != 0)
        abort();
    return text;
}

/* What a model prints is read again; the program ends when it says something else. */
static void check_print(const struct ps_model *model, const char *source)
{
    struct ps_diags diags;
    ps_diags_init(&diags);
    char *text = print(model);
    struct ps_model *again = ps_policy_parse(text, "printed.conf", &diags);
    const char *difference = again ? model_difference(model, again) : diags.items[0].text;
    char *text_again = again ? print(again) : NULL;
    if (difference || strcmp(text, text_again) != 0) {
        fprintf(stderr, "%s\n--- source\n%s\n--- printed\n%s\n", difference ? difference : "printed twice", source,
                text);
        abort();
    }
    free(text);
    free(text_again);
    ps_model_free(again);
    ps_diags_fini(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct ps_diags diags;
    ps_diags_init(&diags);
    if (!strstr(text, "@include")) {
        struct ps_model *model = ps_policy_parse(text, "fuzz.conf", &diags);
        if (model)
            check_print(model, text);
        else
            check_findings(&diags);
        ps_model_free(model);
    }
    ps_diags_fini(&diags);
    free(text);
    return 0;
}
