/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_totals.c - the sums over all files.
 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "text.h"

void replay_totals_init(struct replay_totals *t, const struct ps_image *image)
{
    memset(t, 0, sizeof *t);
    t->conduits = ps_need(calloc(ps_image_n_conduits(image) + 1u, sizeof *t->conduits));
    t->rules = ps_need(calloc(ps_image_n_rules(image) + 1u, sizeof *t->rules));
}

void replay_totals_fini(struct replay_totals *t)
{
    free(t->conduits);
    free(t->rules);
    replay_denials_fini(&t->denials);
}

static void add_conduit(struct ps_conduit_stats *to, const struct ps_conduit_stats *s)
{
    to->flows += s->flows;
    to->refused_flows += s->refused_flows;
    to->packets += s->packets;
    to->allowed += s->allowed;
    to->replies += s->replies;
    to->denied += s->denied;
    to->monitored += s->monitored;
    for (unsigned r = 0; r < PS_N_REASONS; r++)
        to->by_reason[r] += s->by_reason[r];
}

static void add_stats(struct ps_engine_stats *to, const struct ps_engine_stats *s)
{
    to->packets += s->packets;
    to->bytes += s->bytes;
    to->passed += s->passed;
    to->dropped += s->dropped;
    to->non_ip += s->non_ip;
    to->not_ours += s->not_ours;
    to->flows += s->flows;
    to->flows_peak = to->flows_peak > s->flows_peak ? to->flows_peak : s->flows_peak;
    to->midstream += s->midstream;
    to->pdus_allowed += s->pdus_allowed;
    to->pdus_denied += s->pdus_denied;
    for (unsigned p = 0; p < PS_N_DISSECTORS; p++) {
        to->pdus[p].allowed += s->pdus[p].allowed;
        to->pdus[p].denied += s->pdus[p].denied;
    }
    for (unsigned c = 0; c < PS_N_CLASSES; c++)
        to->denied_by_class[c] += s->denied_by_class[c];
    for (unsigned r = 0; r < PS_N_REASONS; r++)
        to->denied_by_reason[r] += s->denied_by_reason[r];
    to->gaps += s->gaps;
    to->gap_bytes += s->gap_bytes;
    to->retransmissions += s->retransmissions;
    to->out_of_order += s->out_of_order;
    to->unfinished_pdus += s->unfinished_pdus;
    to->offloaded_checksums += s->offloaded_checksums;
    to->cut_packets += s->cut_packets;
    to->resyncs += s->resyncs;
    to->events_lost += s->events_lost;
    to->capped += s->capped;
}

void replay_totals_add(struct replay_totals *t, const struct replay_result *r, size_t file)
{
    t->files++;
    t->damaged_files += r->damage[0] != '\0';
    t->rewritten_files += r->rewritten;
    if (t->counts.unknown_link == 0)
        t->counts.unknown_type = r->counts.unknown_type;
    t->counts.packets += r->counts.packets;
    t->counts.not_ip += r->counts.not_ip;
    t->counts.unknown_link += r->counts.unknown_link;
    add_stats(&t->stats, &r->stats);
    for (uint32_t i = 0; i < r->n_conduits; i++) {
        add_conduit(&t->conduits[r->conduits[i].conduit], &r->conduits[i].stats);
        t->denied += r->conduits[i].stats.denied;
        t->monitored += r->conduits[i].stats.monitored;
    }
    for (uint32_t i = 0; i < r->n_rules; i++)
        t->rules[r->rules[i].rule].allowed += r->rules[i].stats.allowed;
    replay_denials_merge(&t->denials, &r->denials, file);
}
