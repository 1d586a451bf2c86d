/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_headers.c - what the headers of packets must be like, whoever sends them: as decode.c of the engine wants them.
 */
#include "image_layout.h"
#include "nft_build.h"

enum { ETHERTYPE_VLAN = 0x8100 };
enum { IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

static void put_goto(struct ps_nft_build *b, uint32_t chain)
{
    ps_nft_put_verdict(b->r, PS_NFT_GOTO, chain);
}

/* A rule: what has this number there is refused. */
static void refuse_when(struct ps_nft_build *b, uint32_t chain, struct ps_nft_key key, uint32_t number,
                        enum ps_reason reason)
{
    uint32_t target = ps_nft_drop(b, reason);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, key, number, false);
    put_goto(b, target);
}

/* The same for what has another one. */
static void refuse_unless(struct ps_nft_build *b, uint32_t chain, struct ps_nft_key key, uint32_t number,
                          enum ps_reason reason)
{
    uint32_t target = ps_nft_drop(b, reason);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, key, number, true);
    put_goto(b, target);
}

static void refuse_masked(struct ps_nft_build *b, uint32_t chain, struct ps_nft_key key, uint32_t mask,
                          enum ps_reason reason)
{
    uint32_t target = ps_nft_drop(b, reason);

    ps_nft_rule_add(b->r, chain);
    ps_nft_put_masked(b->r, key, mask, 0, true);
    put_goto(b, target);
}

static uint32_t add_numbers(struct ps_nft_build *b, struct ps_nft_key key, const uint32_t *numbers, unsigned n)
{
    struct ps_nft_element element = {0};
    uint32_t set = ps_nft_shared_add(b, &key, 1, "numbers");

    for (unsigned i = 0; i < n; i++) {
        ps_nft_element_numbers(&element, key, 0, numbers[i], numbers[i]);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
    return set;
}

/* ---- tags ------------------------------------------------------------------------------------------------------ */

bool ps_nft_wants_tags(const struct ps_nft_build *b, uint32_t zone_a, uint32_t zone_b)
{
    const struct ps_image_zone *zones = ps_image_at_ZONES(b->image);

    return ps_nft_has_link(b) && (zones[zone_a].n_vlans > 0 || zones[zone_b].n_vlans > 0);
}

/* Untagged frames pass, and those whose tag only has a priority: the id in it is 0. */
void ps_nft_rule_tags(struct ps_nft_build *b, uint32_t chain, uint32_t zone_a, uint32_t zone_b, uint32_t refuse)
{
    const struct ps_image_zone *zones = ps_image_at_ZONES(b->image);
    const uint32_t *vlans = ps_image_at_VLANS(b->image), none = 0;
    const uint32_t pair[] = {zone_a, zone_b};
    struct ps_nft_element element = {0};
    struct ps_nft_key key = ps_nft_key(PS_NFT_VLAN_ID);

    if (!ps_nft_wants_tags(b, zone_a, zone_b))
        return;
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHER_TAG), ETHERTYPE_VLAN, false);
    uint32_t set = add_numbers(b, key, &none, 1);
    for (unsigned i = 0; i < 2; i++)
        for (uint32_t k = 0; k < zones[pair[i]].n_vlans; k++) {
            uint32_t vid = vlans[zones[pair[i]].first_vlan + k];
            ps_nft_element_numbers(&element, key, 0, vid, vid);
            ps_nft_set_put(b->r, set, &element, NULL);
        }
    ps_nft_put_members(b, set, true);
    put_goto(b, refuse);
}

uint32_t ps_nft_tagged(struct ps_nft_build *b, const char *what, uint32_t zone_a, uint32_t zone_b)
{
    if (!ps_nft_wants_tags(b, zone_a, zone_b))
        return b->pass;
    uint32_t refuse = ps_nft_drop(b, PS_REASON_VLAN);
    uint32_t chain = ps_nft_chain_add(b->r, "%s-tags/%s/%s", what, ps_image_zone_name(b->image, zone_a),
                                      ps_image_zone_name(b->image, zone_b));
    ps_nft_rule_tags(b, chain, zone_a, zone_b, refuse);
    ps_nft_rule_add(b->r, chain);
    put_goto(b, b->pass);
    return chain;
}

