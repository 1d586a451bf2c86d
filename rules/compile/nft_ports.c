/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_ports.c - where packets come in and go out: hooks, and addresses that belong behind a port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_layout.h"
#include "nft_build.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_IPV6 = 0x86dd };
enum { IP_ICMPV6 = 58, BEFORE_DEFRAGMENTATION = -450 };

static void put_goto(struct ps_nft_build *b, uint32_t chain)
{
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, chain);
}

/* ---- going out ------------------------------------------------------------------------------------------------- */

/* In the bump, what came in at one port goes out at the other. */
static void build_pass(struct ps_nft_build *b)
{
    const struct ps_nft_key key = ps_nft_key(PS_NFT_IIFNAME);
    const char *const *devices = b->options->devices;

    b->pass = ps_nft_chain_add(b->r, "pass");
    if (b->options->shape != PS_NFT_BUMP) {
        ps_nft_rule_add(b->r, b->pass);
        ps_nft_put_verdict(b->r, PS_NFT_ACCEPT, 0);
        return;
    }
    for (uint32_t port = 0; port < 2; port++) {
        struct ps_nft_element element = {0};
        ps_nft_element_device(&element, devices[port]);
        ps_nft_rule_add(b->r, b->pass);
        ps_nft_put_match(b->r, key, 0, false);
        memcpy(b->r->exprs[b->r->n_exprs - 1].value, element.lo[0], PS_NFT_OCTETS_MAX);
        ps_nft_put_fwd(b->r, devices[!port]);
    }
}

/* ---- coming in ------------------------------------------------------------------------------------------------- */

/* Addresses of the current family that belong behind a port; PS_NFT_NONE: there are none. */
static uint32_t add_behind(struct ps_nft_build *b, uint32_t port, struct ps_nft_key key, const char *what)
{
    const struct ps_image_port *p =
        &ps_image_at_PORTS(b->image)[ps_image_at_GATEWAYS(b->image)[b->options->gateway].first_port + port];
    uint32_t set = ps_nft_set_add(b->r, &key, 1, "%s%c/%s", what, ps_nft_digit(b),
                                  ps_image_gateway_port_name(b->image, b->options->gateway, port));

    for (uint32_t i = 0; i < p->n_zones; i++)
        ps_nft_zone_put(b, set, ps_image_at_IDS(b->image)[p->first_zone + i], NULL);
    ps_nft_set_close(b->r, set);
    if (b->r->sets[set].n > 0)
        return set;
    ps_nft_set_pop(b->r);
    return PS_NFT_NONE;
}

/* Tags of other kinds than 802.1Q, and senders that are groups or nobody. Frames with two tags are no IP to the kernel. */
static void check_link(struct ps_nft_build *b, uint32_t chain)
{
    static const struct ps_range tags[] = {{0x88a8, 0x88a8}, {0x9100, 0x9100}, {0x9200, 0x9200}, {0x9300, 0x9300}};
    uint32_t vlan = ps_nft_drop(b, PS_REASON_VLAN), bad_address = ps_nft_drop(b, PS_REASON_BAD_ADDRESS);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_ranges(b, ps_nft_key(PS_NFT_ETHER_TAG), tags, 4);
    put_goto(b, vlan);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_LL, 6, 1), 0x01, 0x01, false);
    put_goto(b, bad_address);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHER_SADDR), 0, false);
    put_goto(b, bad_address);
}

