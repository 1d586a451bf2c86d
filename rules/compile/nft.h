/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft.h - an image as an nftables ruleset: what the kernel enforces on hosts without DPDK. docs/fallback.md tells the
 * same in prose.
 *
 * A message that the ruleset passes from a client to its server asks for nothing that the image does not grant. What
 * the kernel cannot check is refused, accepted by address and port, or queued, as the conduit's `fallback` says.
 *
 * Refusals are logged to the nflog group with the prefix "penstock CONDUIT REASON WHAT ", CONDUIT "-" for what belongs to
 * none, and WHAT becomes of the packet: "pass" (monitor mode), "drop", or "reset". Of a TCP connection that is to be reset the
 * kernel resets the sender alone, and of a bridge's nobody: who reads the message has to do the rest. Counters tell more
 * (struct ps_nft_counter).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "nft_ruleset.h"

enum ps_nft_shape {
    PS_NFT_BUMP = 0, /* netdev ingress on two ports, each forwarded to the other: no bridge, no address, no conntrack */
    PS_NFT_ROUTED,   /* inet forward, with conntrack */
    PS_NFT_BRIDGED,  /* bridge forward, without conntrack and resets */
    PS_NFT_N_SHAPES,
};

#define PS_NFT_TABLE "penstock"
#define PS_NFT_LOG_GROUP 1347u /* of refusals that the daemon reads */
#define PS_NFT_ALIVE "alive"   /* set of all devices, each for dead_man_s */
#define PS_NFT_DEVICE_MAX 15u  /* octets of an interface's name */

struct ps_nft_options {
    uint32_t gateway; /* index in the image */
    uint8_t shape;    /* enum ps_nft_shape */
    uint16_t log_group;
    uint16_t queue;   /* number of the NFQUEUE */
    const char *const *devices; /* interfaces, in the order of the gateway's ports */
    bool no_queue;          /* nobody reads it: fallback = "queue" is "deny" */
    uint32_t dead_man_s;    /* conduits that are to close without the daemon do when set PS_NFT_ALIVE is that old; 0: never */
    /* What was changed about the image by hand; NULL: nothing. mode: enum ps_mode. */
    bool (*is_closed)(const void *ctx, uint32_t conduit);
    uint8_t (*mode)(const void *ctx, uint32_t conduit);
    const void *ctx;
};

/* ---- what became of the rules ---------------------------------------------------------------------------------- */

enum ps_nft_note_kind {
    PS_NFT_EXACT = 0, /* the kernel passes of it exactly what the image allows */
    PS_NFT_OCTETS,    /* its function octets are compared, the rest of the message is not seen */
    PS_NFT_REFUSES,   /* the image allows it, the kernel refuses it */
    PS_NFT_OPENS,     /* fallback = "ports": passes unseen */
    PS_NFT_QUEUES,    /* fallback = "queue": goes to an NFQUEUE */
    PS_NFT_UNSEEN,    /* not looked at */
};

struct ps_nft_note {
    uint8_t kind;     /* enum ps_nft_note_kind */
    uint32_t conduit; /* PS_NONE: of all */
    uint32_t rule;    /* PS_NONE: of the conduit */
    char *text;
};

struct ps_nft {
    struct ps_nft_ruleset ruleset;
    struct ps_nft_note *notes; /* those of a conduit before those of its rules, in order of the image; then those of all */
    uint32_t n_notes;
    size_t notes_capacity;
};

/* What becomes of a rule as a whole. */
enum ps_nft_fate {
    PS_NFT_FATE_EXACT = 0,
    PS_NFT_FATE_OCTETS,
    PS_NFT_FATE_PART,    /* some of it is refused */
    PS_NFT_FATE_REFUSED,
    PS_NFT_FATE_OPEN,
    PS_NFT_FATE_QUEUED,
    PS_NFT_N_FATES,
};

/* "exact", "octets", "part", "refused", "open", "queued" */
const char *ps_nft_fate_name(unsigned fate);
/* Of the n notes about one rule. */
enum ps_nft_fate ps_nft_fate_of(const struct ps_nft_note *notes, uint32_t n);
/* Notes from first on that are about the same conduit and rule. */
uint32_t ps_nft_same_subject(const struct ps_nft *nft, uint32_t first);
/* How many rules of each fate there are. */
void ps_nft_count_fates(const struct ps_nft *nft, uint32_t counts[PS_NFT_N_FATES]);
/* Notes of a kind that are about conduits, or about all, and not about rules. */
uint32_t ps_nft_count_notes(const struct ps_nft *nft, unsigned kind);

/* Words: "bump", "routed", "bridge"; and back, PS_NFT_N_SHAPES when there is no such shape. "exact", "octets", ... */
const char *ps_nft_shape_name(unsigned shape);
unsigned ps_nft_shape_by_name(const char *name);
const char *ps_nft_note_name(unsigned kind);
/* enum ps_nft_family of its table. */
unsigned ps_nft_shape_family(unsigned shape);

/* Can this gateway have that shape? NULL, or a sentence. */
const char *ps_nft_shape_refuses(const struct ps_image *image, uint32_t gateway, unsigned shape);

/* The same image and options always give the same ruleset. ps_nft_shape_refuses() has said NULL. ps_nft_fini() it. */
void ps_nft_compile(const struct ps_image *image, const struct ps_nft_options *options, struct ps_nft *out);
/* The same without an image: nothing passes between n_devices ports, and counter drop/no-policy says how much. */
void ps_nft_deny(const struct ps_nft_options *options, uint32_t n_devices, struct ps_nft *out);
void ps_nft_fini(struct ps_nft *nft);