/* ---- transport headers ------------------------------------------------------------------------------------------ */

/* The combinations that stacks send; only what may carry data may be urgent. */
static void check_tcp(struct ps_nft_build *b, uint32_t chain)
{
    static const uint32_t sound[] = {0x02, 0x12, 0x04, 0x14, 0x10, 0x18, 0x11, 0x19, 0x30, 0x38, 0x31, 0x39};
    static const uint32_t offsets[] = {0x00, 0x10, 0x20, 0x30, 0x40};
    struct ps_nft_key flags = ps_nft_raw(PS_NFT_RAW_TH, 13, 1);
    uint32_t bad_flags = ps_nft_drop(b, PS_REASON_BAD_FLAGS), bad_length = ps_nft_drop(b, PS_REASON_BAD_LENGTH);

    ps_nft_rule_add(b->r, chain);
    uint32_t set = add_numbers(b, flags, sound, sizeof sound / sizeof sound[0]);
    uint32_t shared = ps_nft_set_share(b->r, set);
    b->n_shared -= shared != set;
    ps_nft_put_lookup_masked(b->r, shared, 0x3f, true);
    put_goto(b, bad_flags);
    ps_nft_rule_add(b->r, chain);
    set = add_numbers(b, ps_nft_raw(PS_NFT_RAW_TH, 12, 1), offsets, sizeof offsets / sizeof offsets[0]);
    ps_nft_set_close(b->r, set);
    b->r->sets[set].local = true;
    ps_nft_put_lookup_masked(b->r, set, 0xf0, false);
    put_goto(b, bad_length);
    uint32_t empty = ps_nft_empty_segments(b), syn_data = ps_nft_drop(b, PS_REASON_SYN_DATA);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_masked(b->r, flags, 0x02, 0x02, false);
    ps_nft_put_lookup(b->r, empty, true);
    put_goto(b, syn_data);
    if (!ps_nft_has_conntrack(b))
        return;
    uint32_t midstream = ps_nft_drop(b, PS_REASON_MIDSTREAM);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_masked(b->r, ps_nft_key(PS_NFT_CT_STATE), 8, 0, true); /* new */
    ps_nft_put_masked(b->r, flags, 0x17, 0x02, true);
    put_goto(b, midstream);
}

static void check_ports(struct ps_nft_build *b, uint32_t chain)
{
    refuse_when(b, chain, ps_nft_key(PS_NFT_TH_SPORT), 0, PS_REASON_BAD_HEADER);
    refuse_when(b, chain, ps_nft_key(PS_NFT_TH_DPORT), 0, PS_REASON_BAD_HEADER);
}

/* Neighbour discovery is the link's: no router has passed it on (RFC 4861, 7.1). */
static void check_icmp6(struct ps_nft_build *b, uint32_t chain)
{
    static const unsigned kinds[] = {135, 136};
    uint32_t bad = ps_nft_drop(b, PS_REASON_BAD_ARP);

    for (unsigned i = 0; i < 2 && ps_nft_has_link(b); i++) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_TH, 0, 2), kinds[i] << 8, false);
        ps_nft_put_match(b->r, ps_nft_raw(PS_NFT_RAW_NH, 7, 1), 255, false);
        put_goto(b, b->neighbours[1 + i]);
    }
    static const struct ps_range discovery = {133, 137};
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_ranges(b, ps_nft_raw(PS_NFT_RAW_TH, 0, 1), &discovery, 1);
    put_goto(b, bad);
}

