/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_summary.c - what a replay found, for people: per conduit and rule, then oddities, then the refusals.
 */
#include <string.h>

#include "addr_text.h"
#include "event_text.h"
#include "replay.h"
#include "text.h"

#define ROWS_SHOWN 50u

static void print_totals(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    char packets[PS_COUNT_TEXT_MAX], flows[PS_COUNT_TEXT_MAX], allowed[PS_COUNT_TEXT_MAX], denied[PS_COUNT_TEXT_MAX];

    fprintf(out, "digest %.*s", PS_DIGEST_SHORT, replay->plant.digest);
    if (replay->n_maps > 0)
        fprintf(out, " (%zu address%s mapped)", replay->n_maps, replay->n_maps == 1 ? "" : "es");
    fprintf(out, ", judged %s%s\n", replay->inline_ ? "inline" : "passively",
            t->interrupted ? "; INTERRUPTED: this is what is known so far" : "");
    fprintf(out, "%llu file%s, %s packet%s, %s flow%s; PDUs: %s allowed, %s denied\n", (unsigned long long)t->files,
            ps_text_s(t->files), ps_text_count(t->counts.packets, packets), ps_text_s(t->counts.packets),
            ps_text_count(t->stats.flows, flows), ps_text_s(t->stats.flows),
            ps_text_count(t->stats.pdus_allowed, allowed), ps_text_count(t->stats.pdus_denied, denied));
}

