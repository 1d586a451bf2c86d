/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lint_case.h - a plant as text, and what the lint says about it. Texts are written with ' for ".
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "policy.h"
#include "unit.h"

#define TODAY 20261121u

/* Zones that are right in themselves, 10.0.N.0/24, each with two assets; and conduits that say all they should. */
#define SL "sl_t = [2, 2, 2, 1, 1, 2, 2];"
#define ZONE(name, kind, n, more)                                                                                      \
    "{ name = '" name "'; kind = '" kind "'; networks = ['10.0." #n ".0/24']; assets = ("                              \
    " { name = '" name "-1'; addresses = ['10.0." #n ".1']; },"                                                        \
    " { name = '" name "-2'; addresses = ['10.0." #n ".2']; } ); " more " }"
#define CONDUIT(name, from, to, more, rules)                                                                           \
    "{ name = '" name "'; from = '" from "'; to = '" to "'; " more " allow = (" rules "); }"
#define SAID "owner = 'o'; purpose = 'p'; on_failure = 'closed';"
#define ZONES(zones, more) "schema = 1; site = 'x'; revision = 1; zones = (" zones "); " more
#define PLANT(zones, conduits, more) ZONES(zones, "conduits = (" conduits "); " more)

/* Supervisory (operations) to control by one conduit with the given rules. */
#define OPS ZONE("ops", "operations", 1, SL)
#define CTL ZONE("ctl", "control", 2, SL)
#define RULES(rules) PLANT(OPS "," CTL, CONDUIT("c", "ops", "ctl", SAID, rules), "")
#define ENDS "clients = ['ops-1']; servers = ['ctl-1'];"
#define READ(name) "{ name = '" name "'; " ENDS " protocol = 'modbus'; operations = ['read']; }"

/* Two zones of given kinds, joined by conduit "c" with one rule that only reads. */
#define JOINED(kind_a, kind_b, more)                                                                                   \
    PLANT(                                                                                                             \
        ZONE("a", kind_a, 1, SL) "," ZONE("b", kind_b, 2, SL),                                                         \
        CONDUIT("c", "a", "b", SAID,                                                                                   \
                "{ name = 'r'; clients = ['a-1']; servers = ['b-1']; protocol = 'modbus'; operations = ['read']; }"),  \
        more)
/* The same with any rule. */
#define GRANTING(kind_a, kind_b, sl_a, rule)                                                                           \
    PLANT(ZONE("a", kind_a, 1, sl_a) "," ZONE("b", kind_b, 2, SL),                                                     \
          CONDUIT("c", "a", "b", SAID, "{ name = 'r'; clients = ['a-1']; servers = ['b-1']; " rule " }"), "")
#define WRITES                                                                                                         \
    "protocol = 'modbus'; functions = ['write-single-register']; objects = ['holding:1-2']; values = ['0..9'];"
/* A conduit without rules. */
#define LINK(from, to) "{ name = '" from to "'; from = '" from "'; to = '" to "'; " SAID " }"
#define ALL(level) "sl_t = " #level ";"

static inline struct ps_model *plant_parse(const char *text, struct ps_diags *diags)
{
    char *quoted = strdup(text);
    struct ps_model *model;

    for (char *c = quoted; *c; c++)
        if (*c == '\'')
            *c = '"';
    model = ps_policy_parse(quoted, "plant.conf", diags);
    for (size_t i = 0; i < diags->n && !model; i++)
        fprintf(stderr, "%s:%u: %s\n", diags->items[i].file, diags->items[i].line, diags->items[i].text);
    ck_assert_msg(model != NULL, "the plant of this test does not load: %s", quoted);
    free(quoted);
    return model;
}

/* All that the lint says about a plant. ps_diags_fini() it. */
static inline struct ps_diags plant_lint(const char *text)
{
    struct ps_diags diags;
    struct ps_model *model;

    ps_diags_init(&diags);
    model = plant_parse(text, &diags);
    ps_lint_rules(model, &diags);
    ps_lint_zones(model, TODAY, &diags);
    ps_diags_sort(&diags);
    ps_model_free(model);
    return diags;
}

/* The finding with this id at this place (NULL: anywhere) whose text holds words, or NULL. */
static inline const struct ps_diag *finding(const struct ps_diags *diags, const char *id, const char *at,
                                            const char *words)
{
    for (size_t i = 0; i < diags->n; i++) {
        const struct ps_diag *d = &diags->items[i];

        if (strcmp(d->id, id) == 0 && (!at || (d->at && strcmp(d->at, at) == 0)) && strstr(d->text, words))
            return d;
    }
    return NULL;
}

static inline void print_findings(const struct ps_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++)
        fprintf(stderr, "%d %s %s: %s\n", diags->items[i].severity, diags->items[i].id,
                diags->items[i].at ? diags->items[i].at : "-", diags->items[i].text);
}

/* The plant has the finding, with this severity, at this place and with these words, on a line of the file. */
static inline void expect(const char *text, enum ps_severity severity, const char *id, const char *at,
                          const char *words)
{
    struct ps_diags diags = plant_lint(text);
    const struct ps_diag *d = finding(&diags, id, at, words);

    if (!d)
        print_findings(&diags);
    ck_assert_msg(d != NULL, "no %s at %s with \"%s\"", id, at, words);
    ck_assert_int_eq(d->severity, severity);
    ck_assert_str_eq(d->file, "plant.conf");
    ck_assert_uint_gt(d->line, 0);
    ps_diags_fini(&diags);
}

/* The plant has no finding with this id whose text holds words. */
static inline void expect_none(const char *text, const char *id, const char *words)
{
    struct ps_diags diags = plant_lint(text);
    const struct ps_diag *d = finding(&diags, id, NULL, words);

    ck_assert_msg(d == NULL, "%s at %s: %s", id, d && d->at ? d->at : "-", d ? d->text : "");
    ps_diags_fini(&diags);
}

/* The plant has no finding at all. */
static inline void expect_clean(const char *text)
{
    struct ps_diags diags = plant_lint(text);

    print_findings(&diags);
    ck_assert_uint_eq(diags.n, 0);
    ps_diags_fini(&diags);
}
