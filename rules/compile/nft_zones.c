/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_zones.c - from addresses to zones, and from pairs of zones to conduits: two look-ups in verdict maps, however many
 * zones and conduits there are.
 *
 *     zones4          ip saddr -> from4/ZONE
 *     from4/ZONE      ip daddr -> the chain of the conduit between the two
 */
#include <stdlib.h>
#include <string.h>

#include "image_layout.h"
#include "nft_build.h"

/* ---- whose addresses are whose --------------------------------------------------------------------------------- */

static struct ps_addr before(struct ps_addr addr)
{
    addr.hi -= addr.lo == 0;
    addr.lo--;
    return addr;
}

static bool follows(struct ps_addr last, struct ps_addr first)
{
    struct ps_addr end = before(first);

    return ps_addr_equal(last, end);
}

/* Interval i of the image: neighbours of one zone are one span. */
static bool joins(const struct ps_nft_zone *zone, struct ps_addr first)
{
    uint32_t n = zone->n_spans[PS_NFT_V4] + zone->n_spans[PS_NFT_V6];

    return n > 0 && follows(zone->spans[n - 1].last, first) &&
           ps_addr_is_v4(zone->spans[n - 1].last) == ps_addr_is_v4(first);
}

void ps_nft_build_spans(struct ps_nft_build *b)
{
    const struct ps_addr *starts = ps_image_at_STARTS(b->image);
    const struct ps_image_owner *owners = ps_image_at_OWNERS(b->image);
    uint32_t n = ps_image_n(b->image, PS_SECTION_STARTS), n_zones = ps_image_n_zones(b->image);
    uint32_t *counts = ps_nft_calloc(n_zones, sizeof *counts);

    b->zones = ps_nft_calloc(n_zones, sizeof *b->zones);
    b->spans = ps_nft_calloc(n, sizeof *b->spans);
    for (uint32_t i = 0; i < n; i++)
        if (owners[i].zone != PS_NONE)
            counts[owners[i].zone]++;
    for (uint32_t zone = 0, at = 0; zone < n_zones; at += counts[zone++])
        b->zones[zone].spans = b->spans + at;
    for (uint32_t i = 0; i < n; i++) {
        if (owners[i].zone == PS_NONE)
            continue;
        struct ps_nft_zone *zone = &b->zones[owners[i].zone];
        struct ps_addr last = i + 1 < n ? before(starts[i + 1]) : (struct ps_addr){UINT64_MAX, UINT64_MAX};
        uint32_t *n_spans = &zone->n_spans[ps_addr_is_v4(starts[i]) ? PS_NFT_V4 : PS_NFT_V6];
        uint32_t at = zone->n_spans[PS_NFT_V4] + zone->n_spans[PS_NFT_V6];
        if (joins(zone, starts[i]))
            zone->spans[at - 1].last = last;
        else
            zone->spans[at] = (struct ps_nft_span){starts[i], last}, ++*n_spans;
    }
    free(counts);
}

bool ps_nft_zone_has_family(const struct ps_nft_build *b, uint32_t zone)
{
    return b->zones[zone].n_spans[b->family] > 0;
}

void ps_nft_zone_put(struct ps_nft_build *b, uint32_t set, uint32_t zone, const struct ps_nft_verdict *verdict)
{
    const struct ps_nft_zone *z = &b->zones[zone];
    struct ps_nft_element element = {0};

    for (uint32_t i = 0; i < z->n_spans[PS_NFT_V4] + z->n_spans[PS_NFT_V6]; i++) {
        if (ps_addr_is_v4(z->spans[i].first) != (b->family == PS_NFT_V4))
            continue;
        ps_nft_element_addrs(&element, 0, z->spans[i].first, z->spans[i].last);
        ps_nft_set_put(b->r, set, &element, verdict);
    }
}

/* ---- who has a conduit with whom ------------------------------------------------------------------------------- */

struct pair {
    uint32_t from, to;
    uint32_t ask;  /* conduit from -> to, PS_NONE: none */
    uint32_t back; /* conduit to -> from */
};