/* Which protocols the PDUs are of, where they are of several. */
static void print_protocols(const struct replay_totals *t, FILE *out)
{
    char allowed[PS_COUNT_TEXT_MAX], denied[PS_COUNT_TEXT_MAX];
    unsigned n = 0;

    for (unsigned p = 1; p < PS_N_DISSECTORS; p++)
        n += t->stats.pdus[p].allowed + t->stats.pdus[p].denied > 0;
    for (unsigned p = 1; n > 1 && p < PS_N_DISSECTORS; p++)
        if (t->stats.pdus[p].allowed + t->stats.pdus[p].denied > 0)
            fprintf(out, "  %s: %s allowed, %s denied\n", ps_protocol_name(p),
                    ps_text_count(t->stats.pdus[p].allowed, allowed), ps_text_count(t->stats.pdus[p].denied, denied));
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

struct table {
    FILE *out;
    int width; /* of the first column */
};

static bool has_traffic(const struct ps_conduit_stats *s)
{
    return s->flows > 0 || s->packets > 0 || s->allowed > 0 || s->denied > 0;
}

/* A cell with nothing in it stays empty. */
static const char *cell(uint64_t n, bool shown, char buf[PS_COUNT_TEXT_MAX])
{
    buf[0] = '\0';
    return shown ? ps_text_count(n, buf) : buf;
}

static void row(const struct table *table, const char *indent, const char *name, const char *cells[4])
{
    char first[256];
    unsigned last = 0; /* cell with anything in it */

    snprintf(first, sizeof first, "%s%s", indent, name);
    for (unsigned i = 0; i < 4; i++)
        last = cells[i][0] != '\0' ? i : last;
    fprintf(table->out, "%-*s", table->width, first);
    for (unsigned i = 0; i <= last; i++)
        fprintf(table->out, " %12s", cells[i]);
    fputc('\n', table->out);
}

static void conduit_rows(const struct table *table, const struct replay *replay, const struct replay_totals *t,
                         uint32_t c)
{
    const struct ps_image *image = &replay->plant.image;
    const struct ps_conduit_stats *s = &t->conduits[c];
    bool none = c == ps_image_n_conduits(image);
    char a[PS_COUNT_TEXT_MAX], b[PS_COUNT_TEXT_MAX], d[PS_COUNT_TEXT_MAX], e[PS_COUNT_TEXT_MAX];

    row(table, "", none ? "no conduit" : ps_image_conduit_name(image, c),
        (const char *[]){cell(s->flows, s->flows > 0, a), cell(s->refused_flows, s->refused_flows > 0, b),
                         cell(s->allowed, s->allowed > 0, d), cell(s->denied, s->denied > 0, e)});
    for (uint32_t i = 0; !none && i < ps_image_conduit_n_rules(image, c); i++) {
        uint32_t rule = ps_image_conduit_first_rule(image, c) + i;

        if (t->rules[rule].allowed > 0)
            row(table, "  ", ps_image_rule_name(image, rule),
                (const char *[]){"", "", cell(t->rules[rule].allowed, true, d), ""});
    }
    if (s->replies > 0)
        row(table, "  ", "(replies)", (const char *[]){"", "", cell(s->replies, true, d), ""});
    for (unsigned r = 1; r < PS_N_REASONS; r++)
        if (s->by_reason[r] > 0)
            row(table, "  - ", ps_reason_info(r)->name, (const char *[]){"", "", "", cell(s->by_reason[r], true, e)});
    if (s->monitored > 0)
        row(table, "  ", "(let pass: monitor)", (const char *[]){"", "", "", cell(s->monitored, true, e)});
}

static void widen(int *width, const char *indent, const char *name)
{
    int len = (int)(strlen(indent) + strlen(name));

    if (len > *width)
        *width = len;
}

static int first_width(const struct ps_image *image, const struct replay_totals *t)
{
    int width = 26; /* "  - modbus-..." of most reasons, "CONDUIT / RULE" */

    for (uint32_t c = 0; c < ps_image_n_conduits(image); c++) {
        if (!has_traffic(&t->conduits[c]))
            continue;
        widen(&width, "", ps_image_conduit_name(image, c));
        for (uint32_t i = 0; i < ps_image_conduit_n_rules(image, c); i++)
            if (t->rules[ps_image_conduit_first_rule(image, c) + i].allowed > 0)
                widen(&width, "  ", ps_image_rule_name(image, ps_image_conduit_first_rule(image, c) + i));
    }
    return width < 200 ? width : 200;
}

static void print_conduits(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    const struct ps_image *image = &replay->plant.image;
    struct table table = {.out = out, .width = first_width(image, t)};
    uint32_t n_quiet = 0;

    fputc('\n', out);
    row(&table, "", "CONDUIT / RULE", (const char *[]){"FLOWS", "REFUSED", "ALLOWED", "DENIED"});
    for (uint32_t c = 0; c < ps_image_n_conduits(image); c++) {
        if (has_traffic(&t->conduits[c]))
            conduit_rows(&table, replay, t, c);
        else
            n_quiet++;
    }
    if (has_traffic(&t->conduits[ps_image_n_conduits(image)]))
        conduit_rows(&table, replay, t, ps_image_n_conduits(image));
    if (n_quiet > 0)
        fprintf(out, "%u conduit%s without traffic\n", n_quiet, ps_text_s(n_quiet));
}

/* ---- oddities -------------------------------------------------------------------------------------------------- */

static void print_counts(const struct replay_totals *t, FILE *out)
{
    const struct ps_engine_stats *s = &t->stats;
    const struct {
        uint64_t n;
        const char *what;
    } lines[] = {
        {s->not_ours, "packets inside one zone: judged by nobody"},
        {t->counts.not_ip, "cooked packets that are not IP: not judged"},
        {t->counts.unknown_link, "packets of an unknown link type: not judged"},
        {s->midstream, "flows joined without their opening"},
        {s->gaps, "gaps in flows: the capture misses segments"},
        {s->gap_bytes, "octets missing in them"},
        {s->resyncs, "times the start of a PDU was found again"},
        {s->unfinished_pdus, "PDUs that never ended"},
        {s->retransmissions, "segments repeated"},
        {s->out_of_order, "segments out of order"},
        {t->rewritten_files, "captures rewritten after they were made: most checksums are wrong, none were judged"},
        {s->offloaded_checksums, "checksums that the sender's card had yet to fill in"},
        {s->cut_packets, "packets that the capture cut short"},
        {s->capped, "times that caps of the gateway would have refused something, which none of these did"},
        {s->events_lost, "refusals counted but not listed: too many at once"},
    };
    bool any = false;
    char n[PS_COUNT_TEXT_MAX];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i].n == 0)
            continue;
        fprintf(out, "%s%12s  %s\n", any ? "" : "\nWORTH KNOWING\n", ps_text_count(lines[i].n, n), lines[i].what);
        any = true;
    }
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

