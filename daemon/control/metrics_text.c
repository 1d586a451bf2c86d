/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "daemon.h"
#include "sinks.h"
#include "text.h"

#define LINE_MAX_OCTETS 2048u
#define HEADS_MAX ((size_t)64 << 10) /* octets kept for the heads of families, so that each is named */

/* ---- the format -------------------------------------------------------------------------------------------------- */

struct page {
    char *data;
    size_t len, room;
    uint64_t n_left_out; /* samples that found no room */
    const char *name;    /* of the family that is being written */
};

static bool add(struct page *page, const char *line, size_t len, size_t max)
{
    if (page->len + len > max)
        return false;
    if (page->len + len > page->room) {
        page->room = 2 * page->room + len + 65536;
        page->data = ps_need(realloc(page->data, page->room));
    }
    memcpy(page->data + page->len, line, len);
    page->len += len;
    return true;
}

/* type: "counter" or "gauge". */
static void family(struct page *page, const char *name, const char *type, const char *help)
{
    char line[LINE_MAX_OCTETS];
    int len = snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);

    page->name = name;
    add(page, line, (size_t)len, PS_METRICS_TEXT_MAX + HEADS_MAX);
}

static void put_label(struct ps_txt *t, const char *key, const char *value, bool first)
{
    ps_txt_str(t, first ? "{" : ",");
    ps_txt_str(t, key);
    ps_txt_str(t, "=\"");
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\' || *value == '\n')
            ps_txt_char(t, '\\');
        if (*value == '\n')
            ps_txt_char(t, 'n');
        else
            ps_txt_char(t, (unsigned char)*value < 0x80 ? *value : '?'); /* paths may hold anything */
    }
    ps_txt_str(t, "\"");
}

/* value: as it is printed; then label, value, ..., NULL. */
static void sample_text(struct page *page, const char *value, va_list labels)
{
    char line[LINE_MAX_OCTETS];
    struct ps_txt t;
    bool first = true;

    ps_txt_init(&t, line, sizeof line);
    ps_txt_str(&t, page->name);
    for (const char *key; (key = va_arg(labels, const char *)) != NULL; first = false)
        put_label(&t, key, va_arg(labels, const char *), first);
    ps_txt_str(&t, first ? " " : "} ");
    ps_txt_str(&t, value);
    ps_txt_str(&t, "\n");
    if (t.cut || !add(page, line, strlen(line), PS_METRICS_TEXT_MAX))
        page->n_left_out++;
}

static void sample(struct page *page, uint64_t value, ...)
{
    char text[32];
    va_list labels;

    snprintf(text, sizeof text, "%" PRIu64, value);
    va_start(labels, value);
    sample_text(page, text, labels);
    va_end(labels);
}

static void sample_seconds(struct page *page, uint64_t ns, ...)
{
    char text[48];
    va_list labels;

    snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64, ns / PS_NS_PER_S, ns % PS_NS_PER_S);
    va_start(labels, ns);
    sample_text(page, text, labels);
    va_end(labels);
}

/* A family of one sample without labels. */
static void single(struct page *page, const char *name, const char *type, const char *help, uint64_t value)
{
    family(page, name, type, help);
    sample(page, value, NULL);
}

/* ---- the gateway and its policy ---------------------------------------------------------------------------------- */

static void gateway(struct page *page, struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    char revision[24] = "";

    if (policy != NULL)
        snprintf(revision, sizeof revision, "%" PRIu32, ps_image_revision(&policy->loaded.image));
    family(page, "penstock_info", "gauge", "Which gateway this is, and which policy is in force; always 1.");
    sample(page, 1, "gateway", daemon->config->gateway, "version", PENSTOCK_VERSION, "io", ps_io_backend(), "digest",
           policy != NULL ? policy->loaded.digest : "", "revision", revision, NULL);
    family(page, "penstock_start_time_seconds", "gauge", "When the daemon was started, seconds since 1970.");
    sample_seconds(page, daemon->started_ns, NULL);
    single(page, "penstock_policy_generation", "gauge", "Policies put in force since the start; 0: none, nothing passes.",
           policy != NULL ? policy->generation : 0);
    single(page, "penstock_policy_unconfirmed", "gauge", "1: the policy in force goes away unless it is confirmed.",
           daemon->reload.confirm_by_ns != 0);
    single(page, "penstock_plant_broken", "gauge", "1: the plant file is not in force; penstock status says why.",
           daemon->reload.broken != NULL);
    single(page, "penstock_island", "gauge", "1: something was closed by hand.", ps_island_is_on(&daemon->island));
    single(page, "penstock_guard_in_force", "gauge", "1: the kernel is kept off the ports that it sees.",
           daemon->guarding.guard != NULL && daemon->guarding.in_force);
    single(page, "penstock_guard_repairs_total", "counter", "Times that the kernel guard was found changed and put back.",
           daemon->guarding.n_repairs);
    single(page, "penstock_rules_in_force", "gauge", "1: the kernel judges, by the rules of the policy.",
           daemon->enforcing.push != NULL && daemon->enforcing.in_force && !daemon->enforcing.late);
    single(page, "penstock_rules_repairs_total", "counter", "Times that the kernel's rules were found changed and put back.",
           daemon->enforcing.n_repairs);
}