/* They return what is sound, so that one place goes on: the kernel checks every way through the chains for loops. */
static void add_transports(struct ps_nft_build *b, uint32_t chain)
{
    const struct ps_nft_key protocol = ps_nft_protocol(b);
    uint32_t tcp = ps_nft_chain_add(b->r, "tcp%c", ps_nft_digit(b)), udp = ps_nft_chain_add(b->r, "udp%c", ps_nft_digit(b));
    uint32_t icmp = b->family == PS_NFT_V6 ? ps_nft_chain_add(b->r, "icmp6") : PS_NFT_NONE, all[] = {tcp, udp, icmp};
    static const uint32_t numbers[] = {IP_TCP, IP_UDP, IP_ICMPV6};

    for (unsigned i = 0; i < (b->family == PS_NFT_V4 ? 2 : 3); i++) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_match(b->r, protocol, numbers[i], false);
        ps_nft_put_verdict(b->r, PS_NFT_JUMP, all[i]);
    }
    check_tcp(b, tcp);
    check_ports(b, tcp);
    check_ports(b, udp);
    if (b->family == PS_NFT_V6)
        check_icmp6(b, icmp);
}

/* ---- IP headers ------------------------------------------------------------------------------------------------- */

/* Protocols whose payload is a packet again, and numbers that no packet has; IPv6: extension headers too. */
static void check_protocols(struct ps_nft_build *b, uint32_t chain)
{
    static const uint32_t tunnels[] = {4, 41, 47, 55, 94, 97, 98, 115, 137, 143};
    static const uint32_t none4[] = {0, 58, 255}, none6[] = {1, 59, 255};
    static const uint32_t options6[] = {0, 43, 51, 60, 135, 139, 140, 253, 254};
    struct ps_nft_key key = ps_nft_protocol(b);
    bool v4 = b->family == PS_NFT_V4;
    const struct {
        const uint32_t *numbers;
        unsigned n;
        enum ps_reason reason;
    } refused[] = {{tunnels, 10, PS_REASON_ENCAPSULATION},
                   {v4 ? none4 : none6, 3, PS_REASON_BAD_HEADER},
                   {options6, v4 ? 0 : 9, PS_REASON_IP_OPTIONS}};

    for (unsigned i = 0; i < 3; i++) {
        if (refused[i].n == 0)
            continue;
        uint32_t target = ps_nft_drop(b, refused[i].reason);
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_members(b, add_numbers(b, key, refused[i].numbers, refused[i].n), false);
        put_goto(b, target);
    }
    if (!v4)
        refuse_when(b, chain, key, 44, PS_REASON_FRAGMENT);
}

