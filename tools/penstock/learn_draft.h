/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_draft.h - rules in the making.
 *
 * Each draft starts as what one client asks of one server on one port and station; what is done to objects starts as one
 * draft per choice. Drafts that are equal but for one list are merged along it: the result grants exactly what its parts
 * granted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "learn_zones.h"

/* The lists along which drafts are merged. */
enum ps_draft_dim {
    PS_DRAFT_CHOICES,
    PS_DRAFT_STATIONS,
    PS_DRAFT_PORTS,
    PS_DRAFT_CODES,
    PS_DRAFT_CLIENTS,
    PS_DRAFT_SERVERS,
    PS_N_DRAFT_DIMS
};

struct ps_draft {
    uint32_t from, to; /* zones */
    uint8_t protocol;  /* enum ps_protocol */
    bool udp;
    bool opens_only; /* connections on which nothing was asked */
    bool has_functions, has_values;
    uint8_t asks;     /* what is permitted besides, of the vocabulary's asks */
    uint8_t n_params; /* bounded */
    uint32_t ops;
    uint64_t functions[PS_FUNCTIONS_MAX / 64];
    double min, max;                        /* has_values */
    struct ps_range params[PS_PARAMS_MAX];
    struct ps_ranges dims[PS_N_DRAFT_DIMS]; /* clients and servers: assets */
    struct ps_object_range *objects;        /* sorted by space and first */
    uint32_t n_objects, object_room;
};

struct ps_drafts {
    struct ps_draft *items;
    uint32_t n, capacity;
};

struct ps_draft_options {
    bool no_values; /* writes get no bounds of values and of other numbers */
};

/* Drafts for everything in seen (sorted by ps_seen_sort()), merged, in the order of the rules to come. */
void ps_drafts_make(struct ps_drafts *drafts, const struct ps_seen_set *seen, const struct ps_places *places,
                    const struct ps_draft_options *options);
void ps_drafts_fini(struct ps_drafts *drafts);