static void conduit_states(struct page *page, struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    uint32_t n[3] = {0};

    for (uint32_t c = 0; policy != NULL && c < ps_image_n_conduits(&policy->loaded.image); c++) {
        bool monitor = ps_policy_slot_mode(policy->slots[0], c) == PS_MODE_MONITOR;

        n[ps_policy_slot_is_closed(policy->slots[0], c) ? 2 : monitor]++;
    }
    family(page, "penstock_conduits", "gauge", "Conduits by what is done on them.");
    sample(page, n[0], "state", "enforce", NULL);
    sample(page, n[1], "state", "monitor", NULL);
    sample(page, n[2], "state", "closed", NULL);
}

/* ---- conduits ---------------------------------------------------------------------------------------------------- */

struct counter {
    const char *name, *help;
    size_t offset; /* of a uint64_t in the struct that is counted in */
};

static uint64_t count_of(const void *stats, const struct counter *counter)
{
    uint64_t n;

    memcpy(&n, (const char *)stats + counter->offset, sizeof n);
    return n;
}

static const char *conduit_name(const struct ps_image *image, uint32_t c)
{
    return c == ps_image_n_conduits(image) ? "" : ps_image_conduit_name(image, c);
}

static void refusals_of_conduits(struct page *page, const struct ps_image *image, const struct ps_conduit_stats *stats)
{
    family(page, "penstock_conduit_denied_total", "counter",
           "Refused on the conduit by reason, also what monitor mode let pass. Conduit \"\": traffic of none.");
    for (uint32_t c = 0; c <= ps_image_n_conduits(image); c++)
        for (unsigned r = 1; r < PS_N_REASONS; r++)
            if (stats[c].by_reason[r] > 0)
                sample(page, stats[c].by_reason[r], "conduit", conduit_name(image, c), "reason",
                       ps_reason_info(r)->name, NULL);
}

static void rules(struct page *page, struct ps_daemon *daemon, const struct ps_policy *policy)
{
    const struct ps_image *image = &policy->loaded.image;

    family(page, "penstock_rule_allowed_total", "counter", "Requests, or packets without inspection, that the rule granted.");
    for (uint32_t c = 0; c < ps_image_n_conduits(image); c++)
        for (uint32_t i = 0; i < ps_image_conduit_n_rules(image, c); i++) {
            uint32_t rule = ps_image_conduit_first_rule(image, c) + i;
            struct ps_rule_stats stats;

            ps_policy_rule_stats(&daemon->policies, policy, rule, &stats);
            sample(page, stats.allowed, "conduit", conduit_name(image, c), "rule", ps_image_rule_name(image, rule), NULL);
        }
}

#define OF_CONDUIT(field, help) {"penstock_conduit_" #field "_total", help, offsetof(struct ps_conduit_stats, field)}

static const struct counter conduit_counters[] = {
    OF_CONDUIT(flows, "Flows opened on the conduit, allowed or not."),
    OF_CONDUIT(refused_flows, "Of them refused."),
    OF_CONDUIT(packets, "Packets of its flows."),
    OF_CONDUIT(allowed, "PDUs allowed, and packets of protocols that are not inspected."),
    OF_CONDUIT(replies, "Of them replies of inspected protocols."),
    OF_CONDUIT(monitored, "Refused, and let pass by monitor mode."),
};

