/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_build.h - a ruleset in the making from an image, and the passes that fill it.
 *
 * Chains of one address family have 4 or 6 in their name. A packet's way:
 *
 *     in/PORT -> ip4 -> tcp4, udp4, icmp4 -> zones4 -> from4/ZONE -> ask4/CONDUIT -> rule4/CONDUIT/RULE -> pass
 *                                                                 -> reply4/CONDUIT -> pass
 *
 * and from each of them to drop/REASON or refuse/CONDUIT, which count and log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fact.h"
#include "base/range.h"
#include "base/reason.h"
#include "base/terms.h"
#include "nft.h"
#include "nft_put.h"

/* Address families: index of everything that exists once for each. */
enum { PS_NFT_V4, PS_NFT_V6, PS_NFT_N_FAMILIES };

/* A block of addresses of one zone. */
struct ps_nft_span {
    struct ps_addr first, last;
};

struct ps_nft_zone {
    struct ps_nft_span *spans; /* ascending */
    uint32_t n_spans[PS_NFT_N_FAMILIES];
};

/* What a conduit has in the ruleset: chains, PS_NFT_NONE where it has none. */
struct ps_nft_conduit {
    uint32_t ask[PS_NFT_N_FAMILIES], reply[PS_NFT_N_FAMILIES];
    uint32_t refuse, vlan;
    uint32_t opposite; /* conduit of the other direction; of an inner conduit itself */
    bool here;         /* both zones are behind ports of the gateway; else nothing of it is in the ruleset */
    bool queues;       /* inspected rules go to the queue, in both directions */
};

/* Whom connections of S7comm call, on a conduit with rules that name stations: what remembers it. nft_called.c */
struct ps_nft_called {
    uint32_t opening; /* dynamic set */
    uint32_t n;       /* lists of stations; 0: no rule names stations, and there is nothing else */
    struct ps_nft_called_list {
        uint32_t rule; /* one that has this list */
        uint32_t set;  /* dynamic: connections that call one of its stations */
    } *lists;
    uint32_t calls[4]; /* chains, by where the TSAP stands */
};

struct ps_vocab;

struct ps_nft_build {
    const struct ps_image *image;
    const struct ps_nft_options *options;
    struct ps_nft *nft;
    struct ps_nft_ruleset *r;
    struct ps_nft_zone *zones;
    struct ps_nft_span *spans; /* of all zones */
    struct ps_nft_conduit *conduits;
    uint32_t pass;                       /* chain */
    uint32_t drops[PS_N_REASONS];        /* chains drop/REASON, made when they are first needed */
    uint32_t zones_chain[PS_NFT_N_FAMILIES];
    uint32_t neighbours[3]; /* chains: ARP, solicitations, advertisements */
    uint32_t asked[PS_NFT_N_FAMILIES];   /* dynamic sets, without conntrack: datagrams that wait for replies */
    uint32_t echoes[PS_NFT_N_FAMILIES];
    uint32_t carried[PS_NFT_N_FAMILIES]; /* of other IP protocols */
    uint32_t frames;                     /* of other ethertypes */
    uint32_t empty[PS_NFT_N_FAMILIES];   /* set: TCP segments without payload */
    uint32_t n_shared;                   /* names of shared sets */
    uint32_t alive;                      /* set of devices, while the daemon lives; PS_NFT_NONE: nobody asks */
    /* of the rule that is being compiled */
    unsigned family;
    uint32_t conduit, rule, counter, chain;
    uint32_t first_counter; /* of the conduit's rules */
    struct ps_nft_called called; /* of its conduit and the current family */
    struct ps_rule_view view;
    const struct ps_vocab *vocab; /* of an inspected rule */
    /* per row of it: what the kernel does of what the rule grants. nft_grants.c */
    uint32_t graded; /* the rule that this is about; PS_NONE: of none yet */
    struct ps_nft_grade {
        uint8_t how; /* enum ps_nft_how */
        const char *why;
    } grades[PS_FUNCTIONS_MAX];
};

/* ---- what a packet of the current family shows ----------------------------------------------------------------- */

