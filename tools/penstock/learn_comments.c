/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn_comments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "vocab.h"

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

static void write_values(FILE *out, const struct ps_evidence *evidence)
{
    char buf[64];
    struct ps_txt text;

    if (evidence->min > evidence->max)
        return;
    ps_txt_init(&text, buf, sizeof(buf));
    ps_value_range_format((struct ps_value_range){evidence->min, evidence->max}, &text);
    fprintf(out, ", value%s %s seen", evidence->min < evidence->max ? "s" : "", buf);
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
        write_values(out, evidence);
    } else if (!inspected) {
        fputs("opened, and no data was seen", out);
    } else if (evidence->refused == 0) {
        fputs("connections on which nothing was asked; this rule grants no request", out);
    }
    if (inspected && evidence->refused > 0)
        write_refused(out, rule, evidence, inputs);
}

/* Protocols that an asset speaks in learned rules, as bits of enum ps_protocol. */
struct speaks {
    uint32_t serves, asks;
};

static void collect_protocols(const struct ps_model *model, struct speaks *speaks)
{
    for (uint32_t i = 0; i < model->n_rules; i++) {
        const struct ps_rule *rule = &model->rules[i];

        if (rule->protocol >= PS_N_DISSECTORS || ps_learn_opens_only(rule))
            continue;
        for (uint32_t k = 0; k < rule->n_servers; k++)
            speaks[rule->servers[k]].serves |= UINT32_C(1) << rule->protocol;
        for (uint32_t k = 0; k < rule->n_clients; k++)
            speaks[rule->clients[k]].asks |= UINT32_C(1) << rule->protocol;
    }
}

/* "modbus, dnp3" */
static void write_protocols(uint32_t protocols, struct ps_txt *out)
{
    const char *between = "";

    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        if (!(protocols >> p & 1))
            continue;
        ps_txt_str(out, between);
        ps_txt_str(out, ps_protocol_name(p));
        between = ", ";
    }
}

/* "serves modbus: a PLC or a field device"; nothing for an asset that speaks no inspected protocol */
static void write_role(struct speaks speaks, struct ps_txt *out)
{
    ps_txt_str(out, speaks.serves ? "serves " : speaks.asks ? "asks by " : "");
    write_protocols(speaks.serves ? speaks.serves : speaks.asks, out);
    if (speaks.serves && speaks.asks) {
        ps_txt_str(out, " and asks others");
        if (speaks.serves != speaks.asks) {
            ps_txt_str(out, " by ");
            write_protocols(speaks.asks, out);
        }
        ps_txt_str(out, ": a controller or a gateway");
    } else if (speaks.serves) {
        ps_txt_str(out, ": a PLC or a field device");
    } else if (speaks.asks) {
        ps_txt_str(out, ": an HMI, a SCADA server or a controller");
    }
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
    struct speaks *speaks = ps_learn_calloc(model->n_assets, sizeof(*speaks));

    collect_protocols(model, speaks);
    for (uint32_t i = 0; i < model->n_assets; i++) {
        char buf[256];
        struct ps_txt text;

        ps_txt_init(&text, buf, sizeof(buf));
        write_role(speaks[i], &text);
        notes[i] = text.len > 0 ? ps_model_strdup(memory, buf) : NULL;
    }
    free(speaks);
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