static void conduits(struct page *page, struct ps_daemon *daemon)
{
    const struct ps_policy *policy = daemon->policies.current;
    struct ps_conduit_stats *stats;
    uint32_t n;

    if (policy == NULL)
        return;
    n = ps_image_n_conduits(&policy->loaded.image);
    stats = ps_need(calloc((size_t)n + 1, sizeof *stats));
    ps_show_settle(daemon);
    for (uint32_t c = 0; c <= n; c++)
        ps_policy_conduit_stats(&daemon->policies, policy, c, &stats[c]);
    for (size_t i = 0; i < sizeof conduit_counters / sizeof conduit_counters[0]; i++) {
        family(page, conduit_counters[i].name, "counter", conduit_counters[i].help);
        for (uint32_t c = 0; c <= n; c++)
            sample(page, count_of(&stats[c], &conduit_counters[i]), "conduit",
                   conduit_name(&policy->loaded.image, c), NULL);
    }
    refusals_of_conduits(page, &policy->loaded.image, stats);
    rules(page, daemon, policy);
    free(stats);
}

/* ---- engines ----------------------------------------------------------------------------------------------------- */

#define OF_ENGINE(field, help) {"penstock_" #field "_total", help, offsetof(struct ps_engine_stats, field)}

static const struct counter engine_counters[] = {
    OF_ENGINE(packets, "Packets judged."),
    OF_ENGINE(bytes, "Octets of them."),
    OF_ENGINE(passed, "Packets passed on."),
    OF_ENGINE(dropped, "Packets dropped."),
    OF_ENGINE(non_ip, "Packets that are not IP."),
    OF_ENGINE(not_ours, "Packets inside one zone: judged by nobody."),
    OF_ENGINE(flows, "Flows opened."),
    OF_ENGINE(midstream, "Flows joined without their handshake."),
    OF_ENGINE(pdus_allowed, "PDUs allowed."),
    OF_ENGINE(pdus_denied, "PDUs refused."),
    OF_ENGINE(retransmissions, "Segments with nothing new."),
    OF_ENGINE(out_of_order, "Segments kept until their turn."),
    OF_ENGINE(unfinished_pdus, "Flows that ended inside a PDU."),
    OF_ENGINE(fragments_kept, "IP fragments that waited for others."),
    OF_ENGINE(datagrams, "Datagrams put together from fragments."),
    OF_ENGINE(rejudged, "Flows judged anew after a change of the policy."),
    OF_ENGINE(rejudged_refused, "Of them no longer allowed."),
    OF_ENGINE(sent_frames, "Frames of the engine's own making."),
    OF_ENGINE(sends_lost, "Frames of its own for which there was no room."),
    OF_ENGINE(held_pdus, "PDUs of which a part had to wait for the rest."),
    OF_ENGINE(local_acks, "Acknowledgements in the receiver's name."),
    OF_ENGINE(resends, "Times that owned octets were sent again."),
    OF_ENGINE(backpressure, "Segments dropped because copies were full."),
    OF_ENGINE(resets, "Connections that the engine has ended."),
    OF_ENGINE(answers, "Requests refused in the server's name."),
    OF_ENGINE(stale, "Segments with nothing new that were not passed on."),
    OF_ENGINE(events_lost, "Events that a worker had no room for."),
};

static void tables(struct page *page, struct ps_daemon *daemon, const struct ps_engine_stats *s)
{
    struct ps_engine_config config;

    ps_engine_config_init(&config);
    family(page, "penstock_table_used", "gauge", "Lines of a table in use.");
    sample(page, s->flows_now, "table", "flows", NULL);
    sample(page, s->relays_now, "table", "relays", NULL);
    family(page, "penstock_table_peak", "gauge", "The most that were in use at once; each worker's own peak, added up.");
    sample(page, s->flows_peak, "table", "flows", NULL);
    sample(page, s->relays_peak, "table", "relays", NULL);
    family(page, "penstock_table_max", "gauge", "Lines that there are.");
    sample(page, (uint64_t)daemon->config->flows * daemon->policies.n_workers, "table", "flows", NULL);
    sample(page, (uint64_t)config.n_relays * daemon->policies.n_workers, "table", "relays", NULL);
}