static inline struct ps_nft_key ps_nft_saddr(const struct ps_nft_build *b)
{
    return ps_nft_key(b->family == PS_NFT_V4 ? PS_NFT_IP_SADDR : PS_NFT_IP6_SADDR);
}

static inline struct ps_nft_key ps_nft_daddr(const struct ps_nft_build *b)
{
    return ps_nft_key(b->family == PS_NFT_V4 ? PS_NFT_IP_DADDR : PS_NFT_IP6_DADDR);
}

static inline struct ps_nft_key ps_nft_protocol(const struct ps_nft_build *b)
{
    return ps_nft_key(b->family == PS_NFT_V4 ? PS_NFT_IP_PROTOCOL : PS_NFT_IP6_NEXTHDR);
}

static inline struct ps_nft_key ps_nft_length(const struct ps_nft_build *b)
{
    return ps_nft_key(b->family == PS_NFT_V4 ? PS_NFT_IP_LENGTH : PS_NFT_IP6_LENGTH);
}

/* n octets of the payload from octet at on. */
static inline struct ps_nft_key ps_nft_payload(uint32_t at, uint32_t n)
{
    return ps_nft_raw(PS_NFT_RAW_IH, at, n);
}

static inline bool ps_nft_has_queue(const struct ps_nft_build *b)
{
    return b->options->shape != PS_NFT_BUMP && !b->options->no_queue;
}

/* "4" or "6" */
static inline char ps_nft_digit(const struct ps_nft_build *b)
{
    return b->family == PS_NFT_V4 ? '4' : '6';
}

static inline bool ps_nft_has_link(const struct ps_nft_build *b)
{
    return b->options->shape != PS_NFT_ROUTED;
}

static inline bool ps_nft_has_conntrack(const struct ps_nft_build *b)
{
    return b->options->shape == PS_NFT_ROUTED;
}

/* ---- what was changed by hand, and what becomes of a conduit without the daemon: nft_state.c -------------------- */

bool ps_nft_is_closed(const struct ps_nft_build *b, uint32_t conduit);
/* Closed is closed, whatever the mode. */
bool ps_nft_is_monitored(const struct ps_nft_build *b, uint32_t conduit);
/* Passes nothing when the daemon has not been heard of for a while. */
bool ps_nft_is_gated(const struct ps_nft_build *b, uint32_t conduit);
/* Set alive, where somebody asks for it. */
void ps_nft_build_alive(struct ps_nft_build *b);
/* Puts "the daemon is alive", or is not, into the rule. */
void ps_nft_put_alive(struct ps_nft_build *b, bool alive);

/* ---- helpers: nft_build.c -------------------------------------------------------------------------------------- */

void *ps_nft_calloc(size_t n, size_t size);

/* A set whose name only tells what it is for, since whoever needs an equal one shares it. */
uint32_t ps_nft_shared_add(struct ps_nft_build *b, const struct ps_nft_key *keys, unsigned n_keys, const char *what);
/* Puts "key of the last set is in it" into the rule: a comparison where one value is enough, the elements where there are
 * few, else a set that is shared. An empty set holds nothing: the rule can never match. */
void ps_nft_put_members(struct ps_nft_build *b, uint32_t set, bool invert);
/* The same with other keys of the same sizes in place of the set's. */
void ps_nft_put_members_by(struct ps_nft_build *b, const struct ps_nft_key *keys, uint32_t set, bool invert);
/* The same for numbers of a key; n 0: nothing is put, since the list does not restrict. */
void ps_nft_put_ranges(struct ps_nft_build *b, struct ps_nft_key key, const struct ps_range *ranges, uint32_t n);

/* A dynamic set, for those who have asked. */
uint32_t ps_nft_memory_add(struct ps_nft_build *b, const struct ps_nft_key *keys, unsigned n_keys, const char *what);

/* The chain that refuses what belongs to no conduit, for a reason. */
uint32_t ps_nft_drop(struct ps_nft_build *b, enum ps_reason reason);
/* A rule that goes there with all that comes so far. */
void ps_nft_rule_drop(struct ps_nft_build *b, uint32_t chain, enum ps_reason reason);
/* count, log and drop or pass, at the end of a chain */
void ps_nft_put_refusal(struct ps_nft_build *b, uint32_t chain, uint32_t conduit, enum ps_reason reason);

