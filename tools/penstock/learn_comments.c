/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_comments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void write_count(FILE *out, uint64_t n, const char *noun)
{
    char buf[PS_COUNT_TEXT_MAX];

    fprintf(out, "%s %s%s", ps_text_count(n, buf), noun, ps_text_s(n));
}

static void write_first(FILE *out, const struct ps_inputs *inputs, struct ps_first first)
{
    fprintf(out, ", first %s #%llu", base_name(inputs->items[first.input].path), (unsigned long long)first.number);
}

/* What stays refused on the connections of a rule. */
static void write_refused(FILE *out, const struct ps_rule *rule, const struct ps_evidence *evidence,
                          const struct ps_inputs *inputs)
{
    if (evidence->n == 0)
        fprintf(out, "warning: this is not %s: ", ps_protocol_name(rule->protocol));
    else
        fputs("; ", out);
    write_count(out, evidence->refused, "PDU");
    fprintf(out, " stay%s refused (%s", evidence->refused == 1 ? "s" : "", ps_reason_info(evidence->reason)->name);
    write_first(out, inputs, evidence->refused_first);
    putc(')', out);
}

static void write_rule(FILE *out, const struct ps_rule *rule, const struct ps_evidence *evidence,
                       const struct ps_inputs *inputs)
{
    bool inspected = rule->protocol < PS_N_DISSECTORS;

    if (evidence->n > 0) {
        write_count(out, evidence->n, inspected ? "request" : "packet");
        fputs(" from ", out);
        write_count(out, evidence->flows, "flow");
        write_first(out, inputs, evidence->first);
        if (evidence->min <= evidence->max)
            fprintf(out, ", values %lld..%lld seen", (long long)evidence->min, (long long)evidence->max);
    } else if (!inspected) {
        fputs("opened, and no data was seen", out);
    } else if (evidence->refused == 0) {
        fputs("connections on which nothing was asked; this rule grants no request", out);
    }
    if (inspected && evidence->refused > 0)
        write_refused(out, rule, evidence, inputs);
}

/* How many different partners an asset has in inspected rules, as a server or as a client. */
static void count_partners(const struct ps_model *model, uint32_t *served, uint32_t *asked)
{
    for (uint32_t i = 0; i < model->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[i];

        if (rule->protocol >= PS_N_DISSECTORS || rule->ops == PS_OP_BIT(PS_OP_SECURITY))
            continue;
        for (uint32_t k = 0; k < rule->n_servers; k++)
            served[rule->servers[k]]++;
        for (uint32_t k = 0; k < rule->n_clients; k++)
            asked[rule->clients[k]]++;
    }
}

static const char *role(uint32_t served, uint32_t asked)
{
    if (served > 0 && asked > 0)
        return "serves modbus and asks others: a controller or a gateway";
    if (served > 0)
        return "serves modbus: a PLC or a field device";
    return asked > 0 ? "asks by modbus: an HMI, a SCADA server or a controller" : NULL;
}

static const char **rule_notes(const struct ps_learned *learned, const struct ps_inputs *inputs,
                               struct ps_model *memory)
{
    const struct ps_model *model = learned->model;
    const char **notes = ps_model_alloc(memory, (model->n_rules + (size_t)1) * sizeof(*notes));

    for (uint32_t i = 0; i < model->n_rules; i++) {
        char text[512] = "";
        FILE *out = fmemopen(text, sizeof(text) - 1, "w");

        if (out) {
            write_rule(out, &model->rules[i], &learned->proof.evidence[i], inputs);
            fclose(out);
        }
        notes[i] = ps_model_strdup(memory, text);
    }
    return notes;
}

static const char **asset_notes(const struct ps_model *model, struct ps_model *memory)
{
    const char **notes = ps_model_alloc(memory, (model->n_assets + (size_t)1) * sizeof(*notes));
    uint32_t *served = ps_learn_calloc(model->n_assets, sizeof(*served));
    uint32_t *asked = ps_learn_calloc(model->n_assets, sizeof(*asked));

    count_partners(model, served, asked);
    for (uint32_t i = 0; i < model->n_assets; i++)
        notes[i] = role(served[i], asked[i]);
    free(served);
    free(asked);
    return notes;
}

void ps_learn_comments_init(struct ps_learn_comments *comments, const struct ps_learned *learned,
                            const struct ps_inputs *inputs)
{
    comments->memory = ps_need(ps_model_new());
    comments->notes.rules = rule_notes(learned, inputs, comments->memory);
    comments->notes.assets = asset_notes(learned->model, comments->memory);
}

void ps_learn_comments_fini(struct ps_learn_comments *comments)
{
    ps_model_free(comments->memory);
}
