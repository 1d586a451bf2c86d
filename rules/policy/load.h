/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * load.h - what the files of the loader share: the text being read, and readers of one setting each.
 *
 * A group is read by a table of its keys. Every reader complains by itself and leaves what it reads at zero then, so
 * that loading goes on to the next mistake.
 */
#pragma once

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "model.h"
#include "policy.h"
#include "source.h"
#include "words.h"

struct ps_load {
    struct ps_model *model;
    struct ps_diags *diags;
    const struct ps_source *source;
    const struct ps_text *text; /* that the tree at hand is of; */
    size_t before;              /* and how many of its lines are before */
    bool partial;   /* the text is not whole: that something is missing is no finding */
    const char *at; /* model path of what is being read, NULL: none */
    size_t budget;  /* candidates that suggestions may still compare */
    struct ps_names zones, assets, conduits, gateways;
    uint32_t *seen; /* per asset: the list that named it last */
    uint32_t n_lists;
    struct ps_rule_keys *rule_keys; /* of rules.c; malloc()ed */
    char shown[4][88]; /* texts of the user, made fit for a message */
    unsigned next_shown;
};

#define PS_KEYS_MAX 96u /* of a table */

/* A key of a group. `into` is the struct that the group becomes. */
struct ps_key {
    const char *name;
    void (*read)(struct ps_load *load, config_setting_t *setting, void *into);
    const char *missing; /* required: what to write; NULL: the key may be left out */
};

/* ---- findings -------------------------------------------------------------------------------------------------- */

struct ps_src ps_load_place(const struct ps_load *load, const config_setting_t *setting);
/* At a setting, "key: sentence" with the nearest key around it. */
__attribute__((format(printf, 3, 4))) void ps_load_error(struct ps_load *load, const config_setting_t *setting,
                                                         const char *format, ...);
/* The same without the key. */
__attribute__((format(printf, 3, 4))) void ps_load_plain_error(struct ps_load *load, const config_setting_t *setting,
                                                               const char *format, ...);
/* "unknown WHAT "word"; did you mean ...", else the words if they are few, else the remedy. */
void ps_load_unknown(struct ps_load *load, const config_setting_t *setting, const char *what, const char *word,
                     struct ps_words words);
/* A text of the user, cut and without control characters. Valid until the fourth call from now. */
const char *ps_load_show(struct ps_load *load, const char *text);

/* ---- groups and lists ------------------------------------------------------------------------------------------ */

/* Reads a group by its table of n keys; what: "a zone", for messages. */
void ps_load_group(struct ps_load *load, config_setting_t *group, struct ps_words keys, const char *what, void *into);
#define PS_KEYS(table)                                                                                                 \
    ((struct ps_words){.items = (table), .n = sizeof(table) / sizeof((table)[0]), .stride = sizeof(table)[0]})
/* Member of a group; NULL when it has none. */
config_setting_t *ps_load_member(const config_setting_t *group, const char *name);
/* A list of groups: its length, 0 after a complaint. limit: how many there may be. */
unsigned ps_load_groups(struct ps_load *load, config_setting_t *list, uint32_t limit, const char *what);
/* What that complains about, one by one: entry `limit` of n; entry i of a list that is no group (false). */
void ps_load_too_many(struct ps_load *load, const config_setting_t *entry, unsigned n, uint32_t limit);
bool ps_load_is_group(struct ps_load *load, const config_setting_t *entry, unsigned i);
/* A list of texts or numbers: its length, 0 after a complaint. empty: what leaving the key out means. */
unsigned ps_load_items(struct ps_load *load, config_setting_t *list, const char *empty);
config_setting_t *ps_load_elem(const config_setting_t *list, unsigned i);

/* ---- single settings ------------------------------------------------------------------------------------------- */

/* NULL after a complaint. Not copied. */
const char *ps_load_text(struct ps_load *load, const config_setting_t *setting);
/* A copy in the model; NULL after a complaint. */
const char *ps_load_copy(struct ps_load *load, const config_setting_t *setting);
/* The member "name" of a group, checked and copied; NULL after a complaint. */
const char *ps_load_name(struct ps_load *load, const config_setting_t *group, const char *what);
bool ps_load_number(struct ps_load *load, const config_setting_t *setting, int64_t min, int64_t max, int64_t *out);
/* A text or a whole number as text, for what may be written both ways; NULL after a complaint. */
const char *ps_load_word(struct ps_load *load, const config_setting_t *setting, char number[24]);
/* Seconds as milliseconds within the limits; else false after the complaint. */
bool ps_load_seconds(struct ps_load *load, const config_setting_t *setting, struct ps_range limits_ms,
                     const char *complaint, uint32_t *ms);
/* True or false. */
bool ps_load_bool(struct ps_load *load, const config_setting_t *setting, bool *out);
/* "1-8" or 5 within min..max. */
bool ps_load_range(struct ps_load *load, const config_setting_t *setting, struct ps_range limits, struct ps_range *out);
/* A list of them. */
void ps_load_ranges(struct ps_load *load, config_setting_t *list, struct ps_range limits, struct ps_range **out,
                    uint32_t *n_out);
/* One of the words; its index, or PS_NONE after a complaint. */
uint32_t ps_load_choice(struct ps_load *load, const config_setting_t *setting, struct ps_words words);
/* A zone by name, or PS_NONE. */
uint32_t ps_load_zone_ref(struct ps_load *load, const config_setting_t *setting);
/* One number for all seven, or seven. */
bool ps_load_sl_t(struct ps_load *load, config_setting_t *setting, uint8_t sl_t[PS_N_FR]);

/* ---- parts of the file ----------------------------------------------------------------------------------------- */

void ps_load_zones(struct ps_load *load, config_setting_t *list);
void ps_load_conduits(struct ps_load *load, config_setting_t *list);
void ps_load_nevers(struct ps_load *load, config_setting_t *list);
void ps_load_gateways(struct ps_load *load, config_setting_t *list);
void ps_load_exceptions(struct ps_load *load, config_setting_t *list);

/* What rules and nevers share; they need the protocol's vocabulary. */
struct ps_vocab;
void ps_load_operations(struct ps_load *load, config_setting_t *list, uint32_t *ops);
void ps_load_functions(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab, uint64_t *bitmap);
void ps_load_objects(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab,
                     struct ps_object_range **out, uint32_t *n_out);
void ps_load_stations(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab,
                      struct ps_range **out, uint32_t *n_out);
/* PS_PROTOCOL_NONE after a complaint. */
unsigned ps_load_protocol(struct ps_load *load, const config_setting_t *setting);

/* Keys of rules that the protocol's vocabulary names: choices_key, params, asks. */
void ps_load_choices(struct ps_load *load, config_setting_t *list, const struct ps_vocab *vocab, struct ps_rule *rule);
/* Of a group, in the order of the vocabulary. */
void ps_load_params(struct ps_load *load, config_setting_t *group, const struct ps_vocab *vocab, struct ps_rule *rule);
void ps_load_ask(struct ps_load *load, const config_setting_t *setting, const struct ps_vocab *vocab,
                 struct ps_rule *rule);

/* libconfig's tree of the source; false when there is none. Findings go to load->diags. */
bool ps_load_tree(struct ps_load *load, config_t *config);
/* The list of conduits of a batch; NULL when there is none. Places are those of the batch until ps_load_no_batch(). */
config_setting_t *ps_load_batch(struct ps_load *load, config_t *config, const struct ps_batch *batch);
void ps_load_no_batch(struct ps_load *load);