/* RFC 826 for Ethernet and IPv4, request or reply. Who asks whether an address is free speaks for that address (RFC 5227). */
static void add_arp(struct ps_nft_build *b, uint32_t port_chain, uint32_t behind, const char *port)
{
    static const struct ps_nft_span groups = {{0, PS_ADDR_V4_PREFIX | 0xe0000000}, {0, PS_ADDR_V4_PREFIX | 0xffffffff}};
    const struct ps_nft_key sender = ps_nft_key(PS_NFT_ARP_SPA), target = ps_nft_key(PS_NFT_ARP_TPA);
    const struct ps_nft_key head = ps_nft_raw(PS_NFT_RAW_NH, 0, 6);
    const struct ps_range operations = {1, 2};
    uint32_t chain = ps_nft_chain_add(b->r, "arp/%s", port), bad = ps_nft_drop(b, PS_REASON_BAD_ARP);
    uint32_t spoofed = ps_nft_drop(b, PS_REASON_SPOOFED);
    struct ps_nft_element element = {0};

    ps_nft_rule_add(b->r, port_chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), ETHERTYPE_ARP, false);
    put_goto(b, chain);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, head, UINT64_C(0x000108000604), true);
    put_goto(b, bad);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_ranges(b, ps_nft_key(PS_NFT_ARP_OPERATION), &operations, 1);
    b->r->exprs[b->r->n_exprs - 1].invert = true;
    put_goto(b, bad);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_masked(b->r, ps_nft_raw(PS_NFT_RAW_NH, 8, 1), 0x01, 0x01, false);
    put_goto(b, bad);
    uint32_t set = ps_nft_shared_add(b, &sender, 1, "addresses");
    ps_nft_element_addrs(&element, 0, groups.first, groups.last);
    ps_nft_set_put(b->r, set, &element, NULL);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_members(b, set, false);
    put_goto(b, bad);
    if (behind != PS_NFT_NONE) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, sender, 0, false);
        ps_nft_put_lookup_by(b->r, &target, 1, behind);
        put_goto(b, b->pass);
        ps_nft_check_macs(b, chain, sender, ps_nft_key(PS_NFT_ARP_SHA));
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_lookup_by(b->r, &sender, 1, behind);
        put_goto(b, b->neighbours[0]);
    }
    ps_nft_rule_add(b->r, chain);
    put_goto(b, spoofed);
}

/* The same of IPv6: a solicitation from the unspecified address, about an address behind this port. And who advertises
 * an address has to be behind it as well. */
static void add_discovery(struct ps_nft_build *b, uint32_t port, uint32_t chain)
{
    uint32_t behind = add_behind(b, port, ps_nft_raw(PS_NFT_RAW_TH, 8, 16), "target");
    uint32_t spoofed = ps_nft_drop(b, PS_REASON_SPOOFED);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), ETHERTYPE_IPV6, false);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_IP6_NEXTHDR), IP_ICMPV6, false);
    ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_TH, 0, 1), 136, false);
    ps_nft_put_lookup(b->r, behind, true);
    put_goto(b, spoofed);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), ETHERTYPE_IPV6, false);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_IP6_SADDR), 0, false);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_IP6_NEXTHDR), IP_ICMPV6, false);
    ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_TH, 0, 2), 135 << 8, false);
    ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_NH, 7, 1), 255, false);
    ps_nft_put_lookup(b->r, behind, false);
    put_goto(b, b->pass);
}

static void build_port(struct ps_nft_build *b, uint32_t port, uint32_t chain, const uint32_t ip[])
{
    static const uint32_t types[] = {ETHERTYPE_IPV4, ETHERTYPE_IPV6};
    const char *name = ps_image_gateway_port_name(b->image, b->options->gateway, port);
    uint32_t behind[PS_NFT_N_FAMILIES];

    if (ps_nft_has_link(b))
        check_link(b, chain);
    for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++) {
        behind[b->family] = add_behind(b, port, ps_nft_saddr(b), "behind");
        if (behind[b->family] == PS_NFT_NONE)
            continue;
        if (ps_nft_has_link(b) && b->family == PS_NFT_V6)
            add_discovery(b, port, chain);
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), types[b->family], false);
        ps_nft_put_lookup(b->r, behind[b->family], false);
        put_goto(b, ip[b->family]);
    }
    if (ps_nft_has_link(b)) {
        b->family = PS_NFT_V4;
        add_arp(b, chain, behind[PS_NFT_V4], name);
        ps_nft_build_frames(b, port, chain);
    }
    uint32_t spoofed = ps_nft_drop(b, PS_REASON_SPOOFED);
    for (unsigned i = 0; i < PS_NFT_N_FAMILIES; i++) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), types[i], false);
        put_goto(b, spoofed);
    }
}

