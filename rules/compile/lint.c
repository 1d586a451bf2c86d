/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lint.h"

#include <stdarg.h>
#include <stdlib.h>

/* What was found for a rule. Several passes ask for all of them. */
struct ps_rule_grants {
    bool found;
    struct ps_grants grants;
};

void *ps_lint_calloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size);

    if (!p) {
        fputs("penstock: out of memory\n", stderr);
        abort();
    }
    return p;
}

/* Every function of a protocol in every class it has. */
static void list_facts(struct ps_lint *lint, unsigned protocol, const struct ps_vocab *vocab)
{
    struct ps_fact_kind *facts = ps_lint_calloc((size_t)vocab->n_functions * PS_N_OPS, sizeof(*facts));
    uint32_t n = 0;

    for (uint16_t row = 0; row < vocab->n_functions; row++) {
        for (uint8_t op = 1; op < PS_N_OPS; op++) {
            if (vocab->functions[row].ops & PS_OP_BIT(op))
                facts[n++] = (struct ps_fact_kind){.row = row, .op = op};
        }
    }
    lint->facts[protocol] = facts;
    lint->n_facts[protocol] = n;
}

void ps_lint_init(struct ps_lint *lint, const struct ps_model *model, struct ps_diags *diags)
{
    *lint = (struct ps_lint){.model = model, .diags = diags};
    lint->of_rule = ps_lint_calloc(model->n_rules, sizeof(*lint->of_rule));
    lint->first_asset = ps_lint_calloc((size_t)model->n_zones + 1, sizeof(*lint->first_asset));
    for (uint32_t i = 0; i < model->n_assets; i++)
        lint->first_asset[model->assets[i].zone + 1]++;
    for (uint32_t z = 0; z < model->n_zones; z++)
        lint->first_asset[z + 1] += lint->first_asset[z];
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(protocol);

        if (vocab)
            list_facts(lint, protocol, vocab);
    }
}

void ps_lint_fini(struct ps_lint *lint)
{
    free(lint->of_rule);
    free(lint->first_asset);
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++)
        free(lint->facts[protocol]);
}

/* ---- adding a finding ------------------------------------------------------------------------------------------ */

/* What a finding is about, and where that stands. */
struct place {
    struct ps_src src;
    const char *prefix; /* "conduit/", or "" */
    const char *slash;
    const char *name;
};

__attribute__((format(printf, 5, 0))) static void add(const struct ps_lint *lint, enum ps_severity severity,
                                                      const char *id, const struct place *place, const char *format,
                                                      va_list args)
{
    const struct ps_model *model = lint->model;
    const char *file = place->src.file < model->n_files ? model->files[place->src.file] : NULL;
    char *text = NULL;
    char *at = NULL;

    if (vasprintf(&text, format, args) < 0 || asprintf(&at, "%s%s%s", place->prefix, place->slash, place->name) < 0) {
        fputs("penstock: out of memory\n", stderr);
        abort();
    }
    ps_diag_add(lint->diags, severity, id, file, place->src.line, at, "%s", text);
    free(text);
    free(at);
}

void ps_lint_zone(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t zone,
                  const char *format, ...)
{
    const struct ps_zone *z = &lint->model->zones[zone];
    struct place place = {.src = z->src, .prefix = "", .slash = "", .name = z->name};
    va_list args;

    va_start(args, format);
    add(lint, severity, id, &place, format, args);
    va_end(args);
}

void ps_lint_asset(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t asset,
                   const char *format, ...)
{
    const struct ps_asset *a = &lint->model->assets[asset];
    struct place place = {.src = a->src, .prefix = "", .slash = "", .name = a->name};
    va_list args;

    va_start(args, format);
    add(lint, severity, id, &place, format, args);
    va_end(args);
}

void ps_lint_conduit(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t conduit,
                     const char *format, ...)
{
    const struct ps_conduit *c = &lint->model->conduits[conduit];
    struct place place = {.src = c->src, .prefix = "", .slash = "", .name = c->name};
    va_list args;

    va_start(args, format);
    add(lint, severity, id, &place, format, args);
    va_end(args);
}

void ps_lint_rule(const struct ps_lint *lint, enum ps_severity severity, const char *id, uint32_t rule,
                  const char *format, ...)
{
    const struct ps_rule *r = &lint->model->rules[rule];
    struct place place = {
        .src = r->src, .prefix = lint->model->conduits[r->conduit].name, .slash = "/", .name = r->name};
    va_list args;

    va_start(args, format);
    add(lint, severity, id, &place, format, args);
    va_end(args);
}

/* ---- what a rule grants ---------------------------------------------------------------------------------------- */

const struct ps_vocab *ps_lint_vocab(const struct ps_rule *rule)
{
    return ps_vocab_by_protocol(rule->protocol);
}

