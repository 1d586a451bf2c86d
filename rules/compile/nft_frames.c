/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_frames.c - frames that are not IP: by the MACs of assets and the ethertype, for all conduits in one set for each
 * port. Whoever was sent one may answer. Frames with a tag are refused, and 802.3 frames, whose type is a length.
 */
#include "image_layout.h"
#include "nft_build.h"

#define ETHERTYPE_MIN 0x600u
#define ETHERTYPE_VLAN 0x8100u

/* Assets of one side of a rule: those that it lists, or all. */
struct side {
    const uint32_t *assets; /* n > 0 */
    uint32_t n, zone;
};

static uint32_t n_of(const struct ps_nft_build *b, const struct side *side)
{
    return side->n > 0 ? side->n : ps_image_n_assets(b->image);
}

/* 0: not of this side, or no MAC. */
static uint64_t mac_of(const struct ps_nft_build *b, const struct side *side, uint32_t i)
{
    const struct ps_image_asset *asset = &ps_image_at_ASSETS(b->image)[side->n > 0 ? side->assets[i] : i];

    return asset->zone == side->zone ? asset->mac : 0;
}

static void put_types(struct ps_nft_build *b, uint32_t set, struct ps_nft_element *element)
{
    for (uint32_t i = 0; i < b->view.n_codes; i++)
        if (b->view.codes[i].first >= ETHERTYPE_MIN) {
            ps_nft_element_numbers(element, ps_nft_key(PS_NFT_ETHERTYPE), 2, b->view.codes[i].first,
                                   b->view.codes[i].last);
            ps_nft_set_put(b->r, set, element, NULL);
        }
}

/* Client, server and type of all frames that a rule allows. */
static void put_frames(struct ps_nft_build *b, uint32_t set, uint32_t from, uint32_t to)
{
    const struct side clients = {b->view.clients, b->view.n_clients, from};
    const struct side servers = {b->view.servers, b->view.n_servers, to};
    const struct ps_nft_key mac = ps_nft_key(PS_NFT_ETHER_SADDR);
    struct ps_nft_element element = {0};

    for (uint32_t i = 0; i < n_of(b, &clients); i++) {
        uint64_t client = mac_of(b, &clients, i);
        ps_nft_element_numbers(&element, mac, 0, client, client);
        for (uint32_t k = 0; k < n_of(b, &servers) && client != 0; k++) {
            uint64_t server = mac_of(b, &servers, k);
            ps_nft_element_numbers(&element, mac, 1, server, server);
            if (server != 0)
                put_types(b, set, &element);
        }
    }
}

/* Which frames a set is to have: those that somebody asks, or answers; of conduits that close without the daemon, or of
 * the others. */
struct which {
    bool reply, gated;
};

/* A set of what clients, or servers, behind the port may say; PS_NFT_NONE: nothing. */
static uint32_t add_frames(struct ps_nft_build *b, uint32_t port, struct which which)
{
    const struct ps_nft_key keys[] = {ps_nft_key(PS_NFT_ETHER_SADDR), ps_nft_key(PS_NFT_ETHER_DADDR),
                                      ps_nft_key(PS_NFT_ETHERTYPE)};
    uint32_t set = ps_nft_set_add(b->r, keys, 3, "frames%s%s/%s", which.gated ? "-alive" : "",
                                  which.reply ? "-back" : "",
                                  ps_image_gateway_port_name(b->image, b->options->gateway, port));

    for (uint32_t rule = 0; rule < ps_image_n_rules(b->image); rule++) {
        uint32_t conduit = ps_image_rule_conduit(b->image, rule);
        uint32_t from = ps_image_conduit_from(b->image, conduit), to = ps_image_conduit_to(b->image, conduit);
        if (ps_image_rule_protocol(b->image, rule) != PS_PROTOCOL_ETHERNET ||
            !ps_nft_is_behind(b, port, which.reply ? to : from) || ps_nft_is_closed(b, conduit) ||
            ps_nft_is_gated(b, conduit) != which.gated)
            continue;
        ps_nft_rule_load(b, rule);
        put_frames(b, set, from, to);
    }
    ps_nft_set_close(b->r, set);
    if (b->r->sets[set].n > 0)
        return set;
    ps_nft_set_pop(b->r);
    return PS_NFT_NONE;
}

static void begin(struct ps_nft_build *b, uint32_t chain, bool gated)
{
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_match(b->r, ps_nft_key(PS_NFT_ETHER_TAG), ETHERTYPE_VLAN, true);
    if (gated)
        ps_nft_put_alive(b, true);
}

static uint32_t memory(struct ps_nft_build *b)
{
    const struct ps_nft_key keys[] = {ps_nft_key(PS_NFT_ETHER_SADDR), ps_nft_key(PS_NFT_ETHER_DADDR),
                                      ps_nft_key(PS_NFT_ETHERTYPE)};

    if (b->frames == PS_NFT_NONE)
        b->frames = ps_nft_memory_add(b, keys, 3, "framed");
    return b->frames;
}

static void build(struct ps_nft_build *b, uint32_t port, uint32_t chain, bool gated)
{
    const struct ps_nft_key back[] = {ps_nft_key(PS_NFT_ETHER_DADDR), ps_nft_key(PS_NFT_ETHER_SADDR),
                                      ps_nft_key(PS_NFT_ETHERTYPE)};
    uint32_t asked = add_frames(b, port, (struct which){false, gated});
    uint32_t answered = add_frames(b, port, (struct which){true, gated});

    if (asked != PS_NFT_NONE) {
        uint32_t set = memory(b);
        begin(b, chain, gated);
        ps_nft_put_lookup(b->r, asked, false);
        ps_nft_put_update(b->r, set);
        ps_nft_put_verdict(b->r, PS_NFT_GOTO, b->pass);
    }
    if (answered != PS_NFT_NONE) {
        uint32_t set = memory(b);
        begin(b, chain, gated);
        ps_nft_put_lookup_by(b->r, back, 3, answered);
        ps_nft_put_lookup_by(b->r, back, 3, set);
        ps_nft_put_verdict(b->r, PS_NFT_GOTO, b->pass);
    }
}

void ps_nft_build_frames(struct ps_nft_build *b, uint32_t port, uint32_t chain)
{
    build(b, port, chain, false);
    if (b->alive != PS_NFT_NONE)
        build(b, port, chain, true);
}