static void engines(struct page *page, struct ps_daemon *daemon)
{
    struct ps_engine_stats s;

    ps_show_engine_stats(daemon, &s);
    for (size_t i = 0; i < sizeof engine_counters / sizeof engine_counters[0]; i++)
        single(page, engine_counters[i].name, "counter", engine_counters[i].help, count_of(&s, &engine_counters[i]));
    family(page, "penstock_denied_total", "counter", "Everything refused, by reason.");
    for (unsigned r = 1; r < PS_N_REASONS; r++)
        sample(page, s.denied_by_reason[r], "reason", ps_reason_info(r)->name, "class",
               ps_reason_class_name(ps_reason_info(r)->class), NULL);
    family(page, "penstock_pdus_total", "counter", "PDUs of inspected protocols.");
    for (unsigned p = 1; p < PS_N_DISSECTORS; p++) {
        sample(page, s.pdus[p].allowed, "protocol", ps_protocol_name(p), "verdict", "allowed", NULL);
        sample(page, s.pdus[p].denied, "protocol", ps_protocol_name(p), "verdict", "denied", NULL);
    }
    tables(page, daemon, &s);
}

/* ---- ports and workers ------------------------------------------------------------------------------------------- */

#define OF_PORT(field, name, help) {"penstock_port_" name "_total", help, offsetof(struct ps_io_stats, field)}

static const struct counter port_counters[] = {
    OF_PORT(rx_packets, "receive_packets", "Packets received."),
    OF_PORT(rx_bytes, "receive_bytes", "Octets received."),
    OF_PORT(tx_packets, "transmit_packets", "Packets sent."),
    OF_PORT(tx_bytes, "transmit_bytes", "Octets sent."),
    OF_PORT(rx_lost, "receive_lost", "Packets lost in front of the daemon, as far as the driver can tell."),
    OF_PORT(rx_unfit, "receive_unfit", "Packets that do not fit the buffers, or whose tags the card took off."),
    OF_PORT(spread_lost, "spread_lost", "Packets for which the ring to their worker was full."),
    OF_PORT(tx_lost, "transmit_lost", "Packets that the port did not take in time."),
    OF_PORT(tx_oversize, "transmit_oversize", "Packets longer than the port can send."),
};

static void ports(struct page *page, struct ps_daemon *daemon)
{
    struct ps_io_stats stats[PS_IO_PORTS_MAX];
    uint32_t n = daemon->config->n_ports;

    for (uint32_t i = 0; i < n; i++)
        ps_io_stats(daemon->io, i, &stats[i]);
    family(page, "penstock_port_up", "gauge", "1: the port has a link.");
    for (uint32_t i = 0; i < n; i++)
        sample(page, stats[i].link_up, "port", daemon->config->ports[i].name, "device",
               daemon->config->ports[i].device, NULL);
    for (size_t k = 0; k < sizeof port_counters / sizeof port_counters[0]; k++) {
        family(page, port_counters[k].name, "counter", port_counters[k].help);
        for (uint32_t i = 0; i < n; i++)
            sample(page, count_of(&stats[i], &port_counters[k]), "port", daemon->config->ports[i].name, NULL);
    }
}

#define OF_WORKER(field, name, help) {"penstock_worker_" name "_total", help, offsetof(struct ps_progress, field)}

static const struct counter worker_counters[] = {
    OF_WORKER(packets, "packets", "Packets judged by the worker."),
    OF_WORKER(loops, "loops", "Rounds of the worker; a number that stands still is a worker that is stuck."),
    OF_WORKER(sleeps, "sleeps", "Times that it slept because there was nothing to do."),
    OF_WORKER(busy_ns, "busy_seconds", "Time in rounds with something to do."),
    OF_WORKER(idle_ns, "idle_seconds", "Time in other rounds, sleep included."),
};

static void workers(struct page *page, struct ps_daemon *daemon)
{
    char number[16];

    for (size_t k = 0; k < sizeof worker_counters / sizeof worker_counters[0]; k++) {
        family(page, worker_counters[k].name, "counter", worker_counters[k].help);
        for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
            struct ps_progress p;

            ps_crew_progress(daemon->crew, w, &p);
            snprintf(number, sizeof number, "%" PRIu32, w);
            if (strstr(worker_counters[k].name, "seconds") != NULL)
                sample_seconds(page, count_of(&p, &worker_counters[k]), "worker", number, NULL);
            else
                sample(page, count_of(&p, &worker_counters[k]), "worker", number, NULL);
        }
    }
    family(page, "penstock_worker_stuck", "gauge", "1: the worker does not move.");
    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        snprintf(number, sizeof number, "%" PRIu32, w);
        sample(page, daemon->stuck[w], "worker", number, NULL);
    }
}