__attribute__((format(printf, 3, 4))) void ps_nft_note(struct ps_nft_build *b, enum ps_nft_note_kind kind,
                                                       const char *format, ...);

/* ---- passes ---------------------------------------------------------------------------------------------------- */

void ps_nft_build_spans(struct ps_nft_build *b);    /* whose addresses are whose. nft_zones.c */
void ps_nft_build_conduits(struct ps_nft_build *b); /* nft_conduits.c */
void ps_nft_build_zones(struct ps_nft_build *b);    /* from address pairs to conduits. nft_zones.c */
void ps_nft_build_ports(struct ps_nft_build *b);    /* nft_ports.c */
void ps_nft_build_frames(struct ps_nft_build *b, uint32_t port, uint32_t chain); /* other ethertypes. nft_frames.c */

/* Elements of a set whose first key is an address of the current family: all those of a zone. nft_zones.c */
void ps_nft_zone_put(struct ps_nft_build *b, uint32_t set, uint32_t zone, const struct ps_nft_verdict *verdict);
bool ps_nft_is_behind(const struct ps_nft_build *b, uint32_t port, uint32_t zone);
uint32_t ps_nft_conduit_between(const struct ps_nft_build *b, uint32_t from, uint32_t to); /* PS_NONE: none */
bool ps_nft_zone_is_here(const struct ps_nft_build *b, uint32_t zone); /* behind some port of the gateway */
bool ps_nft_zone_has_family(const struct ps_nft_build *b, uint32_t zone);

/* What IP packets must be like, and then on to zones4 or zones6: a chain of the current family. nft_headers.c */
uint32_t ps_nft_ip_add(struct ps_nft_build *b);
/* A rule that refuses addresses of assets which have a MAC, of the current family, when they come with another one. */
void ps_nft_check_macs(struct ps_nft_build *b, uint32_t chain, struct ps_nft_key addr, struct ps_nft_key mac);

/* The chain that passes what has a tag, if it has one, that may travel between two zones. */
uint32_t ps_nft_tagged(struct ps_nft_build *b, const char *what, uint32_t zone_a, uint32_t zone_b);
/* Adds a rule to chain that sends frames with other tags to the chain `refuse`, where the zones want tags. */
void ps_nft_rule_tags(struct ps_nft_build *b, uint32_t chain, uint32_t zone_a, uint32_t zone_b, uint32_t refuse);
bool ps_nft_wants_tags(const struct ps_nft_build *b, uint32_t zone_a, uint32_t zone_b);

/* ---- rules ------------------------------------------------------------------------------------------------------ */

/* What the kernel does of what a rule grants of one function. */
enum ps_nft_how {
    PS_NFT_HOW_NOTHING, /* the rule grants no message of it after all */
    PS_NFT_HOW_EXACT,
    PS_NFT_HOW_OCTETS,
    PS_NFT_HOW_PART,
    PS_NFT_HOW_NOT,
};

/* A protocol that the kernel can compare something of. */
struct ps_nft_protocol {
    /* Of a row of the vocabulary that the rule grants: how, and for PART and NOT why, in words that fit behind the
     * function's name. */
    enum ps_nft_how (*how)(const struct ps_nft_build *b, uint16_t row, const char **why);
    /* Adds to b->chain the rules that pass what messages may be. */
    void (*build)(struct ps_nft_build *b);
};

/* NULL: nothing of it can be compared. */
const struct ps_nft_protocol *ps_nft_protocol_of(unsigned protocol);
extern const struct ps_nft_protocol ps_nft_modbus, ps_nft_dnp3, ps_nft_s7comm;