static void put_blocks(struct ps_nft_build *b, uint32_t set, const struct ps_nft_span *blocks, unsigned n)
{
    struct ps_nft_element element = {0};

    for (unsigned i = 0; i < n; i++) {
        ps_nft_element_addrs(&element, 0, blocks[i].first, blocks[i].last);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
}

/* Addresses that cannot stand in a packet on a wire, or that mean another one (decode.c of the engine tells which). */
static void check_addresses(struct ps_nft_build *b, uint32_t chain)
{
#define V4(first, last) {{0, PS_ADDR_V4_PREFIX | (first)}, {0, PS_ADDR_V4_PREFIX | (last)}}
#define V6(prefix, last_hi) {{(prefix), 0}, {(last_hi), UINT64_MAX}}
    static const struct ps_nft_span bad4[2][3] = {
        {V4(0, 0x00ffffff), V4(0x7f000000, 0x7fffffff), V4(0xe0000000, 0xffffffff)}, {V4(0, 0), V4(0x7f000000, 0x7fffffff)}};
    static const struct ps_nft_span bad6[] = {
        {{0, 0}, {0, UINT64_MAX}}, /* unspecified, loopback, and those that stand for IPv4 */
        V6(UINT64_C(0x0064ff9b00000000), UINT64_C(0x0064ff9b00000000)),
        V6(UINT64_C(0x0064ff9b00010000), UINT64_C(0x0064ff9b0001ffff)),
        V6(UINT64_C(0x2001000000000000), UINT64_C(0x20010000ffffffff)),
        V6(UINT64_C(0x2002000000000000), UINT64_C(0x2002ffffffffffff)),
        V6(UINT64_C(0xff00000000000000), UINT64_MAX)};
#undef V4
#undef V6
    const struct ps_nft_key keys[] = {ps_nft_saddr(b), ps_nft_daddr(b)};
    uint32_t target = ps_nft_drop(b, PS_REASON_BAD_ADDRESS);

    for (unsigned i = 0; i < 2; i++) {
        uint32_t set = ps_nft_shared_add(b, &keys[i], 1, "addresses");
        if (b->family == PS_NFT_V4)
            put_blocks(b, set, bad4[i], 3 - i);
        else
            put_blocks(b, set, bad6, 6 - i); /* multicast is a destination */
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_members(b, set, false);
        put_goto(b, target);
    }
}

static void check_header(struct ps_nft_build *b, uint32_t chain)
{
    bool v4 = b->family == PS_NFT_V4;

    if (v4) {
        refuse_unless(b, chain, ps_nft_raw(PS_NFT_RAW_NH, 0, 1), 0x45, PS_REASON_IP_OPTIONS);
        refuse_masked(b, chain, ps_nft_key(PS_NFT_IP_FRAGMENT), 0xbfff, PS_REASON_FRAGMENT);
    }
    refuse_when(b, chain, ps_nft_raw(PS_NFT_RAW_NH, v4 ? 8 : 7, 1), 0, PS_REASON_BAD_HEADER);
    check_addresses(b, chain);
}

/* An asset with a MAC uses it. */
void ps_nft_check_macs(struct ps_nft_build *b, uint32_t chain, struct ps_nft_key addr, struct ps_nft_key mac)
{
    const struct ps_image_asset *assets = ps_image_at_ASSETS(b->image);
    const struct ps_nft_key keys[] = {addr, mac};
    struct ps_nft_element element = {0};
    uint32_t bound = ps_nft_shared_add(b, &addr, 1, "bound"), pairs = ps_nft_shared_add(b, keys, 2, "macs");

    for (uint32_t i = 0; i < ps_image_n_assets(b->image); i++)
        for (uint32_t k = 0; k < ps_image_asset_n_addresses(b->image, i) && assets[i].mac != 0; k++) {
            struct ps_addr address = ps_image_asset_address(b->image, i, k);
            if (ps_addr_is_v4(address) != (b->family == PS_NFT_V4))
                continue;
            ps_nft_element_addrs(&element, 0, address, address);
            ps_nft_element_numbers(&element, mac, 1, assets[i].mac, assets[i].mac);
            ps_nft_set_put(b->r, bound, &element, NULL);
            ps_nft_set_put(b->r, pairs, &element, NULL);
        }
    if (b->r->sets[pairs].n == 0) {
        ps_nft_set_pop(b->r);
        ps_nft_set_pop(b->r);
        b->n_shared -= 2;
        return;
    }
    uint32_t target = ps_nft_drop(b, PS_REASON_MAC_BINDING);
    ps_nft_set_close(b->r, bound);
    ps_nft_set_close(b->r, pairs);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_lookup(b->r, bound, false);
    ps_nft_put_lookup(b->r, pairs, true);
    put_goto(b, target);
}

uint32_t ps_nft_ip_add(struct ps_nft_build *b)
{
    uint32_t chain = ps_nft_chain_add(b->r, "headers%c", ps_nft_digit(b));

    b->zones_chain[b->family] = ps_nft_chain_add(b->r, "zones%c", ps_nft_digit(b));
    check_header(b, chain);
    ps_nft_check_macs(b, chain, ps_nft_saddr(b), ps_nft_key(PS_NFT_ETHER_SADDR));
    check_protocols(b, chain);
    add_transports(b, chain);
    ps_nft_rule_add(b->r, chain);
    put_goto(b, b->zones_chain[b->family]);
    return chain;
}
