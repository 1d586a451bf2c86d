/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "policy.h"
#include "unit.h"

struct ps_nft_options nft_case_options;
static char *printed, notes[16384], block[65536];

static const char frame[] =
    "schema = 1; revision = 1; zones = ( { name = \"a\"; kind = \"control\"; networks = [\"10.1.0.0/24\"]; assets = (\n"
    " { name = \"a1\"; addresses = [\"10.1.0.1\"]; }, { name = \"a2\"; addresses = [\"10.1.0.2\"]; } ); },\n"
    " { name = \"b\"; kind = \"control\"; networks = [\"10.2.0.0/24\"]; assets = (\n"
    " { name = \"b1\"; addresses = [\"10.2.0.1\"]; } ); } );\n"
    "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; %s allow = ( %s ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"l\"; zones = [\"a\"]; }, { name = \"r\"; zones = [\"b\"]; } ); } );\n";

static void keep_notes(const struct ps_nft *nft)
{
    size_t at = 0;

    notes[0] = '\0';
    for (uint32_t i = 0; i < nft->n_notes; i++)
        at += (size_t)snprintf(notes + at, sizeof notes - at, "%s %s\n", ps_nft_note_name(nft->notes[i].kind),
                               nft->notes[i].text);
}

static void compile_image(const void *data, size_t len, unsigned shape)
{
    static const char *const devices[] = {"eth0", "eth1", "eth2", "eth3"};
    struct ps_nft_options options = nft_case_options;
    struct ps_image image;
    struct ps_nft nft;
    size_t size;

    options.shape = (uint8_t)shape;
    options.log_group = 7;
    options.queue = 3;
    options.devices = devices;
    ck_assert_ptr_null(ps_image_open(data, len, &image));
    ck_assert_ptr_null(ps_nft_shape_refuses(&image, 0, shape));
    ps_nft_compile(&image, &options, &nft);
    free(printed);
    FILE *out = open_memstream(&printed, &size);
    ck_assert(ps_nft_print(&nft.ruleset, out));
    fclose(out);
    keep_notes(&nft);
    ps_nft_fini(&nft);
}

const char *nft_case_plant(unsigned shape, const char *plant)
{
    struct ps_diags diags;
    size_t len = 0;

    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_parse(plant, "case.conf", &diags);
    uint8_t *data = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; !data && i < diags.n; i++)
        fprintf(stderr, "case.conf:%u: %s\n", diags.items[i].line, diags.items[i].text);
    ck_assert_ptr_nonnull(data);
    compile_image(data, len, shape);
    free(data);
    ps_model_free(model);
    ps_diags_fini(&diags);
    return printed;
}

const char *nft_case(unsigned shape, const char *handling, const char *rules)
{
    char plant[8192];

    snprintf(plant, sizeof plant, frame, handling, rules);
    return nft_case_plant(shape, plant);
}

const char *nft_case_notes(void)
{
    return notes;
}

void nft_has(const char *whole, const char *part)
{
    ck_assert_msg(strstr(whole, part) != NULL, "there is no\n%s\nin\n%.3000s", part, whole);
}

void nft_has_not(const char *whole, const char *part)
{
    ck_assert_msg(strstr(whole, part) == NULL, "there is\n%s\nin\n%.3000s", part, whole);
}

const char *nft_block(const char *whole, const char *head)
{
    char start[256];

    snprintf(start, sizeof start, "\n    %s {\n", head);
    const char *at = strstr(whole, start);
    ck_assert_msg(at != NULL, "there is no %s", head);
    const char *end = strstr(at, "\n    }\n");
    snprintf(block, sizeof block, "%.*s", (int)(end - at), at);
    return block;
}