/* ---- hooks ------------------------------------------------------------------------------------------------------ */

/* Connection tracking puts fragments together before anything is judged, so they are refused before that. */
static void refuse_fragments(struct ps_nft_build *b, uint32_t ports)
{
    static const uint32_t types[] = {ETHERTYPE_IPV4, ETHERTYPE_IPV6};
    uint32_t chain = ps_nft_hook_add(b->r, "hook/fragments", PS_NFT_PREROUTING, BEFORE_DEFRAGMENTATION, NULL);
    uint32_t target = ps_nft_drop(b, PS_REASON_FRAGMENT);

    b->r->chains[chain].policy_accept = true;
    for (unsigned i = 0; i < 2; i++) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_lookup(b->r, ports, false);
        ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHERTYPE), types[i], false);
        if (i == 0)
            ps_nft_put_masked(b->r, ps_nft_key(PS_NFT_IP_FRAGMENT), 0x3fff, 0, true);
        else
            ps_nft_put_match(b->r, ps_nft_key(PS_NFT_IP6_NEXTHDR), 44, false);
        put_goto(b, target);
    }
}

/* One hook for all ports: who came in where is looked up. */
static void build_forward(struct ps_nft_build *b, const uint32_t chains[], uint32_t n_ports)
{
    const struct ps_nft_key key = ps_nft_key(PS_NFT_IIFNAME);
    uint32_t forward = ps_nft_hook_add(b->r, "hook/forward", PS_NFT_FORWARD, 0, NULL);
    uint32_t map = ps_nft_set_add(b->r, &key, 1, "hook/inputs"), ports = ps_nft_set_add(b->r, &key, 1, "hook/devices");

    for (uint32_t port = 0; port < n_ports; port++) {
        struct ps_nft_element element = {0};
        struct ps_nft_verdict verdict = {PS_NFT_GOTO, chains[port]};
        ps_nft_element_device(&element, b->options->devices[port]);
        ps_nft_set_put(b->r, map, &element, &verdict);
        ps_nft_set_put(b->r, ports, &element, NULL);
    }
    ps_nft_set_close(b->r, map);
    ps_nft_set_close(b->r, ports);
    ps_nft_rule_add(b->r, forward);
    ps_nft_put_vmap(b->r, map);
    if (b->options->shape == PS_NFT_ROUTED)
        refuse_fragments(b, ports);
    else
        ps_nft_set_pop(b->r);
}

static void add_chains(struct ps_nft_build *b, uint32_t chains[], uint32_t n_ports)
{
    char name[128];

    for (uint32_t port = 0; port < n_ports; port++) {
        snprintf(name, sizeof name, "in/%s", ps_image_gateway_port_name(b->image, b->options->gateway, port));
        chains[port] = b->options->shape == PS_NFT_BUMP
                           ? ps_nft_hook_add(b->r, name, PS_NFT_INGRESS, 0, b->options->devices[port])
                           : ps_nft_chain_add(b->r, "%s", name);
    }
}

void ps_nft_build_ports(struct ps_nft_build *b)
{
    static const char *const neighbours[] = {"arp", "solicit", "advertise"};
    uint32_t n_ports = ps_image_gateway_n_ports(b->image, b->options->gateway);
    uint32_t *chains = ps_nft_calloc(n_ports, sizeof *chains), ip[PS_NFT_N_FAMILIES];

    ps_nft_build_alive(b);
    add_chains(b, chains, n_ports);
    build_pass(b);
    for (unsigned i = 0; i < 3 && ps_nft_has_link(b); i++)
        b->neighbours[i] = ps_nft_chain_add(b->r, "neighbours/%s", neighbours[i]);
    for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++)
        ip[b->family] = ps_nft_ip_add(b);
    for (uint32_t port = 0; port < n_ports; port++)
        build_port(b, port, chains[port], ip);
    if (b->options->shape != PS_NFT_BUMP)
        build_forward(b, chains, n_ports);
    free(chains);
}
