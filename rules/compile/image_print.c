/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * image_print.c - an image as text, one line per thing, for people and golden tests. What a rule does not restrict is
 * not said.
 */
#include <inttypes.h>
#include <stdio.h>

#include "addr_text.h"
#include "build.h"
#include "vocab.h"

/* ---- pieces ---------------------------------------------------------------------------------------------------- */

static void print_ids(FILE *out, const char *key, const uint32_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "%s%" PRIu32, i == 0 ? key : ",", ids[i]);
}

static void print_ranges(FILE *out, const char *key, const struct ps_range *ranges, uint32_t n)
{
    char text[32];
    struct ps_txt t;

    for (uint32_t i = 0; i < n; i++) {
        ps_txt_init(&t, text, sizeof text);
        ps_txt_range(&t, ranges[i].first, ranges[i].last);
        fprintf(out, "%s%s", i == 0 ? key : ",", text);
    }
}

static void print_assets(FILE *out, const char *key, const struct ps_image *image, const uint32_t *assets, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "%s%s", i == 0 ? key : ",", ps_image_asset_name(image, assets[i]));
}

static void print_mac(FILE *out, uint64_t number)
{
    struct ps_mac mac;
    char text[PS_MAC_TEXT_MAX];

    for (int i = 0; i < 6; i++)
        mac.b[i] = (uint8_t)(number >> (40 - 8 * i));
    ps_mac_format(mac, text);
    fprintf(out, " mac %s", text);
}

/* ---- zones, assets, addresses ---------------------------------------------------------------------------------- */

static void print_head(FILE *out, const struct ps_image *image)
{
    fprintf(out, "image version %u site \"%s\" revision %" PRIu32 "\n", PS_IMAGE_VERSION, ps_image_site(image),
            ps_image_revision(image));
    fputs("digest ", out);
    for (unsigned i = 0; i < PS_DIGEST_LEN; i++)
        fprintf(out, "%02x", ps_image_digest(image)[i]);
    fputc('\n', out);
}

static void print_zones(FILE *out, const struct ps_image *image)
{
    const struct ps_image_zone *zones = ps_image_at_ZONES(image);

    for (uint32_t i = 0; i < ps_image_n_zones(image); i++) {
        fprintf(out, "zone %" PRIu32 " %s intra %s", i, ps_image_zone_name(image, i),
                zones[i].intra_allow ? "allow" : "deny");
        print_ids(out, " vlans ", ps_image_at_VLANS(image) + zones[i].first_vlan, zones[i].n_vlans);
        fputc('\n', out);
    }
}

static void print_all_assets(FILE *out, const struct ps_image *image)
{
    const struct ps_image_asset *assets = ps_image_at_ASSETS(image);
    char text[PS_ADDR_TEXT_MAX];

    for (uint32_t i = 0; i < ps_image_n_assets(image); i++) {
        fprintf(out, "asset %" PRIu32 " %s zone %s", i, ps_image_asset_name(image, i),
                ps_image_zone_name(image, assets[i].zone));
        for (uint32_t k = 0; k < assets[i].n_addresses; k++) {
            ps_addr_format(ps_image_asset_address(image, i, k), text);
            fprintf(out, "%s%s", k == 0 ? " addresses " : ",", text);
        }
        if (assets[i].mac != 0)
            print_mac(out, assets[i].mac);
        for (unsigned p = 0; p < PS_N_DISSECTORS; p++)
            if (assets[i].relax[p] != 0)
                fprintf(out, " relax %s 0x%" PRIx32, ps_protocol_name(p), assets[i].relax[p]);
        fputc('\n', out);
    }
}

static struct ps_addr before(struct ps_addr addr)
{
    addr.hi -= addr.lo == 0;
    addr.lo--;
    return addr;
}

