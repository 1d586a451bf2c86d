/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_json.c - penstock replay --json: one object per line, as docs/events.md and docs/events.schema.json say.
 */
#include "event_json.h"
#include "json.h"
#include "replay.h"
#include "stats_json.h"

void replay_json_event(const struct replay *replay, size_t file, const struct ps_event *e, FILE *out)
{
    ps_json_print(ps_event_json(&replay->plant.image, replay->plant.digest, replay->inputs.items[file].path, e), out);
}

static json_t *anomalies_json(const struct replay_totals *t)
{
    const struct ps_engine_stats *s = &t->stats;
    json_t *o = json_object();

    ps_json_put_n(o, "gaps", s->gaps);
    ps_json_put_n(o, "gap_octets", s->gap_bytes);
    ps_json_put_n(o, "resyncs", s->resyncs);
    ps_json_put_n(o, "retransmissions", s->retransmissions);
    ps_json_put_n(o, "out_of_order", s->out_of_order);
    ps_json_put_n(o, "unfinished_pdus", s->unfinished_pdus);
    ps_json_put_n(o, "midstream_flows", s->midstream);
    ps_json_put_n(o, "offloaded_checksums", s->offloaded_checksums);
    ps_json_put_n(o, "rewritten_files", t->rewritten_files);
    ps_json_put_n(o, "cut_packets", s->cut_packets);
    ps_json_put_n(o, "capped", s->capped);
    ps_json_put_n(o, "events_lost", s->events_lost);
    return o;
}

static void put_conduits(json_t *o, const struct replay *replay, const struct replay_totals *t)
{
    const struct ps_image *image = &replay->plant.image;
    uint32_t n = ps_image_n_conduits(image);
    json_t *list = json_array();

    for (uint32_t c = 0; c < n; c++)
        if (t->conduits[c].packets + t->conduits[c].flows + t->conduits[c].denied + t->conduits[c].allowed > 0)
            json_array_append_new(list, ps_conduit_json(image, c, &t->conduits[c], t->rules));
    json_object_set_new(o, "conduits", list);
    json_object_set_new(o, "no_conduit", ps_conduit_json(image, n, &t->conduits[n], t->rules));
}

void replay_json_summary(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    json_t *o = json_object();

    ps_json_put(o, "kind", "summary");
    ps_json_put(o, "site", ps_image_site(&replay->plant.image));
    ps_json_put_n(o, "revision", ps_image_revision(&replay->plant.image));
    ps_json_put(o, "digest", replay->plant.digest);
    ps_json_put_n(o, "maps", replay->n_maps);
    ps_json_put_n(o, "files", t->files);
    ps_json_put_n(o, "damaged_files", t->damaged_files);
    ps_json_put_n(o, "unreadable_files", t->errors);
    json_object_set_new(o, "interrupted", json_boolean(t->interrupted));
    ps_json_put_n(o, "packets", t->counts.packets);
    ps_json_put_n(o, "octets", t->stats.bytes);
    ps_json_put_n(o, "passed", t->stats.passed);
    ps_json_put_n(o, "dropped", t->stats.dropped);
    ps_json_put_n(o, "not_ours", t->stats.not_ours);
    ps_json_put_n(o, "not_judged", t->counts.not_ip + t->counts.unknown_link);
    ps_json_put_n(o, "flows", t->stats.flows);
    ps_json_put_n(o, "allowed_pdus", t->stats.pdus_allowed);
    ps_json_put_n(o, "denied_pdus", t->stats.pdus_denied);
    json_object_set_new(o, "pdus", ps_pdus_json(&t->stats));
    ps_json_put_n(o, "denied", t->denied);
    ps_json_put_n(o, "monitored", t->monitored);
    json_object_set_new(o, "denied_by_class", ps_classes_json(t->stats.denied_by_class));
    json_object_set_new(o, "denied_by_reason", ps_reasons_json(t->stats.denied_by_reason));
    put_conduits(o, replay, t);
    json_object_set_new(o, "anomalies", anomalies_json(t));
    ps_json_print(o, out);
}