/* What the kernel puts packets into, where it does. */
static void queues(struct page *page, struct ps_daemon *daemon)
{
    struct ps_io_queue_stats stats[PS_IO_WORKERS_MAX];
    uint32_t n = 0;
    char number[16];

    while (n < daemon->policies.n_workers && ps_io_queue_stats(daemon->io, n, &stats[n]))
        n++;
    family(page, "penstock_queue_lost_total", "counter", "Packets dropped because the kernel's queue was full.");
    for (uint32_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, "%u", stats[i].number);
        sample(page, stats[i].lost, "queue", number, NULL);
    }
    family(page, "penstock_queue_waiting", "gauge", "Packets in the kernel's queue that have no verdict yet.");
    for (uint32_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, "%u", stats[i].number);
        sample(page, stats[i].waiting, "queue", number, NULL);
    }
}

/* Where the kernel carries something by itself. */
static void carried(struct page *page, struct ps_daemon *daemon)
{
    struct ps_io_carried carried;
    bool some = ps_io_carried(daemon->io, &carried);

    family(page, "penstock_carried_packets_total", "counter", "Packets of flows without inspection that went past the queue.");
    if (some)
        sample(page, carried.packets, NULL);
    family(page, "penstock_carried_bytes_total", "counter", "Octets of them.");
    if (some)
        sample(page, carried.bytes, NULL);
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void sinks(struct page *page, struct ps_daemon *daemon)
{
    static const struct {
        const char *key, *name, *type, *help;
    } of[] = {
        {"written", "penstock_sink_written_total", "counter", "Events that the sink has taken."},
        {"lost", "penstock_sink_lost_total", "counter", "Events that it had no room for."},
        {"queued", "penstock_sink_queued", "gauge", "Events that wait for it."},
        {"error", "penstock_sink_stuck", "gauge", "1: it takes nothing; penstock status says why."},
    };
    json_t *list = daemon->journal.sinks != NULL ? ps_sinks_json(daemon->journal.sinks) : json_array();

    for (size_t k = 0; k < sizeof of / sizeof of[0]; k++) {
        family(page, of[k].name, of[k].type, of[k].help);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *sink = json_array_get(list, i), *value = json_object_get(sink, of[k].key);
            const char *path = json_string_value(json_object_get(sink, "path"));
            char number[24];

            snprintf(number, sizeof number, "%zu", i);
            sample(page, json_is_integer(value) ? (uint64_t)json_integer_value(value) : value != NULL, "sink", number,
                   "kind", json_string_value(json_object_get(sink, "kind")), "path", path != NULL ? path : "", NULL);
        }
    }
    json_decref(list);
}

static void events(struct page *page, struct ps_daemon *daemon)
{
    single(page, "penstock_events_total", "counter", "Events told.", daemon->journal.n_events);
    single(page, "penstock_events_held_total", "counter", "Events that were not told one by one: equal ones of a flood.",
           daemon->journal.n_held);
    single(page, "penstock_refusals_total", "counter", "Refusals, of the engine's events.", daemon->journal.n_refusals);
    single(page, "penstock_followers", "gauge", "Clients of the control socket that follow events.",
           ps_server_n_followers(daemon->server));
    sinks(page, daemon);
}

char *ps_metrics_text(struct ps_daemon *daemon, size_t *len)
{
    struct page page = {0};
    char line[128];

    gateway(&page, daemon);
    engines(&page, daemon);
    ports(&page, daemon);
    workers(&page, daemon);
    queues(&page, daemon);
    carried(&page, daemon);
    events(&page, daemon);
    conduit_states(&page, daemon);
    conduits(&page, daemon);
    family(&page, "penstock_metrics_left_out", "gauge", "Samples that did not fit into this text.");
    add(&page, line, (size_t)snprintf(line, sizeof line, "%s %" PRIu64 "\n", page.name, page.n_left_out),
        PS_METRICS_TEXT_MAX + HEADS_MAX);
    *len = page.len;
    return page.data;
}