static void print_intervals(FILE *out, const struct ps_image *image)
{
    const struct ps_addr *starts = ps_image_at_STARTS(image);
    const struct ps_image_owner *owners = ps_image_at_OWNERS(image);
    uint32_t n = ps_image_n(image, PS_SECTION_STARTS);
    struct ps_addr last = {UINT64_MAX, UINT64_MAX};
    char text[2 * PS_ADDR_TEXT_MAX];

    for (uint32_t i = 0; i < n; i++) {
        if (owners[i].zone == PS_NONE)
            continue;
        ps_net_format(starts[i], i + 1 < n ? before(starts[i + 1]) : last, text, sizeof text);
        fprintf(out, "addresses %s zone %s asset %s\n", text, ps_image_zone_name(image, owners[i].zone),
                ps_image_asset_name(image, owners[i].asset));
    }
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static void print_functions(FILE *out, const struct ps_vocab *vocab, const uint64_t *functions)
{
    const char *separator = " functions ";

    for (uint16_t row = 0; row < vocab->n_functions; row++) {
        if (!(functions[row / 64] >> (row % 64) & 1))
            continue;
        fprintf(out, "%s%s", separator, vocab->functions[row].name);
        separator = ",";
    }
}

static void print_ops(FILE *out, uint32_t ops)
{
    const char *separator = " operations ";

    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if (!(ops & PS_OP_BIT(op)))
            continue;
        fprintf(out, "%s%s", separator, ps_op_name(op));
        separator = ",";
    }
}

static void print_choices(FILE *out, const struct ps_vocab *vocab, const struct ps_rule_view *view)
{
    char text[64];
    struct ps_txt t;

    for (uint32_t i = 0; view->has_choices && i < view->n_choices; i++) {
        ps_txt_init(&t, text, sizeof text);
        ps_choice_format(vocab, view->choices[i], &t);
        if (i == 0)
            fprintf(out, " %s ", vocab->choices_key ? vocab->choices_key : "choices");
        fprintf(out, "%s%s", i == 0 ? "" : ",", text);
    }
}

static void print_params(FILE *out, const struct ps_vocab *vocab, const struct ps_rule_view *view)
{
    char text[64];
    struct ps_txt t;

    for (uint32_t i = 0; i < view->n_params; i++) {
        uint32_t row = view->params[i].space - 1;
        bool is_next = i > 0 && view->params[i - 1].space == view->params[i].space;
        ps_txt_init(&t, text, sizeof text);
        ps_param_range_format((struct ps_range){view->params[i].first, view->params[i].last}, &t);
        if (!is_next)
            fprintf(out, " %s ", row < vocab->n_params ? vocab->params[row].name : "?");
        fprintf(out, "%s%s", is_next ? "," : "", text);
    }
}

static void print_vocabulary(FILE *out, const struct ps_vocab *vocab, const struct ps_rule_view *view)
{
    char text[64];
    struct ps_txt t;

    print_ops(out, view->ops);
    if (view->has_functions)
        print_functions(out, vocab, view->functions);
    for (uint32_t i = 0; i < view->n_objects; i++) {
        ps_txt_init(&t, text, sizeof text);
        ps_object_format(vocab, view->objects[i], &t);
        fprintf(out, "%s%s", i == 0 ? " objects " : ",", text);
    }
    for (uint32_t i = 0; i < view->n_values; i++) {
        ps_txt_init(&t, text, sizeof text);
        ps_value_range_format(view->values[i], &t);
        fprintf(out, "%s%s", i == 0 ? " values " : ",", text);
    }
    print_choices(out, vocab, view);
    print_params(out, vocab, view);
    for (uint16_t i = 0; i < vocab->n_asks; i++)
        if (view->keys & vocab->asks[i].bit)
            fprintf(out, " %s", vocab->asks[i].name);
}

static void print_stations(FILE *out, const struct ps_vocab *vocab, const struct ps_rule_view *view)
{
    char text[64];
    struct ps_txt t;

    for (uint32_t i = 0; i < view->n_stations; i++) {
        ps_txt_init(&t, text, sizeof text);
        ps_station_format(vocab, view->stations[i], &t);
        fprintf(out, "%s%s", i == 0 ? " stations " : ",", text);
    }
}

static void print_rule(FILE *out, const struct ps_image *image, uint32_t rule)
{
    struct ps_rule_view view;

    ps_image_rule_view(image, rule, &view);
    const struct ps_vocab *vocab = ps_vocab_by_protocol(view.protocol);
    fprintf(out, "rule %" PRIu32 " %s %s:%" PRIu32 " %s%s", rule, ps_image_rule_name(image, rule),
            ps_image_rule_file(image, rule), ps_image_rule_line(image, rule), ps_protocol_name(view.protocol),
            view.udp ? " udp" : "");
    print_assets(out, " clients ", image, view.clients, view.n_clients);
    print_assets(out, " servers ", image, view.servers, view.n_servers);
    print_ranges(out, " ports ", view.ports, view.n_ports);
    print_ranges(out, " codes ", view.codes, view.n_codes);
    if (vocab) {
        print_stations(out, vocab, &view);
        print_vocabulary(out, vocab, &view);
    }
    if (view.max_quantity != 0)
        fprintf(out, " max-quantity %" PRIu32, view.max_quantity);
    if (view.max_outstanding != 0)
        fprintf(out, " max-outstanding %" PRIu32, view.max_outstanding);
    if (view.timeout_ms != 0)
        fprintf(out, " timeout-ms %" PRIu32, view.timeout_ms);
    fputc('\n', out);
}