/* The client stands in front, and the arrow points to whom it was sent. */
static void who(const struct ps_image *image, const struct ps_event *e, struct ps_txt *out)
{
    const char *arrow = e->dir == PS_TO_SERVER ? " -> " : " <- ";

    if (!ps_event_has_addresses(e)) {
        char text[2][18];

        ps_mac_format(e->client_mac, text[0]);
        ps_mac_format(e->server_mac, text[1]);
        ps_txt_str(out, text[0]);
        ps_txt_str(out, arrow);
        ps_txt_str(out, text[1]);
        return;
    }
    ps_event_text_host(image, e->client_asset, e->client, 0, out);
    ps_txt_str(out, arrow);
    ps_event_text_host(image, e->server_asset, e->server, 0, out);
}

static void denial_row(const struct replay *replay, const struct replay_denial *d, FILE *out)
{
    const struct ps_event *e = &d->first;
    char n[PS_COUNT_TEXT_MAX], text[256], what[64], vlan[16], when[PS_TIME_TEXT_MAX];
    struct ps_txt t, v;

    ps_txt_init(&t, text, sizeof text);
    who(&replay->plant.image, e, &t);
    ps_txt_init(&t, what, sizeof what);
    ps_event_text_flow(e->ip_proto, e->server_port, &t);
    if (e->what == PS_JUDGED_FLOW)
        ps_txt_str(&t, e->ip_proto == 6 ? " connection" : " flow");
    ps_txt_init(&v, vlan, sizeof vlan);
    if (e->vlan != 0) {
        ps_txt_str(&v, "  vlan ");
        ps_txt_u64(&v, e->vlan);
    }
    fprintf(out, "%8sx %-18s %s  %s%s%s  first %s #%llu", ps_text_count(d->n, n), ps_reason_info(e->reason)->name, text,
            e->operation[0] != '\0' ? e->operation : what, vlan,
            e->kind == PS_EVENT_WOULD_DENY ? "  (monitor: let pass)" : "", ps_text_time(e->time_ns, 3, false, when),
            (unsigned long long)e->number);
    if (replay->inputs.n > 1) {
        fputs(" of ", out);
        replay_text_path(replay->inputs.items[d->file].path, out);
    }
    fputc('\n', out);
}

static void print_denials(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    const struct replay_denials *d = &t->denials;
    char n[PS_COUNT_TEXT_MAX];
    uint64_t n_rest = d->n_more;

    if (d->n_rows == 0)
        return;
    fprintf(out, "\n%sDENIED, most frequent first%s\n", ps_text_colour(out, PS_COLOUR_BOLD),
            ps_text_colour(out, PS_COLOUR_PLAIN));
    for (uint32_t i = 0; i < d->n_rows; i++) {
        if (i < ROWS_SHOWN)
            denial_row(replay, &d->rows[i], out);
        else
            n_rest += d->rows[i].n;
    }
    if (n_rest > 0)
        fprintf(out, "%8sx others; --json lists each\n", ps_text_count(n_rest, n));
}

void replay_summary_print(const struct replay *replay, const struct replay_totals *t, FILE *out)
{
    uint64_t n = t->stats.denied_by_reason[PS_REASON_NO_CONDUIT];
    uint64_t refused = t->conduits[ps_image_n_conduits(&replay->plant.image)].refused_flows;

    print_totals(replay, t, out);
    print_protocols(t, out);
    print_conduits(replay, t, out);
    print_counts(t, out);
    print_denials(replay, t, out);
    if (n > 0 && refused > 0)
        fprintf(out, "%llu flow%s refused between zones that no conduit joins, or of addresses in no zone\n",
                (unsigned long long)refused, ps_text_s(refused));
}
