/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ends.h - the two ends of a flow as people name them, and what the policy says about an operation between them:
 * shared by explain and test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "match.h"
#include "plant.h"
#include "vocab.h"

/* One end: an asset, an address, or any host of a zone. */
struct ps_end {
    const char *name; /* as it was named */
    const struct ps_addr *addresses;
    uint32_t n_addresses;
    struct ps_addr own; /* room for one */
    struct ps_mac mac;
    bool has_mac;
};

/* Who talks to whom. Do not copy or move it. */
struct ps_pair {
    struct ps_end from, to;
};

/* Names of assets, addresses, or zones that have an address of their own to stand for them. false: err holds a
 * sentence. */
bool ps_pair_find(const struct ps_plant *plant, const char *from, const char *to, struct ps_pair *pair,
                  struct ps_txt *err);

enum ps_question_kind {
    PS_QUESTION_PDU = 0, /* an operation of an inspected protocol */
    PS_QUESTION_REPLY,   /* a reply or an exception of one */
    PS_QUESTION_FLOW,    /* tcp/80, udp/123, icmp/8, ip/47 */
    PS_QUESTION_FRAME,   /* ethernet/0x8892 */
};

/* What is asked about: "modbus read-coils station=1 coil:0-7", "tcp/80". Do not copy or move it. */
struct ps_question {
    uint8_t kind;
    uint8_t ip_proto; /* of a flow; a PDU's is found: 0 */
    uint16_t code;    /* port, ICMP type, 0, or ethertype; of a PDU 0: the port that the policy uses for it */
    const struct ps_dissector *dissector; /* PDU, reply: who reads it */
    const struct ps_vocab *vocab;         /* PDU, reply: the words of its protocol */
    struct ps_operation operation;        /* PDU */
};

bool ps_question_parse(const char *text, struct ps_question *question, struct ps_txt *err);

/* What the policy answers. */
struct ps_answer {
    struct ps_ends ends;
    struct ps_path path;
    uint8_t reason;               /* enum ps_reason; NONE: allowed */
    bool chose_station;           /* the text named none: one that suits best was taken */
    uint32_t n_facts;             /* PDU: of the operation */
    uint32_t refused;             /* PDU: the first fact that no rule grants; n_facts: none */
    uint32_t rules[PS_FACTS_MAX]; /* PDU: that grant the facts before it; else rules[0], PS_NONE: no rule asked */
};

/* Changes question->operation when it names no station. false: err holds a sentence (no common address family, ...). */
bool ps_question_ask(const struct ps_plant *plant, const struct ps_pair *pair, struct ps_question *question,
                     struct ps_answer *answer, struct ps_txt *err);
