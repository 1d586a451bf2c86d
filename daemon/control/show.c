/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show.h"

#include "clock.h"
#include "daemon.h"
#include "json.h"
#include "sandbox.h"
#include "sinks.h"
#include "stats_json.h"
#include "text.h"

/* Every number of the struct is a count or a peak, so that sums over workers mean something. */
void ps_show_engine_stats(struct ps_daemon *daemon, struct ps_engine_stats *sum)
{
    uint64_t *to = (void *)sum;

    ps_enforcing_count(daemon);
    *sum = daemon->enforcing.stats;
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        struct ps_engine_stats one;
        const uint64_t *from = (const void *)&one;

        ps_engine_stats_read(ps_crew_engine(daemon->crew, w), &one);
        for (size_t i = 0; i < sizeof one / sizeof *from; i++)
            to[i] += from[i];
    }
}

static void put_time(json_t *o, const char *key, uint64_t time_ns)
{
    char when[PS_TIME_TEXT_MAX];

    ps_json_put(o, key, ps_text_time(time_ns, 3, true, when));
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

static json_t *policy_json(const struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    json_t *o;

    if (policy == NULL)
        return json_null();
    o = json_pack("{s:s, s:I, s:s, s:I}", "site", ps_image_site(&policy->loaded.image), "revision",
                  (json_int_t)ps_image_revision(&policy->loaded.image), "digest", policy->loaded.digest, "generation",
                  (json_int_t)policy->generation);
    ps_json_put_any(o, "origin", policy->origin);
    put_time(o, "since", policy->since_ns);
    if (daemon->reload.confirm_by_ns != 0)
        ps_json_put_n(o, "confirm_within_s", ps_reload_confirm_left(&daemon->reload));
    return o;
}

static json_t *port_json(struct ps_daemon *daemon, uint32_t port)
{
    struct ps_io_stats s;
    json_t *o = json_object();

    ps_io_stats(daemon->io, port, &s);
    ps_json_put(o, "name", daemon->config->ports[port].name);
    ps_json_put(o, "device", daemon->config->ports[port].device);
    ps_json_put(o, "driver", s.driver);
    ps_json_put_bool(o, "link", s.link_up);
    ps_json_put_n(o, "speed_mbps", s.speed_mbps);
    ps_json_put_n(o, "mtu", s.mtu);
    ps_json_put_n(o, "rx_packets", s.rx_packets);
    ps_json_put_n(o, "rx_octets", s.rx_bytes);
    ps_json_put_n(o, "tx_packets", s.tx_packets);
    ps_json_put_n(o, "tx_octets", s.tx_bytes);
    json_object_set_new(o, "rx_lost", s.rx_lost_known ? json_integer((json_int_t)s.rx_lost) : json_null());
    ps_json_put_n(o, "rx_unfit", s.rx_unfit);
    ps_json_put_n(o, "spread_lost", s.spread_lost);
    ps_json_put_n(o, "tx_lost", s.tx_lost);
    ps_json_put_n(o, "tx_oversize", s.tx_oversize);
    return o;
}

static json_t *ports_json(struct ps_daemon *daemon)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < daemon->config->n_ports; i++)
        json_array_append_new(list, port_json(daemon, i));
    return list;
}

/* Of the kernel's queue in front of a worker, where there is one. */
static void put_queue(struct ps_daemon *daemon, json_t *o, uint32_t worker)
{
    struct ps_io_queue_stats s;
    bool has = ps_io_queue_stats(daemon->io, worker, &s);

    json_object_set_new(o, "queue", has ? json_integer(s.number) : json_null());
    json_object_set_new(o, "queue_waiting", has ? json_integer((json_int_t)s.waiting) : json_null());
    json_object_set_new(o, "queue_lost", has ? json_integer((json_int_t)s.lost) : json_null());
}

