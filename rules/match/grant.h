/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * grant.h - does one rule grant this flow, this fact?
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "image_layout.h"
#include "match.h"

/* A flow, in the words of rules. */
struct ps_talk {
    uint32_t client, server; /* assets, PS_NONE: none */
    uint16_t code;           /* TCP, UDP: port of the server; ICMP: type; frame: ethertype or DSAP */
    uint8_t ip_proto;
    bool is_frame; /* not IP: ip_proto says nothing */
};

/* The first thing in a rule that does not hold for the flow: PS_MISS_NOTHING or PROTOCOL, PORT, CLIENT, SERVER. */
enum ps_miss ps_grant_flow(const struct ps_image *image, uint32_t rule, const struct ps_talk *talk);

/* The same for a fact on a flow that the rule grants: PS_MISS_NOTHING, PROTOCOL or STATION .. ASK. */
enum ps_miss ps_grant_fact(const struct ps_image *image, const struct ps_image_rule *rule, const struct ps_fact *fact);
