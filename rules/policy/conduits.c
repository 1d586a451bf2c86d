/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * conduits.c - conduits; their rules are in rules.c.
 */
#include "load.h"
#include "load_rules.h"

#include <string.h>

static void read_purpose(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_conduit *)into)->purpose = ps_load_copy(load, setting);
}

static void read_owner(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_conduit *)into)->owner = ps_load_copy(load, setting);
}

static void read_from(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_conduit *)into)->from = ps_load_zone_ref(load, setting);
}

static void read_to(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_conduit *)into)->to = ps_load_zone_ref(load, setting);
}

static void read_mode(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *words[] = {ps_mode_name(PS_MODE_ENFORCE), ps_mode_name(PS_MODE_MONITOR)};
    uint32_t mode = ps_load_choice(load, setting, PS_WORDS(words, 2));
    ((struct ps_conduit *)into)->mode = mode == PS_NONE ? PS_MODE_ENFORCE : (uint8_t)mode;
}

static void read_on_deny(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *words[] = {ps_on_deny_name(PS_ON_DENY_RESET), ps_on_deny_name(PS_ON_DENY_DROP),
                           ps_on_deny_name(PS_ON_DENY_ANSWER)};
    uint32_t on_deny = ps_load_choice(load, setting, PS_WORDS(words, 3));
    ((struct ps_conduit *)into)->on_deny = on_deny == PS_NONE ? PS_ON_DENY_RESET : (uint8_t)on_deny;
}

static void read_on_failure(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *words[] = {ps_on_failure_name(PS_ON_FAILURE_CLOSED), ps_on_failure_name(PS_ON_FAILURE_OPEN)};
    uint32_t choice = ps_load_choice(load, setting, PS_WORDS(words, 2));
    ((struct ps_conduit *)into)->on_failure = choice == PS_NONE ? PS_ON_FAILURE_UNSET : (uint8_t)(choice + 1);
}

/* One list for all protocols: 9 is none of Modbus's exceptions, beyond 11 nobody has any. */
static void read_answer_code(struct ps_load *load, config_setting_t *setting, void *into)
{
    int64_t number;
    if (!ps_load_number(load, setting, 1, 11, &number))
        return;
    if (number == 9)
        ps_load_error(load, setting, "9 is no code that a refusal may have; write one of 1 to 8, 10 and 11");
    else
        ((struct ps_conduit *)into)->answer_code = (uint8_t)number;
}

/* The first of two words is the default, and 0. */
static void read_either(struct ps_load *load, config_setting_t *setting, const char *(*name)(unsigned), uint8_t *into)
{
    const char *words[] = {name(0), name(1)};
    *into = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
}

static void read_fragments(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_either(load, setting, ps_fragments_name, &((struct ps_conduit *)into)->fragments);
}

static void read_segments(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_either(load, setting, ps_segments_name, &((struct ps_conduit *)into)->segments);
}

static void read_midstream(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_either(load, setting, ps_midstream_name, &((struct ps_conduit *)into)->midstream);
}

static void read_fallback(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *words[] = {ps_fallback_name(PS_FALLBACK_DENY), ps_fallback_name(PS_FALLBACK_PORTS),
                           ps_fallback_name(PS_FALLBACK_QUEUE)};
    uint32_t word = ps_load_choice(load, setting, PS_WORDS(words, 3));
    if (word != PS_NONE)
        ((struct ps_conduit *)into)->fallback = (uint8_t)word;
}

static void read_hold_limit(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char complaint[] = "is not a time that the rest of a message may take; write seconds from 0.1 to 30";
    ps_load_seconds(load, setting, (struct ps_range){100, 30000}, complaint, &((struct ps_conduit *)into)->hold_ms);
}

static void read_cap(struct ps_load *load, config_setting_t *setting, uint32_t *into)
{
    int64_t number;
    if (ps_load_number(load, setting, 1, 1000000, &number))
        *into = (uint32_t)number;
}

static void read_max_half_open(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_cap(load, setting, &((struct ps_conduit *)into)->max_half_open);
}

static void read_max_new_flows(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_cap(load, setting, &((struct ps_conduit *)into)->max_new_flows);
}

static void read_sl_t(struct ps_load *load, config_setting_t *setting, void *into)
{
    struct ps_conduit *conduit = into;
    conduit->has_sl_t = ps_load_sl_t(load, setting, conduit->sl_t);
}

