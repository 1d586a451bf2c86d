/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_operation.c - any text: either facts or a sentence; facts are written as text that reads back to the same facts,
 * and that text is written again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/words/same_facts.h"
#include "vocab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *text, const char *written)
{
    fprintf(stderr, "%s\n--- text\n%s\n--- written\n%s\n", what, text, written);
    abort();
}

static void check_text(const char *text, const struct ps_operation *operation)
{
    static struct ps_operation again;
    char written[4096], twice[4096], err[256];
    struct ps_txt txt;
    ps_txt_init(&txt, written, sizeof written);
    ps_operation_format(operation->dissector, &operation->facts, &txt);
    if (txt.cut)
        return;
    ps_txt_init(&txt, err, sizeof err);
    if (!ps_operation_parse(written, &again, &txt))
        fail(err, text, written);
    if (again.facts.n_facts != operation->facts.n_facts)
        fail("other facts", text, written);
    for (uint16_t i = 0; i < again.facts.n_facts; i++)
        if (!same_fact(&operation->facts.item[i], &again.facts.item[i]))
            fail("another fact", text, written);
    ps_txt_init(&txt, twice, sizeof twice);
    ps_operation_format(again.dissector, &again.facts, &txt);
    if (strcmp(twice, written) != 0)
        fail("another text", written, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_operation operation;
    char err[256];
    struct ps_txt txt;
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    ps_txt_init(&txt, err, sizeof err);
    if (ps_operation_parse(text, &operation, &txt))
        check_text(text, &operation);
    else if (err[0] == '\0')
        fail("no sentence", text, "");
    free(text);
    return 0;
}
