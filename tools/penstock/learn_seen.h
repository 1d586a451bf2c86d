/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * learn_seen.h - what captures ask of a policy: one entry per thing that a rule could grant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "learn_ranges.h"

/* How an inspected function writes. */
enum ps_seen_values {
    PS_SEEN_NO_VALUES = 0,
    PS_SEEN_BOUNDED, /* min..max is known */
    PS_SEEN_UNKNOWN, /* writes something that cannot be seen, or that is no finite number */
};

/* Compared octet by octet: no padding, and fields that do not apply are 0. */
struct ps_seen_key {
    struct ps_addr client; /* PS_PROTOCOL_ETHERNET: the MAC as a number in lo */
    struct ps_addr server;
    uint32_t station;
    uint32_t space;
    uint16_t port;     /* of the server; ICMP: type; IP: protocol number; Ethernet: ethertype or DSAP */
    uint16_t function; /* inspected: table row; 0 with PS_OP_NONE */
    uint16_t choice;   /* inspected: by the vocabulary's choices */
    uint8_t protocol;  /* enum ps_protocol; PS_PROTOCOL_NONE: the two only look for each other's MAC */
    uint8_t udp;       /* inspected, over UDP */
    uint8_t op;        /* inspected: enum ps_op; PS_OP_NONE: the connection itself */
    uint8_t values;    /* enum ps_seen_values */
    uint8_t asks;      /* inspected: bits of the vocabulary's asks */
    uint8_t n_params;
    uint8_t housekeeping; /* granted by the station alone */
    uint8_t none[3];
};

struct ps_seen {
    struct ps_seen_key key;
    struct ps_ranges objects; /* of key.space */
    double min, max;          /* PS_SEEN_BOUNDED */
    struct ps_range params[PS_PARAMS_MAX]; /* key.n_params of them: smallest and largest */
};

/* Zeroed: empty. */
struct ps_seen_set {
    struct ps_seen *items; /* in the order of their first appearance */
    uint32_t n, capacity;
    uint32_t *slots; /* hash table of item number + 1 */
    uint32_t n_slots;
};

/* What may be learned from a judgement. */
struct ps_seen_limits {
    const struct ps_ranges *ports[PS_N_DISSECTORS]; /* server ports on which that protocol is spoken */
    bool late; /* also what allowed traffic brings with it: neighbour discovery, ICMP errors */
};

void ps_seen_fini(struct ps_seen_set *set);

/* Learns what a judgement that was refused for class policy asked for. True when it was news. */
bool ps_seen_judged(struct ps_seen_set *set, const struct ps_seen_limits *limits, const struct ps_judged *judged);

/* Classes that change nothing in the process and come with many kinds of object: one rule has all of them. */
bool ps_op_gathers(unsigned op);

/* Notes that nobody's connections to this port speak an inspected protocol, over TCP and UDP. */
void ps_seen_port(struct ps_seen_set *set, uint8_t protocol, uint16_t port);

/* Adds all of other. True when something was news. */
bool ps_seen_merge(struct ps_seen_set *set, const struct ps_seen_set *other);

/* By key, in a total order that does not depend on the order of appearance. */
void ps_seen_sort(struct ps_seen_set *set);

/* The order of ps_seen_sort(): client, server, protocol, transport, port, station, what is asked for besides, operation,
 * values, numbers, space, function, choice; of what does not gather (ps_op_gathers()) choice before space. */
int ps_seen_compare(const struct ps_seen_key *a, const struct ps_seen_key *b);