uint32_t ps_grants_row(const struct ps_rule *rule, const struct ps_vocab *vocab, uint16_t row)
{
    if (rule->has_functions && !(rule->functions[row / 64] >> (row % 64) & 1))
        return 0;
    return rule->ops != 0 ? vocab->functions[row].ops & rule->ops : vocab->functions[row].ops;
}

/* Does the rule grant this kind of fact by function and class? */
static bool row_granted(const struct ps_rule *rule, const struct ps_fact_kind *fact)
{
    if (rule->has_functions && !(rule->functions[fact->row / 64] >> (fact->row % 64) & 1))
        return false;
    return rule->ops == 0 || (rule->ops & PS_OP_BIT(fact->op));
}

bool ps_grants_addresses(const struct ps_rule *rule, const struct ps_vocab *vocab, const struct ps_fact_kind *kind)
{
    uint32_t last = 0;

    for (uint32_t i = 0; i < rule->n_objects; i++) {
        if (rule->objects[i].space != last && ps_vocab_addresses(vocab, kind->row, kind->op, rule->objects[i].space))
            return true;
        last = rule->objects[i].space;
    }
    return rule->n_objects == 0;
}

static void add_carried(struct ps_grants *grants, const struct ps_vocab *vocab, const struct ps_fact *fact)
{
    uint16_t n_params = vocab->n_params;

    grants->choices |= !vocab->carries || vocab->carries(fact->function, fact->op, fact->space, &n_params);
    grants->n_params = grants->n_params > n_params ? grants->n_params : n_params;
}

/* What facts of a kind carry and write on objects of one space, 0: on none. */
static void add_space(struct ps_grants *grants, const struct ps_vocab *vocab, const struct ps_fact_kind *kind,
                       uint32_t space)
{
    const struct ps_fact fact = {.function = kind->row, .op = kind->op, .space = space};
    double min, max;

    if (!ps_vocab_addresses(vocab, kind->row, kind->op, space))
        return;
    add_carried(grants, vocab, &fact);
    grants->unseen_writes |= ps_vocab_writes_unseen(vocab, &fact);
    if (!ps_vocab_value_limits(vocab, &fact, &min, &max))
        return;
    grants->min = grants->writes && grants->min < min ? grants->min : min;
    grants->max = grants->writes && grants->max > max ? grants->max : max;
    grants->writes = true;
    grants->wide_writes |= max - min > 1;
}

static void add_grant(struct ps_grants *grants, const struct ps_rule *rule, const struct ps_vocab *vocab,
                      const struct ps_fact_kind *kind)
{
    uint32_t last = 0;

    grants->n_facts++;
    grants->ops |= PS_OP_BIT(kind->op);
    for (uint32_t i = 0; i < rule->n_objects; i++) {
        if (rule->objects[i].space != last)
            add_space(grants, vocab, kind, rule->objects[i].space);
        last = rule->objects[i].space;
    }
    if (rule->n_objects > 0)
        return;
    add_space(grants, vocab, kind, 0);
    for (uint16_t i = 0; i < vocab->n_spaces; i++)
        add_space(grants, vocab, kind, vocab->spaces[i].code);
}

static void find_grants(const struct ps_lint *lint, const struct ps_rule *rule, struct ps_grants *grants)
{
    const struct ps_vocab *vocab = ps_lint_vocab(rule);

    *grants = (struct ps_grants){.all_functions = true};
    for (uint32_t i = 0; i < lint->n_facts[rule->protocol]; i++) {
        const struct ps_fact_kind *kind = &lint->facts[rule->protocol][i];

        if (!row_granted(rule, kind))
            grants->all_functions &= vocab->functions[kind->row].housekeeping;
        else if (ps_grants_addresses(rule, vocab, kind))
            add_grant(grants, rule, vocab, kind);
    }
}

void ps_grants_find(const struct ps_lint *lint, const struct ps_rule *rule, struct ps_grants *grants)
{
    struct ps_rule_grants *known = &lint->of_rule[rule - lint->model->rules];

    if (!known->found)
        find_grants(lint, rule, &known->grants);
    known->found = true;
    *grants = known->grants;
}

const char *ps_ops_text(uint32_t ops, char *buf, size_t size)
{
    struct ps_txt t;

    ps_txt_init(&t, buf, size);
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if (!(ops & PS_OP_BIT(op)))
            continue;
        ops &= ~PS_OP_BIT(op);
        if (t.len > 0)
            ps_txt_str(&t, ops != 0 ? ", " : " and ");
        ps_txt_str(&t, ps_op_name(op));
    }
    return buf;
}

bool ps_rule_lists_port(const struct ps_rule *rule, uint16_t port)
{
    for (uint32_t i = 0; i < rule->n_ports; i++)
        if (ps_range_contains(rule->ports[i], port, port))
            return true;
    return false;
}