static const struct ps_key conduit_keys[] = {
    {"name", NULL, NULL},
    {"from", read_from, "from = \"...\", the zone that opens connections"},
    {"to", read_to, "to = \"...\", the zone that serves"},
    {"purpose", read_purpose, NULL},
    {"owner", read_owner, NULL},
    {"mode", read_mode, NULL},
    {"on_deny", read_on_deny, NULL},
    {"answer_code", read_answer_code, NULL},
    {"on_failure", read_on_failure, NULL},
    {"fragments", read_fragments, NULL},
    {"segments", read_segments, NULL},
    {"midstream", read_midstream, NULL},
    {"fallback", read_fallback, NULL},
    {"hold_limit", read_hold_limit, NULL},
    {"max_half_open", read_max_half_open, NULL},
    {"max_new_flows", read_max_new_flows, NULL},
    {"sl_t", read_sl_t, NULL},
    {"allow", NULL, NULL},
};

static void read_conduit(struct ps_load *load, config_setting_t *group, struct ps_conduit *conduit)
{
    struct ps_model *model = load->model;
    uint32_t index = (uint32_t)(conduit - model->conduits);
    *conduit = (struct ps_conduit){.from = PS_NONE, .to = PS_NONE, .src = ps_load_place(load, group)};
    conduit->name = ps_load_name(load, group, "a conduit");
    load->at = conduit->name;
    if (conduit->name) {
        uint32_t first = ps_names_add(&load->conduits, conduit->name, index);
        if (first != index)
            ps_load_error(load, ps_load_member(group, "name"),
                          "conduit \"%s\" is there already, on line %u of %s; rename one", conduit->name,
                          model->conduits[first].src.line, load->source->files[model->conduits[first].src.file]);
    }
    ps_load_group(load, group, PS_KEYS(conduit_keys), "a conduit", conduit);
    if (conduit->answer_code != 0 && conduit->on_deny != PS_ON_DENY_ANSWER)
        ps_load_error(load, ps_load_member(group, "answer_code"),
                      "nothing is answered without on_deny = \"answer\"; add that or remove this key");
    conduit->first_rule = model->n_rules;
    config_setting_t *allow = ps_load_member(group, "allow");
    if (allow)
        ps_load_rules(load, allow, conduit);
    conduit->n_rules = model->n_rules - conduit->first_rule;
    load->at = NULL;
}

/* Entries first ... of the whole list. */
static void read_batch(struct ps_load *load, config_setting_t *list, uint32_t first)
{
    struct ps_model *model = load->model;
    unsigned n = (unsigned)config_setting_length(list), room = first < PS_MAX_CONDUITS ? PS_MAX_CONDUITS - first : 0;
    if (n > room && first <= PS_MAX_CONDUITS)
        ps_load_too_many(load, ps_load_elem(list, room), load->source->n_conduits, PS_MAX_CONDUITS);
    n = n < room ? n : room;
    for (unsigned i = 0; i < n; i++)
        (void)ps_load_is_group(load, ps_load_elem(list, i), first + i);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (config_setting_is_group(group))
            read_conduit(load, group, &model->conduits[model->n_conduits++]);
    }
}

static void *alloc_up_to(struct ps_model *model, size_t n, size_t max, size_t size)
{
    return ps_model_alloc(model, (n < max ? n : max) * size);
}

/* The list itself is empty: see source.h. */
void ps_load_conduits(struct ps_load *load, config_setting_t *list)
{
    const struct ps_source *source = load->source;
    struct ps_model *model = load->model;
    if (source->n_conduits == 0)
        (void)ps_load_groups(load, list, 0, "a conduit"); /* it is no list, or has no entries */
    model->conduits = alloc_up_to(model, source->n_conduits, PS_MAX_CONDUITS, sizeof *model->conduits);
    model->rules = alloc_up_to(model, source->n_rules, PS_MAX_RULES, sizeof *model->rules);
    for (size_t i = 0; i < source->n_batches; i++) {
        config_t config;
        config_init(&config);
        config_setting_t *part = ps_load_batch(load, &config, &source->batches[i]);
        if (part)
            read_batch(load, part, (uint32_t)i * PS_SOURCE_BATCH);
        config_destroy(&config);
    }
    ps_load_no_batch(load);
}
