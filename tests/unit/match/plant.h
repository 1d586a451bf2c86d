/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plant.h - a plant as text (with ' for "), compiled and opened.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "compile.h"
#include "match.h"
#include "policy.h"
#include "unit.h"
#include "vocab.h"

struct plant {
    struct ps_model *model;
    uint8_t *data;
    size_t len;
    struct ps_image image;
};

#define HEAD "schema = 1; site = 'test'; revision = 3; "

static inline struct ps_model *plant_model(const char *text, struct ps_diags *diags)
{
    char *quoted = strdup(text);
    for (char *c = quoted; *c; c++)
        if (*c == '\'')
            *c = '"';
    struct ps_model *model = ps_policy_parse(quoted, "some/folder/plant.conf", diags);
    free(quoted);
    return model;
}

static inline void plant_open(struct plant *plant, const char *text)
{
    struct ps_diags diags;
    ps_diags_init(&diags);
    *plant = (struct plant){.model = plant_model(text, &diags)};
    if (plant->model)
        plant->data = ps_compile(plant->model, &diags, &plant->len);
    for (size_t i = 0; i < diags.n; i++)
        fprintf(stderr, "%s:%u: %s\n", diags.items[i].file, diags.items[i].line, diags.items[i].text);
    ck_assert_ptr_nonnull(plant->data);
    ck_assert_uint_eq(diags.n_errors, 0);
    ck_assert_pstr_eq(ps_image_open(plant->data, plant->len, &plant->image), NULL);
    ps_diags_fini(&diags);
}

static inline void plant_close(struct plant *plant)
{
    ps_model_free(plant->model);
    free(plant->data);
}

static inline struct ps_addr addr(const char *text)
{
    struct ps_addr a;
    ck_assert_msg(ps_addr_parse(text, &a), "%s", text);
    return a;
}

static inline struct ps_mac mac(const char *text)
{
    struct ps_mac m;
    ck_assert_msg(ps_mac_parse(text, &m), "%s", text);
    return m;
}

/* By name, in the whole plant. */
static inline uint32_t rule_named(const struct plant *plant, const char *name)
{
    for (uint32_t i = 0; i < ps_image_n_rules(&plant->image); i++)
        if (strcmp(ps_image_rule_name(&plant->image, i), name) == 0)
            return i;
    ck_abort_msg("no rule %s", name);
    return PS_NONE;
}
