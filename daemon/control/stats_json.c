/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_json.h"

#include <stddef.h>
#include <string.h>

#include "json.h"
#include "model.h"

json_t *ps_reasons_json(const uint64_t by_reason[PS_N_REASONS])
{
    json_t *o = json_object();

    for (unsigned r = 1; r < PS_N_REASONS; r++)
        if (by_reason[r] > 0)
            ps_json_put_n(o, ps_reason_info(r)->name, by_reason[r]);
    return o;
}

json_t *ps_pdus_json(const struct ps_engine_stats *s)
{
    json_t *o = json_object();

    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        json_t *counts;

        if (s->pdus[p].allowed + s->pdus[p].denied == 0)
            continue;
        counts = json_object();
        ps_json_put_n(counts, "allowed", s->pdus[p].allowed);
        ps_json_put_n(counts, "denied", s->pdus[p].denied);
        json_object_set_new(o, ps_protocol_name(p), counts);
    }
    return o;
}

json_t *ps_conduit_json(const struct ps_image *image, uint32_t c, const struct ps_conduit_stats *s,
                        const struct ps_rule_stats *by_rule)
{
    bool none = c == ps_image_n_conduits(image);
    json_t *o = json_object(), *rules = json_object();

    if (!none)
        ps_json_put(o, "conduit", ps_image_conduit_name(image, c));
    ps_json_put_n(o, "flows", s->flows);
    ps_json_put_n(o, "refused_flows", s->refused_flows);
    ps_json_put_n(o, "packets", s->packets);
    ps_json_put_n(o, "allowed", s->allowed);
    ps_json_put_n(o, "replies", s->replies);
    ps_json_put_n(o, "denied", s->denied);
    ps_json_put_n(o, "monitored", s->monitored);
    json_object_set_new(o, "denied_by_reason", ps_reasons_json(s->by_reason));
    for (uint32_t i = 0; !none && i < ps_image_conduit_n_rules(image, c); i++) {
        uint32_t rule = ps_image_conduit_first_rule(image, c) + i;

        if (by_rule[rule].allowed > 0)
            ps_json_put_n(rules, ps_image_rule_name(image, rule), by_rule[rule].allowed);
    }
    json_object_set_new(o, "allowed_by_rule", rules);
    return o;
}

json_t *ps_classes_json(const uint64_t by_class[PS_N_CLASSES])
{
    json_t *o = json_object();

    for (unsigned c = 0; c < PS_N_CLASSES; c++)
        ps_json_put_n(o, ps_reason_class_name(c), by_class[c]);
    return o;
}

#define COUNTER(name) {#name, offsetof(struct ps_engine_stats, name)}

json_t *ps_engine_json(const struct ps_engine_stats *stats)
{
    static const struct {
        const char *name;
        size_t offset;
    } counters[] = {
        COUNTER(packets), COUNTER(bytes), COUNTER(passed), COUNTER(dropped), COUNTER(non_ip), COUNTER(not_ours),
        COUNTER(flows), COUNTER(flows_now), COUNTER(flows_peak), COUNTER(midstream), COUNTER(pdus_allowed),
        COUNTER(pdus_denied), COUNTER(gaps), COUNTER(gap_bytes), COUNTER(retransmissions), COUNTER(out_of_order),
        COUNTER(unfinished_pdus), COUNTER(offloaded_checksums), COUNTER(cut_packets), COUNTER(fragments_kept),
        COUNTER(datagrams), COUNTER(resyncs), COUNTER(skipped_bytes), COUNTER(events_lost), COUNTER(evicted_flows),
        COUNTER(rejudged), COUNTER(rejudged_refused), COUNTER(relays_now), COUNTER(relays_peak), COUNTER(sent_frames),
        COUNTER(sends_lost), COUNTER(held_pdus), COUNTER(local_acks), COUNTER(resends), COUNTER(backpressure),
        COUNTER(resets), COUNTER(answers), COUNTER(stale), COUNTER(evicted_half_open), COUNTER(evicted_tombs),
        COUNTER(capped), COUNTER(restored), COUNTER(not_restored), COUNTER(resumed),
    };
    json_t *o = json_object();

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        uint64_t n;

        memcpy(&n, (const char *)stats + counters[i].offset, sizeof n);
        ps_json_put_n(o, counters[i].name, n);
    }
    return o;
}
