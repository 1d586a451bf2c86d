/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusals.h - what the ruleset in the kernel has refused: heard from its packet log, told as events like those of the
 * engine, and connections reset at the ends that the kernel leaves alone.
 *
 *     refusals = ps_refusals_open(&config, err, sizeof err);
 *     poll({.fd = ps_refusals_fd(refusals), .events = POLLIN}, ...);
 *     while (ps_refusals_read(refusals, slot, tell, ctx))
 *         ;                                     or at the next turn, since a flood must not keep others from being served
 *
 * One thread. Nothing here waits. What the kernel logs is bounded by the ruleset (of each conduit and reason 100 a second, 1000
 * where connections are reset), what waits by the socket's memory, what is sent by PS_REFUSAL_RESETS a second. Counters in the
 * kernel tell of all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "nft_ruleset.h"
#include "policy_slot.h"

#define PS_REFUSALS_TURN 64u    /* datagrams that one call takes */
#define PS_REFUSAL_RESETS 4000u /* frames that are sent in a second */

struct ps_refusals_config {
    uint16_t group;             /* of the packet log */
    uint8_t family;             /* enum ps_nft_family, of the ruleset: PS_NFT_NETDEV is a bump in the wire */
    const char *const *devices; /* interfaces of the gateway's ports */
    uint32_t n_devices;
};

struct ps_refusals_stats {
    uint64_t events;
    uint64_t lost;         /* messages that found no room on their way to us */
    uint64_t garbled;      /* messages that were not understood */
    uint64_t resets;       /* frames sent */
    uint64_t resets_over;  /* not sent: there were too many within a second */
    uint64_t resets_lost;  /* not sent: the device is no port, or does not take them now */
};

struct ps_refusals;

/* Needs CAP_NET_ADMIN and CAP_NET_RAW; afterwards no more. Devices must be there. NULL and a sentence in err. */
struct ps_refusals *ps_refusals_open(const struct ps_refusals_config *config, char *err, size_t err_size);
void ps_refusals_close(struct ps_refusals *refusals); /* NULL is fine */

int ps_refusals_fd(const struct ps_refusals *refusals);

/* Hears what waits, up to PS_REFUSALS_TURN datagrams; true: more may wait. Each refusal is told, and its connection reset where
 * the kernel says so. slot: the policy whose ruleset is in the kernel, NULL: none. */
bool ps_refusals_read(struct ps_refusals *refusals, const struct ps_policy_slot *slot,
                      void (*tell)(void *ctx, const struct ps_event *event), void *ctx);

const struct ps_refusals_stats *ps_refusals_stats(const struct ps_refusals *refusals);