static void print_picks(FILE *out, const struct ps_image *image, const char *server, struct ps_image_group group)
{
    const struct ps_image_pick *picks = ps_image_at_PICKS(image) + group.first_pick;

    if (group.n_picks == 0)
        return;
    fprintf(out, "  server %s rules", server);
    for (uint32_t i = 0; i < group.n_picks; i++)
        fprintf(out, "%s%s", i == 0 ? " " : ",", ps_image_rule_name(image, picks[i].rule));
    fputc('\n', out);
}

static void print_handling(FILE *out, const struct ps_image_conduit *c)
{
    fprintf(out, "  %s on-deny %s", ps_mode_name(c->mode), ps_on_deny_name(c->on_deny));
    if (c->answer_code != 0)
        fprintf(out, " code %u", c->answer_code);
    if (c->midstream != PS_MIDSTREAM_RESET)
        fprintf(out, " midstream %s", ps_midstream_name(c->midstream));
    if (c->fallback != PS_FALLBACK_DENY)
        fprintf(out, " fallback %s", ps_fallback_name(c->fallback));
    fprintf(out, " on-failure %s fragments %s segments %s hold-ms %" PRIu32 " half-open %" PRIu32 " new-flows %" PRIu32 "\n",
            ps_on_failure_name(c->on_failure), ps_fragments_name(c->fragments), ps_segments_name(c->segments), c->hold_ms,
            c->max_half_open, c->max_new_flows);
}

static void print_conduits(FILE *out, const struct ps_image *image)
{
    const struct ps_image_group *groups = ps_image_at_GROUPS(image);

    for (uint32_t i = 0; i < ps_image_n_conduits(image); i++) {
        const struct ps_image_conduit *c = &ps_image_at_CONDUITS(image)[i];
        fprintf(out, "conduit %" PRIu32 " %s %s:%" PRIu32 " from %s to %s\n", i, ps_image_conduit_name(image, i),
                ps_image_conduit_file(image, i), ps_image_conduit_line(image, i), ps_image_zone_name(image, c->from),
                ps_image_zone_name(image, c->to));
        print_handling(out, c);
        print_picks(out, image, "any", (struct ps_image_group){PS_NONE, c->first_pick, c->n_picks});
        for (uint32_t k = c->first_group; k < c->first_group + c->n_groups; k++)
            print_picks(out, image, ps_image_asset_name(image, groups[k].server), groups[k]);
        for (uint32_t k = c->first_rule; k < c->first_rule + c->n_rules; k++)
            print_rule(out, image, k);
    }
}

static void print_gateways(FILE *out, const struct ps_image *image)
{
    const struct ps_image_gateway *gateways = ps_image_at_GATEWAYS(image);
    const char *strings = ps_image_at_STRINGS(image);

    for (uint32_t i = 0; i < ps_image_n_gateways(image); i++) {
        fprintf(out, "gateway %" PRIu32 " %s\n", i, strings + gateways[i].name);
        for (uint32_t k = 0; k < gateways[i].n_ports; k++) {
            const struct ps_image_port *port = &ps_image_at_PORTS(image)[gateways[i].first_port + k];
            const uint32_t *zones = ps_image_at_IDS(image) + port->first_zone;
            fprintf(out, "  port %" PRIu32 " %s zones", k, strings + port->name);
            for (uint32_t z = 0; z < port->n_zones; z++)
                fprintf(out, "%s%s", z == 0 ? " " : ",", ps_image_zone_name(image, zones[z]));
            fputc('\n', out);
        }
    }
}

bool ps_image_print(const uint8_t *image, size_t len, FILE *out)
{
    struct ps_image opened;

    if (ps_image_open(image, len, &opened))
        return false;
    print_head(out, &opened);
    print_zones(out, &opened);
    print_all_assets(out, &opened);
    print_intervals(out, &opened);
    print_conduits(out, &opened);
    print_gateways(out, &opened);
    return fflush(out) == 0 && !ferror(out);
}
