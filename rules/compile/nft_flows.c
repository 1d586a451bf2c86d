/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_flows.c - which flows a rule is about: client, server, protocol and port in one concatenated set.
 */
#include <stdlib.h>
#include <string.h>

#include "nft_build.h"
#include "vocab.h"

#define ELEMENTS_MAX 4096u /* of such a set; where there would be more, each of the four is looked up by itself */

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

/* ---- loading ---------------------------------------------------------------------------------------------------- */

void ps_nft_rule_load(struct ps_nft_build *b, uint32_t rule)
{
    b->rule = rule;
    ps_image_rule_view(b->image, rule, &b->view);
    b->vocab = b->view.protocol < PS_N_DISSECTORS ? ps_vocab_by_protocol(b->view.protocol) : NULL;
}

static bool same_ranges(const struct ps_range *a, uint32_t n_a, const struct ps_range *b, uint32_t n_b)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof *a) == 0);
}

static bool same_ids(const uint32_t *a, uint32_t n_a, const uint32_t *b, uint32_t n_b)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof *a) == 0);
}

static uint8_t protocol_number(const struct ps_rule_view *view, unsigned family)
{
    if (view->protocol == PS_PROTOCOL_ICMP)
        return family == PS_NFT_V4 ? IP_ICMP : IP_ICMPV6;
    bool udp = view->protocol < PS_N_DISSECTORS ? view->udp : view->protocol == PS_PROTOCOL_UDP;
    return udp ? IP_UDP : IP_TCP;
}

static bool has_ports(const struct ps_rule_view *view)
{
    return view->protocol < PS_PROTOCOL_ICMP;
}

bool ps_nft_is_same_flow(const struct ps_rule_view *a, const struct ps_rule_view *b)
{
    if (has_ports(a) != has_ports(b))
        return false;
    if (!has_ports(a) || protocol_number(a, 0) != protocol_number(b, 0))
        return false;
    return same_ranges(a->ports, a->n_ports, b->ports, b->n_ports) &&
           same_ids(a->clients, a->n_clients, b->clients, b->n_clients) &&
           same_ids(a->servers, a->n_servers, b->servers, b->n_servers);
}

/* ---- lists of values -------------------------------------------------------------------------------------------- */

/* One thing that a flow is looked up by. */
struct part {
    struct ps_nft_key ask, reply; /* where it stands in a request, and in a reply */
    bool is_addr;
    struct ps_addr *addrs; /* is_addr: n of them */
    const struct ps_range *ranges;
    uint32_t n;
};

struct parts {
    struct part parts[4];
    unsigned n;
    struct ps_range protocol;
    uint64_t n_elements;
};

/* Addresses of the current family of some assets. */
static uint32_t collect(const struct ps_nft_build *b, const uint32_t *assets, uint32_t n, struct ps_addr **out)
{
    uint32_t n_addrs = 0, kept = 0;

    for (uint32_t i = 0; i < n; i++)
        n_addrs += ps_image_asset_n_addresses(b->image, assets[i]);
    *out = ps_nft_calloc(n_addrs, sizeof **out);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < ps_image_asset_n_addresses(b->image, assets[i]); k++) {
            struct ps_addr addr = ps_image_asset_address(b->image, assets[i], k);
            if (ps_addr_is_v4(addr) == (b->family == PS_NFT_V4))
                (*out)[kept++] = addr;
        }
    return kept;
}

static void add_assets(const struct ps_nft_build *b, struct parts *parts, const uint32_t *assets, uint32_t n)
{
    struct part *part = &parts->parts[parts->n++];

    part->is_addr = true;
    part->n = collect(b, assets, n, &part->addrs);
    parts->n_elements *= part->n;
}

static void add_ranges(struct parts *parts, struct ps_nft_key ask, struct ps_nft_key reply, const struct ps_range *ranges,
                       uint32_t n)
{
    parts->parts[parts->n++] = (struct part){.ask = ask, .reply = reply, .ranges = ranges, .n = n};
    parts->n_elements *= n;
}

static void parts_init(const struct ps_nft_build *b, struct parts *parts)
{
    const struct ps_rule_view *view = &b->view;

    *parts = (struct parts){.n_elements = 1};
    if (view->n_clients > 0) {
        add_assets(b, parts, view->clients, view->n_clients);
        parts->parts[parts->n - 1].ask = ps_nft_saddr(b);
        parts->parts[parts->n - 1].reply = ps_nft_daddr(b);
    }
    if (view->n_servers > 0) {
        add_assets(b, parts, view->servers, view->n_servers);
        parts->parts[parts->n - 1].ask = ps_nft_daddr(b);
        parts->parts[parts->n - 1].reply = ps_nft_saddr(b);
    }
    parts->protocol.first = parts->protocol.last = protocol_number(view, b->family);
    bool by_number = view->protocol == PS_PROTOCOL_IP;
    add_ranges(parts, ps_nft_protocol(b), ps_nft_protocol(b), by_number ? view->codes : &parts->protocol,
               by_number ? view->n_codes : 1);
    if (has_ports(view) && view->n_ports > 0)
        add_ranges(parts, ps_nft_key(PS_NFT_TH_DPORT), ps_nft_key(PS_NFT_TH_SPORT), view->ports, view->n_ports);
}

static void parts_fini(struct parts *parts)
{
    for (unsigned i = 0; i < parts->n; i++)
        free(parts->parts[i].addrs);
}

bool ps_nft_flow_exists(const struct ps_nft_build *b)
{
    if (b->view.protocol == PS_PROTOCOL_ETHERNET)
        return false;
    struct parts parts;
    parts_init(b, &parts);
    bool exists = parts.n_elements > 0;
    parts_fini(&parts);
    return exists;
}

/* ---- sets ------------------------------------------------------------------------------------------------------- */

static void put_value(struct ps_nft_element *element, const struct part *part, unsigned i, uint32_t k)
{
    if (part->is_addr)
        ps_nft_element_addrs(element, i, part->addrs[k], part->addrs[k]);
    else
        ps_nft_element_numbers(element, part->ask, i, part->ranges[k].first, part->ranges[k].last);
}

/* All combinations of the values of parts[0..n), as one look-up. */
static void put_parts(struct ps_nft_build *b, const struct part *parts, unsigned n, bool reply)
{
    struct ps_nft_key keys[PS_NFT_KEYS_MAX] = {{0}}, by[PS_NFT_KEYS_MAX] = {{0}};
    struct ps_nft_element element = {0};
    uint64_t n_elements = 1;

    for (unsigned i = 0; i < n; i++) {
        keys[i] = parts[i].ask;
        by[i] = reply ? parts[i].reply : parts[i].ask;
        n_elements *= parts[i].n;
    }
    uint32_t set = ps_nft_shared_add(b, keys, n, "flows");
    for (uint64_t at = 0; at < n_elements; at++) {
        uint64_t rest = at;
        for (unsigned i = n; i > 0; rest /= parts[i - 1].n, i--)
            put_value(&element, &parts[i - 1], i - 1, (uint32_t)(rest % parts[i - 1].n));
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    ps_nft_put_members_by(b, by, set, false);
}

void ps_nft_put_flow(struct ps_nft_build *b, bool reply)
{
    struct parts parts;

    parts_init(b, &parts);
    if (parts.n_elements <= ELEMENTS_MAX)
        put_parts(b, parts.parts, parts.n, reply);
    else
        for (unsigned i = 0; i < parts.n; i++)
            put_parts(b, &parts.parts[i], 1, reply);
    parts_fini(&parts);
}