static json_t *workers_json(struct ps_daemon *daemon)
{
    json_t *list = json_array();

    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        json_t *o = json_object();

        ps_json_put_n(o, "packets", daemon->progress[w].packets);
        ps_json_put_n(o, "loops", daemon->progress[w].loops);
        ps_json_put_n(o, "sleeps", daemon->progress[w].sleeps);
        ps_json_put_n(o, "busy_percent", daemon->busy_percent[w]);
        put_queue(daemon, o, w);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *modes_json(struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    uint32_t enforce = 0, monitor = 0, closed = 0;

    for (uint32_t c = 0; policy != NULL && c < ps_image_n_conduits(&policy->loaded.image); c++) {
        bool is_closed = ps_policy_slot_is_closed(policy->slots[0], c);
        bool is_monitor = ps_policy_slot_mode(policy->slots[0], c) == PS_MODE_MONITOR;

        closed += is_closed;
        monitor += !is_closed && is_monitor;
        enforce += !is_closed && !is_monitor;
    }
    return json_pack("{s:I, s:I, s:I}", "enforce", (json_int_t)enforce, "monitor", (json_int_t)monitor, "closed",
                     (json_int_t)closed);
}

static json_t *use_json(struct ps_daemon *daemon, const struct ps_engine_stats *s)
{
    json_t *o = json_object();

    ps_json_put_n(o, "flows", s->flows_now);
    ps_json_put_n(o, "flows_peak", s->flows_peak);
    ps_json_put_n(o, "flows_max", (uint64_t)daemon->config->flows * daemon->policies.n_workers);
    ps_json_put_n(o, "relays", s->relays_now);
    ps_json_put_n(o, "relays_peak", s->relays_peak);
    ps_json_put_n(o, "events_lost", s->events_lost);
    ps_json_put(o, "memory", ps_io_memory(daemon->io));
    return o;
}

/* The kernel counts each, but does not tell of each. */
static uint64_t n_refusals(const struct ps_daemon *daemon, const struct ps_engine_stats *s)
{
    uint64_t n = 0;

    for (unsigned c = 0; c < PS_N_CLASSES; c++)
        n += s->denied_by_class[c];
    return daemon->enforcing.push != NULL ? n : daemon->journal.n_refusals;
}

json_t *ps_show_status(struct ps_daemon *daemon)
{
    struct ps_engine_stats s;
    json_t *o = json_object();

    ps_show_engine_stats(daemon, &s);
    ps_json_put(o, "gateway", daemon->config->gateway);
    ps_json_put(o, "penstockd", PENSTOCK_VERSION);
    put_time(o, "started", daemon->started_ns);
    ps_json_put_n(o, "up_s", (ps_clock_calendar() - daemon->started_ns) / PS_NS_PER_S);
    ps_json_put(o, "io", ps_io_backend());
    json_object_set_new(o, "backend", ps_backend_json(daemon->backend));
    json_object_set_new(o, "policy", policy_json(daemon));
    ps_json_put_any(o, "plant", daemon->config->plant);
    if (daemon->reload.broken != NULL)
        ps_json_put_any(o, "plant_error", daemon->reload.broken);
    json_object_set_new(o, "conduits", modes_json(daemon));
    json_object_set_new(o, "island", ps_island_json(&daemon->island));
    json_object_set(o, "modes", daemon->island.modes);
    json_object_set_new(o, "ports", ports_json(daemon));
    json_object_set_new(o, "guard", ps_guarding_json(&daemon->guarding));
    json_object_set_new(o, "kernel", ps_enforcing_json(daemon));
    json_object_set_new(o, "carried", ps_carrying_json(daemon));
    json_object_set_new(o, "workers", workers_json(daemon));
    json_object_set_new(o, "use", use_json(daemon, &s));
    json_object_set_new(o, "sinks", daemon->journal.sinks != NULL ? ps_sinks_json(daemon->journal.sinks) : json_array());
    ps_json_put_n(o, "followers", ps_server_n_followers(daemon->server));
    ps_json_put_n(o, "landlock", ps_sandbox_landlock());
    ps_json_put_n(o, "refusals", n_refusals(daemon, &s));
    if (daemon->journal.n_last > 0)
        json_object_set(o, "last_refusal", daemon->journal.last[(daemon->journal.n_last - 1) % PS_JOURNAL_LAST]);
    return o;
}

/* ---- conduits ---------------------------------------------------------------------------------------------------- */

static json_t *conduit_json(struct ps_daemon *daemon, uint32_t conduit, const struct ps_rule_stats *rules)
{
    const struct ps_policy *policy = daemon->policies.current;
    const struct ps_image *image = &policy->loaded.image;
    struct ps_conduit_stats stats;
    json_t *o;

    ps_policy_conduit_stats(&daemon->policies, policy, conduit, &stats);
    o = ps_conduit_json(image, conduit, &stats, rules);
    if (conduit == ps_image_n_conduits(image))
        return o;
    ps_json_put(o, "from", ps_image_zone_name(image, ps_image_conduit_from(image, conduit)));
    ps_json_put(o, "to", ps_image_zone_name(image, ps_image_conduit_to(image, conduit)));
    ps_json_put(o, "mode", ps_policy_slot_mode(policy->slots[0], conduit) == PS_MODE_MONITOR ? "monitor" : "enforce");
    ps_json_put_bool(o, "closed", ps_policy_slot_is_closed(policy->slots[0], conduit));
    return o;
}

/* Flows hand on what they counted, all in one go: in the worker's thread, in steps. */
static bool settle_flows(struct ps_engine *engine, uint32_t worker, void *arg)
{
    (void)worker;
    (void)arg;
    return !ps_engine_settle_flows(engine, 4096);
}

void ps_show_settle(struct ps_daemon *daemon)
{
    const struct ps_request settle = {.run = settle_flows};

    ps_crew_ask(daemon->crew, &settle, 500);
}

json_t *ps_show_conduits(struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    const struct ps_image *image = &policy->loaded.image;
    uint32_t n_rules = ps_image_n_rules(image), n = ps_image_n_conduits(image);
    struct ps_rule_stats *rules = ps_need(calloc(n_rules + 1, sizeof *rules));
    json_t *o = json_pack("{s:s, s:I}", "digest", policy->loaded.digest, "generation",
                          (json_int_t)policy->generation);
    json_t *list = json_array();

    ps_show_settle(daemon);
    ps_enforcing_count(daemon);
    for (uint32_t r = 0; r < n_rules; r++)
        ps_policy_rule_stats(&daemon->policies, policy, r, &rules[r]);
    for (uint32_t c = 0; c < n; c++)
        json_array_append_new(list, conduit_json(daemon, c, rules));
    put_time(o, "since", policy->since_ns);
    json_object_set_new(o, "conduits", list);
    json_object_set_new(o, "no_conduit", conduit_json(daemon, n, rules));
    free(rules);
    return o;
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

json_t *ps_show_counters(struct ps_daemon *daemon)
{
    struct ps_engine_stats s;
    json_t *o = json_object();

    ps_show_engine_stats(daemon, &s);
    json_object_set_new(o, "engine", ps_engine_json(&s));
    json_object_set_new(o, "denied_by_class", ps_classes_json(s.denied_by_class));
    json_object_set_new(o, "denied_by_reason", ps_reasons_json(s.denied_by_reason));
    json_object_set_new(o, "pdus", ps_pdus_json(&s));
    json_object_set_new(o, "ports", ports_json(daemon));
    json_object_set_new(o, "workers", workers_json(daemon));
    ps_json_put_n(o, "events", daemon->journal.n_events);
    ps_json_put_n(o, "refusals", n_refusals(daemon, &s));
    return o;
}

json_t *ps_show_reasons(struct ps_daemon *daemon)
{
    struct ps_engine_stats s;
    json_t *list = json_array();

    ps_show_engine_stats(daemon, &s);
    for (unsigned r = 1; r < PS_N_REASONS; r++) {
        const struct ps_reason_info *info = ps_reason_info(r);

        if (s.denied_by_reason[r] > 0)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I}", "reason", info->name, "class",
                                                  ps_reason_class_name(info->class), "sentence", info->sentence,
                                                  "count", (json_int_t)s.denied_by_reason[r]));
    }
    return json_pack("{s:o}", "reasons", list);
}