struct pairs {
    struct pair *pairs;
    uint32_t n;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static void collect_pairs(const struct ps_nft_build *b, struct pairs *pairs)
{
    uint32_t n_conduits = ps_image_n_conduits(b->image), n_zones = ps_image_n_zones(b->image), n = 0;

    pairs->pairs = ps_nft_calloc(2u * n_conduits + n_zones, sizeof *pairs->pairs);
    for (uint32_t c = 0; c < n_conduits; c++) {
        uint32_t from = ps_image_conduit_from(b->image, c), to = ps_image_conduit_to(b->image, c);
        uint32_t opposite = b->conduits[c].opposite;
        if (!b->conduits[c].here)
            continue;
        pairs->pairs[n++] = (struct pair){from, to, c, opposite};
        if (opposite == PS_NONE)
            pairs->pairs[n++] = (struct pair){to, from, PS_NONE, c};
    }
    /* members of one zone among themselves */
    bool *inner = ps_nft_calloc(n_zones, sizeof *inner);
    for (uint32_t i = 0; i < n; i++)
        if (pairs->pairs[i].from == pairs->pairs[i].to)
            inner[pairs->pairs[i].from] = true;
    for (uint32_t zone = 0; zone < n_zones; zone++)
        if (!inner[zone] && ps_nft_zone_is_here(b, zone))
            pairs->pairs[n++] = (struct pair){zone, zone, PS_NONE, PS_NONE};
    free(inner);
    pairs->n = n;
    qsort(pairs->pairs, n, sizeof *pairs->pairs, compare_pairs);
}

bool ps_nft_is_behind(const struct ps_nft_build *b, uint32_t port, uint32_t zone)
{
    const struct ps_image_port *p =
        &ps_image_at_PORTS(b->image)[ps_image_at_GATEWAYS(b->image)[b->options->gateway].first_port + port];
    bool found = false;

    for (uint32_t i = 0; i < p->n_zones && !found; i++)
        found = ps_image_at_IDS(b->image)[p->first_zone + i] == zone;
    return found;
}

uint32_t ps_nft_conduit_between(const struct ps_nft_build *b, uint32_t from, uint32_t to)
{
    const struct ps_image_pair *pairs = ps_image_at_PAIRS(b->image);
    uint32_t n = ps_image_n(b->image, PS_SECTION_PAIRS), slot = ps_image_pair_slot(from, to, n);

    while (pairs[slot].conduit != PS_NONE && (pairs[slot].from != from || pairs[slot].to != to))
        slot = (slot + 1) & (n - 1);
    return pairs[slot].conduit;
}

static uint32_t n_ports_before(const struct ps_nft_build *b, uint32_t zone)
{
    uint32_t n = 0;

    for (uint32_t port = 0; port < ps_image_gateway_n_ports(b->image, b->options->gateway); port++)
        n += ps_nft_is_behind(b, port, zone);
    return n;
}

bool ps_nft_zone_is_here(const struct ps_nft_build *b, uint32_t zone)
{
    return n_ports_before(b, zone) > 0;
}

static struct ps_nft_verdict pair_verdict(struct ps_nft_build *b, const struct pair *pair)
{
    if (pair->ask != PS_NONE)
        return (struct ps_nft_verdict){PS_NFT_GOTO, b->conduits[pair->ask].ask[b->family]};
    if (pair->back != PS_NONE)
        return (struct ps_nft_verdict){PS_NFT_GOTO, b->conduits[pair->back].reply[b->family]};
    if (ps_image_at_ZONES(b->image)[pair->from].intra_allow)
        return (struct ps_nft_verdict){PS_NFT_GOTO, b->pass};
    if (n_ports_before(b, pair->from) > 1) /* what its members say to one another may cross the gateway */
        return (struct ps_nft_verdict){PS_NFT_GOTO, ps_nft_drop(b, PS_REASON_INTRA_ZONE)};
    return (struct ps_nft_verdict){PS_NFT_DROP, 0}; /* both are behind one port: nothing to pass on */
}

/* ---- IP -------------------------------------------------------------------------------------------------------- */

/* The chain of a zone whose packets go to the zones of pairs[0..n). */
static uint32_t add_from(struct ps_nft_build *b, const struct pair *pairs, uint32_t n)
{
    const char *zone = ps_image_zone_name(b->image, pairs[0].from);
    uint32_t chain = ps_nft_chain_add(b->r, "from%c/%s", ps_nft_digit(b), zone);
    struct ps_nft_key key = ps_nft_daddr(b);
    uint32_t set = ps_nft_set_add(b->r, &key, 1, "to%c/%s", ps_nft_digit(b), zone);

    for (uint32_t i = 0; i < n; i++) {
        struct ps_nft_verdict verdict = pair_verdict(b, &pairs[i]);
        ps_nft_zone_put(b, set, pairs[i].to, &verdict);
    }
    ps_nft_set_close(b->r, set);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_vmap(b->r, set);
    ps_nft_rule_drop(b, chain, PS_REASON_NO_CONDUIT);
    return chain;
}

/* Pairs whose `from` is the same as that of pairs[0]. */
static uint32_t same_from(const struct pairs *pairs, uint32_t first)
{
    uint32_t n = 1;

    while (first + n < pairs->n && pairs->pairs[first + n].from == pairs->pairs[first].from)
        n++;
    return n;
}

static void build_family(struct ps_nft_build *b, const struct pairs *pairs)
{
    struct ps_nft_key key = ps_nft_saddr(b);
    uint32_t set = ps_nft_set_add(b->r, &key, 1, "zones%c", ps_nft_digit(b));

    for (uint32_t i = 0, n; i < pairs->n; i += n) {
        n = same_from(pairs, i);
        if (!ps_nft_zone_has_family(b, pairs->pairs[i].from))
            continue;
        struct ps_nft_verdict verdict = {PS_NFT_GOTO, add_from(b, pairs->pairs + i, n)};
        ps_nft_zone_put(b, set, pairs->pairs[i].from, &verdict);
    }
    ps_nft_set_close(b->r, set);
    uint32_t chain = b->zones_chain[b->family];
    if (b->r->sets[set].n > 0) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_vmap(b->r, set);
    } else {
        ps_nft_set_pop(b->r);
    }
    ps_nft_rule_drop(b, chain, PS_REASON_NO_ZONE);
}

