/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * snapshot.h - what a run of the engine leaves behind, so that connections may go on in the next one: for conduits with
 * midstream = "resume".
 *
 * A snapshot holds inspected connections that are open and at rest: their ends, the numbers of both directions, octets
 * that were not acknowledged yet, and protocol state. It holds nothing of the policy, which is asked again when it is
 * restored. It is good for the same program (the tables of protocols are compared) within config.snapshot_age_ns, and for
 * once: whoever restores it removes it first. The checksum tells damage, not forgery: nobody but the gateway may write
 * where it is kept.
 *
 *     magic 8, version 4, connections 4, tables of protocols 8, time 8, octets of all 8, checksum 8
 *     per connection: octets of it 4; ends 2 x 16, ports 2 x 2, tags 4, protocol 1, scales 1, number of the SYN 4;
 *         per direction: una 4, window edge 4, delta 4, acknowledged 4, largest window 4, segment size 2, scale 1, octets in
 *         flight 4, and these; protocol state, to the end
 *
 * Numbers are big-endian.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

/* The snapshot of an inline engine that judges nothing any more, written to out if it fits into size octets. How many it
 * needs; with out NULL it is only counted. now_ns is of a clock that goes on until the next run. At most as many octets
 * as all connections have state (PS_CARRIED_MAX each) and copies. */
size_t ps_engine_snapshot(const struct ps_engine *engine, uint64_t now_ns, uint8_t *out, size_t size);

/* Takes the connections of a snapshot, any octets, into an inline engine that has judged no packet yet. NULL; or what is
 * wrong with it: then none was taken. Those that the policy does not let go on, or for which there is no room, are counted
 * (stats.not_restored). Several snapshots, of several engines, may be restored one after the other. */
const char *ps_engine_restore(struct ps_engine *engine, const uint8_t *data, size_t len, uint64_t now_ns);