/* Is there a class in which the rule grants this function? Those classes. nft_grants.c */
uint32_t ps_nft_granted_ops(const struct ps_nft_build *b, uint16_t row);
/* Sets b->rule and b->view. */
void ps_nft_rule_load(struct ps_nft_build *b, uint32_t rule);
/* Fills in b->grades for b->rule, an inspected one that is loaded. */
void ps_nft_grade(struct ps_nft_build *b);
/* An inspected rule of which the kernel cannot enforce all. */
bool ps_nft_is_inexact(struct ps_nft_build *b);
/* Notes about b->rule, which is loaded. */
void ps_nft_note_rule(struct ps_nft_build *b);
/* And about what no rule, or no conduit, is to be asked about. */
void ps_nft_note_conduit(struct ps_nft_build *b);
void ps_nft_note_all(struct ps_nft_build *b);

/* Can b->rule be about packets of the current family? nft_flows.c */
bool ps_nft_flow_exists(const struct ps_nft_build *b);
/* Puts "from a client of b->rule to a server of it, at a port of it"; of a reply the same, turned round. */
void ps_nft_put_flow(struct ps_nft_build *b, bool reply);
/* Are two rules of a conduit about the same flows? */
bool ps_nft_is_same_flow(const struct ps_rule_view *a, const struct ps_rule_view *b);
/* Ends a rule that passes a message: remembers who asked where it must, counts, and passes. */
void ps_nft_put_pass(struct ps_nft_build *b);
/* Puts, where connections are tracked, that the packet is the client's, or a reply. nft_rules.c */
void ps_nft_put_direction(struct ps_nft_build *b, bool reply);
/* Adds to the chains of the conduit what b->rule allows. nft_rules.c */
void ps_nft_build_ask(struct ps_nft_build *b, uint32_t chain);
void ps_nft_build_reply(struct ps_nft_build *b, uint32_t chain);
/* Whatever looks like a reply, on a conduit that is only monitored. */
void ps_nft_build_any_reply(struct ps_nft_build *b, uint32_t chain);
void ps_nft_build_any_ask(struct ps_nft_build *b, uint32_t chain);

/* ---- stations of S7comm: nft_called.c --------------------------------------------------------------------------- */

/* Why the kernel cannot tell the stations of a rule; NULL: it can, or the rule names none. */
const char *ps_nft_called_refuses(const struct ps_rule_view *view);
/* Does the rule name "unknown" besides? The kernel refuses those. */
bool ps_nft_called_misses(const struct ps_rule_view *view);
/* Has the conduit a rule whose stations the kernel can tell? */
bool ps_nft_called_exists(const struct ps_nft_build *b);
/* Sets for the conduit and the family at hand, and their end. In between: adds to the chain that is asked, and to that of
 * replies, what fills them. */
void ps_nft_called_begin(struct ps_nft_build *b);
void ps_nft_called_ask(struct ps_nft_build *b, uint32_t chain);
void ps_nft_called_reply(struct ps_nft_build *b, uint32_t chain);
void ps_nft_called_end(struct ps_nft_build *b);
/* Names b->rule no stations, or is there a set of those who call them? */
bool ps_nft_called_is_known(const struct ps_nft_build *b);
/* Puts "on a connection that calls a station of b->rule", where it names stations. */
void ps_nft_put_called(struct ps_nft_build *b);
/* Puts that the connection calls nothing, since what is said on it now is not looked at. */
void ps_nft_put_uncalled(struct ps_nft_build *b);
/* A rule of b->chain begins: one TPKT, of a range of lengths. nft_octets.c */
void ps_nft_rule_tpkt(struct ps_nft_build *b, struct ps_range lengths);

/* ---- shapes of messages: nft_shape.c ---------------------------------------------------------------------------- */

/* A set of segments, or for rules over UDP datagrams, by the length of their payload and by what `extra` keys show. */
uint32_t ps_nft_shape_add(struct ps_nft_build *b, const struct ps_nft_key *extra, unsigned n_extra, const char *what);
/* The set of segments without payload. */
uint32_t ps_nft_empty_segments(struct ps_nft_build *b);
/* Payloads of so many octets, with these values of the extra keys, in all headers that occur. */
void ps_nft_shape_put(struct ps_nft_build *b, uint32_t set, uint32_t payload_len, const uint64_t *values);