/* ---- neighbours: they may ask for each other where a conduit joins them, in whichever direction ------------------- */

/* A kind of message between neighbours: who asks or answers, and about or to whom. */
struct neighbours {
    const char *name;
    unsigned family;
    struct ps_nft_key from, to;
};

/* Was every conduit between the two closed by hand? */
static bool is_shut(const struct ps_nft_build *b, const struct pair *pair)
{
    return (pair->ask != PS_NONE || pair->back != PS_NONE) && (pair->ask == PS_NONE || ps_nft_is_closed(b, pair->ask)) &&
           (pair->back == PS_NONE || ps_nft_is_closed(b, pair->back));
}

static uint32_t add_neighbours(struct ps_nft_build *b, const struct neighbours *kind, const struct pair *pairs, uint32_t n)
{
    const char *zone = ps_image_zone_name(b->image, pairs[0].from);
    uint32_t chain = ps_nft_chain_add(b->r, "%s-from/%s", kind->name, zone);
    uint32_t set = ps_nft_set_add(b->r, &kind->to, 1, "%s-to/%s", kind->name, zone);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t target = is_shut(b, &pairs[i]) ? ps_nft_drop(b, PS_REASON_ISLAND)
                                                 : ps_nft_tagged(b, kind->name, pairs[i].from, pairs[i].to);
        struct ps_nft_verdict verdict = {PS_NFT_GOTO, target};
        ps_nft_zone_put(b, set, pairs[i].to, &verdict);
    }
    ps_nft_set_close(b->r, set);
    ps_nft_rule_add(b->r, chain);
    ps_nft_put_vmap(b->r, set);
    ps_nft_rule_drop(b, chain, PS_REASON_NO_CONDUIT);
    return chain;
}

static void build_neighbours(struct ps_nft_build *b, const struct neighbours *kind, uint32_t chain,
                             const struct pairs *pairs)
{
    uint32_t set = ps_nft_set_add(b->r, &kind->from, 1, "%s-zones", kind->name);

    b->family = kind->family;
    for (uint32_t i = 0, n; i < pairs->n; i += n) {
        n = same_from(pairs, i);
        if (!ps_nft_zone_has_family(b, pairs->pairs[i].from))
            continue;
        struct ps_nft_verdict verdict = {PS_NFT_GOTO, add_neighbours(b, kind, pairs->pairs + i, n)};
        ps_nft_zone_put(b, set, pairs->pairs[i].from, &verdict);
    }
    ps_nft_set_close(b->r, set);
    if (b->r->sets[set].n > 0) {
        ps_nft_rule_add(b->r, chain);
        ps_nft_put_vmap(b->r, set);
    } else {
        ps_nft_set_pop(b->r);
    }
    ps_nft_rule_drop(b, chain, PS_REASON_NO_ZONE);
}

/* The target of neighbour discovery stands behind 8 octets of ICMPv6; who advertises speaks for it (RFC 4861). */
static void build_all_neighbours(struct ps_nft_build *b, const struct pairs *pairs)
{
    struct ps_nft_key target = ps_nft_raw(PS_NFT_RAW_TH, 8, 16);
    const struct neighbours kinds[] = {
        {"arp", PS_NFT_V4, ps_nft_key(PS_NFT_ARP_SPA), ps_nft_key(PS_NFT_ARP_TPA)},
        {"solicit", PS_NFT_V6, ps_nft_key(PS_NFT_IP6_SADDR), target},
        {"advertise", PS_NFT_V6, target, ps_nft_key(PS_NFT_IP6_DADDR)},
    };

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        build_neighbours(b, &kinds[i], b->neighbours[i], pairs);
}

void ps_nft_build_zones(struct ps_nft_build *b)
{
    struct pairs pairs = {0};

    collect_pairs(b, &pairs);
    for (b->family = 0; b->family < PS_NFT_N_FAMILIES; b->family++)
        build_family(b, &pairs);
    if (ps_nft_has_link(b))
        build_all_neighbours(b, &pairs);
    free(pairs.pairs);
}
