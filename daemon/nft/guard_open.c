/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_open.c - chain open: what the kernel forwards by itself while penstockd does not live.
 *
 * Everything not said here comes back to the chain that packets came by, whose policy is drop:
 *
 *     open     senders whose MAC is another's: drop
 *              from whom to whom, in which VLAN, by which port (map joints): ARP and neighbour solicitations are forwarded,
 *              IPv4 without options and fragments goes on to chain ip4, IPv6 to ip6
 *     ip4 ip6  towards a server by map asks, to a client by map answers: of TCP what opens no connection; of UDP, echo and
 *              others what answers something seen of late (sets seen4, seen6)
 *
 * Assets and zones are told from addresses by maps and stand for numbers, so that the sets of what may pass grow with the
 * rules and not with the hosts.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <string.h>

#include "guard_private.h"

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

/* Registers beside those of keys, which start at 0. */
#define ADDRESS PS_REG(8u) /* four */
#define LOOK PS_REG(12u)   /* two: what is compared at once */
#define DEVICE PS_REG(15u)

#define LL NFT_PAYLOAD_LL_HEADER
#define NET NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

/* What differs between IPv4 and IPv6. */
struct family {
    bool v6;
    uint16_t ethertype;
    uint32_t len;           /* of an address */
    uint32_t src, dst, proto; /* offsets in the header */
    uint8_t icmp, ask, answer; /* echo's protocol and types */
    enum ps_table_kind kind;
    const char *zones, *assets, *bound, *macs, *seen, *chain;
};

static const struct family families[2] = {
    {false, 0x0800, 4, 12, 16, 9, IP_ICMP, 8, 0, PS_TABLE_IPV4, "zones4", "assets4", "bound4", "macs4", "seen4", "ip4"},
    {true, 0x86dd, 16, 8, 24, 6, IP_ICMPV6, 128, 129, PS_TABLE_IPV6, "zones6", "assets6", "bound6", "macs6", "seen6", "ip6"},
};

struct opening {
    struct ps_table *table;
    const struct ps_guard *guard;
    const struct ps_guard_plan *plan;
};

/* ---- sets ------------------------------------------------------------------------------------------------------------ */

static void put_address(uint8_t out[16], struct ps_addr addr, bool v6)
{
    uint64_t octets = v6 ? addr.hi : (uint64_t)ps_addr_v4(addr) << 32;

    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(octets >> 8 * (7 - i));
        out[i + 8] = (uint8_t)(addr.lo >> 8 * (7 - i));
    }
}

static struct ps_addr next_of(struct ps_addr addr)
{
    return (struct ps_addr){addr.hi + (addr.lo == UINT64_MAX), addr.lo + 1};
}

static bool is_last(struct ps_addr addr, bool v6)
{
    return v6 ? addr.hi == UINT64_MAX && addr.lo == UINT64_MAX : ps_addr_v4(addr) == UINT32_MAX;
}

/* An interval of a set with one field is two elements: where it begins, and where it is over. */
static void add_range(const struct opening *o, const char *map, const struct ps_guard_range *range, bool v6)
{
    struct ps_table_elem first = {.has_data = true, .data = range->id}, end = {.flags = NFT_SET_ELEM_INTERVAL_END};
    uint8_t octets[16];

    put_address(octets, range->first, v6);
    ps_table_elem_put(&first, octets, NULL, v6 ? 16 : 4);
    ps_table_elem(o->table, map, &first);
    if (is_last(range->last, v6))
        return;
    put_address(octets, next_of(range->last), v6);
    ps_table_elem_put(&end, octets, NULL, v6 ? 16 : 4);
    ps_table_elem(o->table, map, &end);
}

static void add_ranges(const struct opening *o, const struct family *f, const char *map,
                       const struct ps_guard_range *ranges, size_t n)
{
    const struct ps_table_set set = {.name = map, .fields = {f->kind}, .data = PS_TABLE_MARK,
                                   .flags = NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONSTANT};

    ps_table_set(o->table, &set);
    for (size_t i = 0; i < n; i++)
        if (ps_addr_is_v4(ranges[i].first) == !f->v6)
            add_range(o, map, &ranges[i], f->v6);
    ps_table_elems_end(o->table);
}

/* The addresses of assets with a MAC, and the pairs of both. */
static void add_bounds(const struct opening *o, const struct family *f)
{
    const struct ps_table_set bound = {.name = f->bound, .fields = {f->kind}, .flags = NFT_SET_CONSTANT};
    const struct ps_table_set macs = {.name = f->macs, .fields = {f->kind, PS_TABLE_MAC}, .flags = NFT_SET_CONSTANT};
    uint8_t octets[16];

    ps_table_set(o->table, &bound);
    ps_table_set(o->table, &macs);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < o->plan->n_bounds; i++) {
            struct ps_table_elem elem = {0};

            if (ps_addr_is_v4(o->plan->bounds[i].addr) == f->v6)
                continue;
            put_address(octets, o->plan->bounds[i].addr, f->v6);
            ps_table_elem_put(&elem, octets, NULL, f->len);
            if (pass == 1)
                ps_table_elem_put(&elem, o->plan->bounds[i].mac.b, NULL, 6);
            ps_table_elem(o->table, pass == 0 ? f->bound : f->macs, &elem);
        }
        ps_table_elems_end(o->table);
    }
}

static uint32_t device_of(const struct opening *o, uint8_t port)
{
    return (uint32_t)o->guard->netdevs[port].index;
}

static void add_joints(const struct opening *o)
{
    static const struct ps_table_set joints = {
        .name = "joints", .fields = {PS_TABLE_DEVICE, PS_TABLE_MARK, PS_TABLE_MARK, PS_TABLE_PORT}, .data = PS_TABLE_DEVICE,
        .flags = NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONCAT | NFT_SET_CONSTANT};

    ps_table_set(o->table, &joints);
    for (size_t i = 0; i < o->plan->n_joints; i++) {
        const struct ps_guard_joint *joint = &o->plan->joints[i];
        struct ps_table_elem elem = {.has_data = true, .data = device_of(o, joint->out)};
        uint32_t in = device_of(o, joint->in);
        uint16_t first = htons(joint->first_vlan), last = htons(joint->last_vlan);

        ps_table_elem_put(&elem, &in, NULL, sizeof in);
        ps_table_elem_put(&elem, &joint->from, NULL, sizeof joint->from);
        ps_table_elem_put(&elem, &joint->to, NULL, sizeof joint->to);
        ps_table_elem_put(&elem, &first, &last, sizeof first);
        elem.end_len = elem.len;
        ps_table_elem(o->table, joints.name, &elem);
    }
    ps_table_elems_end(o->table);
}

/* (client, server, protocol, port) -> the server's netdev, or the client's. */
static void add_passes(const struct opening *o, const char *name, bool is_answer)
{
    const struct ps_table_set set = {
        .name = name, .fields = {PS_TABLE_MARK, PS_TABLE_MARK, PS_TABLE_PROTOCOL, PS_TABLE_PORT}, .data = PS_TABLE_DEVICE,
        .flags = NFT_SET_MAP | NFT_SET_INTERVAL | NFT_SET_CONCAT | NFT_SET_CONSTANT};

    ps_table_set(o->table, &set);
    for (size_t i = 0; i < o->plan->n_passes; i++) {
        const struct ps_guard_pass *pass = &o->plan->passes[i];
        struct ps_table_elem elem = {.has_data = true,
                                   .data = device_of(o, is_answer ? pass->client_port : pass->server_port)};
        uint16_t first = htons(pass->first), last = htons(pass->last);

        ps_table_elem_put(&elem, &pass->client, NULL, sizeof pass->client);
        ps_table_elem_put(&elem, &pass->server, NULL, sizeof pass->server);
        ps_table_elem_put(&elem, &pass->protocol, NULL, sizeof pass->protocol);
        ps_table_elem_put(&elem, &first, &last, sizeof first);
        elem.end_len = elem.len;
        ps_table_elem(o->table, name, &elem);
    }
    ps_table_elems_end(o->table);
}

static void add_seen(const struct opening *o, const struct family *f)
{
    const struct ps_table_set seen = {.name = f->seen, .size = 65536, .timeout_ms = PS_GUARD_SEEN_MS,
                                    .fields = {f->kind, f->kind, PS_TABLE_PROTOCOL, PS_TABLE_PORT, PS_TABLE_PORT},
                                    .flags = NFT_SET_TIMEOUT | NFT_SET_EVAL};

    ps_table_set(o->table, &seen);
}

/* ---- chain open ------------------------------------------------------------------------------------------------------ */

static void equals(const struct opening *o, uint32_t base, uint32_t offset, const void *value, uint32_t len)
{
    ps_table_payload(o->table, base, offset, len, LOOK);
    ps_table_compare(o->table, NFT_CMP_EQ, LOOK, value, len);
}

/* The protocol behind the Ethernet header and at most one tag. */
static void is_ethertype(const struct opening *o, uint16_t ethertype)
{
    uint16_t number = htons(ethertype);

    ps_table_meta(o->table, NFT_META_PROTOCOL, LOOK);
    ps_table_compare(o->table, NFT_CMP_EQ, LOOK, &number, sizeof number);
}

/* Where ARP and neighbour discovery say an address, and which kinds of them say it. */
struct place {
    uint32_t base, offset;
    uint16_t ethertype;
    uint8_t icmp; /* type; 0: none */
};

static void is_kind(const struct opening *o, const struct place *place)
{
    static const uint8_t arp[6] = {0, 1, 8, 0, 6, 4}, discovery[2] = {IP_ICMPV6, 255}; /* next header, hop limit */
    const uint8_t type[2] = {place->icmp, 0};

    is_ethertype(o, place->ethertype);
    if (place->ethertype == 0x0806)
        equals(o, NET, 0, arp, sizeof arp);
    if (place->icmp == 0)
        return;
    equals(o, NET, 6, discovery, sizeof discovery);
    equals(o, TH, 0, type, sizeof type);
}

/* Drops what says that an address with a MAC is somewhere else. */
static void drop_unbound(const struct opening *o, const struct family *f, const struct place *address,
                         const struct place *mac)
{
    ps_table_rule(o->table, "open");
    is_kind(o, address);
    ps_table_payload(o->table, address->base, address->offset, f->len, PS_REG(0));
    ps_table_lookup(o->table, PS_REG(0), f->bound, PS_TABLE_IN);
    ps_table_payload(o->table, mac->base, mac->offset, 6, PS_REG(f->len / 4));
    ps_table_lookup(o->table, PS_REG(0), f->macs, PS_TABLE_NOT_IN);
    ps_table_verdict(o->table, NF_DROP, NULL);
    ps_table_rule_end(o->table);
}

static const struct place ip4_src = {NET, 12, 0x0800, 0}, ip4_dst = {NET, 16, 0x0800, 0};
static const struct place ip6_src = {NET, 8, 0x86dd, 0}, ip6_dst = {NET, 24, 0x86dd, 0};
static const struct place arp_sender = {NET, 14, 0x0806, 0}, arp_target = {NET, 24, 0x0806, 0};
static const struct place solicited = {TH, 8, 0x86dd, 135}, advertised = {TH, 8, 0x86dd, 136};
static const struct place asking = {NET, 8, 0x86dd, 135}, asked = {NET, 24, 0x86dd, 136};

static void drop_all_unbound(const struct opening *o)
{
    static const struct place ether = {LL, 6, 0, 0}, arp_mac = {NET, 8, 0, 0};

    drop_unbound(o, &families[0], &ip4_src, &ether);
    drop_unbound(o, &families[0], &arp_sender, &ether);
    drop_unbound(o, &families[0], &arp_sender, &arp_mac);
    drop_unbound(o, &families[1], &ip6_src, &ether);
    drop_unbound(o, &families[1], &advertised, &ether);
}

/* The number of an address's asset or zone. It goes by way of the frame's mark or priority, which nobody else needs here:
 * nft ends with a failed assertion when it lists a key that is made of maps. */
static void set_id(const struct opening *o, const struct place *address, uint32_t len, const char *map, uint32_t meta)
{
    ps_table_payload(o->table, address->base, address->offset, len, ADDRESS);
    ps_table_map(o->table, ADDRESS, map, LOOK);
    ps_table_meta_set(o->table, meta, LOOK);
}

/* The zones of two addresses, the netdev and the VLAN are a joint: its way out is in DEVICE. */
static void is_joint(const struct opening *o, const struct family *f, const struct place *from, const struct place *to,
                     bool tagged)
{
    static const uint16_t untagged_vlan = 0;
    const uint8_t tag[2] = {0x81, 0x00}, vid[2] = {0x0f, 0xff};
    const uint16_t ethertype = htons(from->ethertype);

    equals(o, LL, 12, tagged ? (const void *)tag : &ethertype, 2);
    set_id(o, from, f->len, f->zones, NFT_META_MARK);
    set_id(o, to, f->len, f->zones, NFT_META_PRIORITY);
    ps_table_meta(o->table, NFT_META_IIF, PS_REG(0));
    ps_table_meta(o->table, NFT_META_MARK, PS_REG(1));
    ps_table_meta(o->table, NFT_META_PRIORITY, PS_REG(2));
    if (tagged) {
        ps_table_payload(o->table, LL, 14, 2, PS_REG(3));
        ps_table_mask(o->table, PS_REG(3), vid, sizeof vid);
    } else {
        ps_table_value(o->table, PS_REG(3), &untagged_vlan, sizeof untagged_vlan);
    }
    ps_table_map(o->table, PS_REG(0), "joints", DEVICE);
}

/* Out by DEVICE; the mark opens that netdev's chain of what leaves. */
static void forward(const struct opening *o)
{
    static const uint32_t no_priority = 0;

    ps_table_value(o->table, LOOK, &o->guard->config.forwarded, sizeof o->guard->config.forwarded);
    ps_table_meta_set(o->table, NFT_META_MARK, LOOK);
    ps_table_value(o->table, LOOK, &no_priority, sizeof no_priority);
    ps_table_meta_set(o->table, NFT_META_PRIORITY, LOOK);
    ps_table_forward(o->table, DEVICE);
}

/* The two questions of neighbours and their answers: ARP, solicitation, advertisement. */
static void add_neighbours(const struct opening *o, bool tagged)
{
    static const struct {
        const struct place *from, *to;
    } pairs[] = {{&arp_sender, &arp_target}, {&asking, &solicited}, {&advertised, &asked}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ps_table_rule(o->table, "open");
        is_kind(o, pairs[i].from);
        if (pairs[i].from == &advertised) /* by whom, besides of whom */
            is_joint(o, &families[1], &ip6_src, &asked, tagged);
        is_joint(o, &families[i > 0], pairs[i].from, pairs[i].to, tagged);
        forward(o);
        ps_table_rule_end(o->table);
    }
}

static void add_ip(const struct opening *o, const struct family *f, bool tagged)
{
    static const uint8_t plain[1] = {0x45}, pieces[2] = {0x3f, 0xff}, none[2] = {0, 0};

    ps_table_rule(o->table, "open");
    is_ethertype(o, f->ethertype);
    if (!f->v6) {
        equals(o, NET, 0, plain, sizeof plain);
        ps_table_payload(o->table, NET, 6, 2, LOOK);
        ps_table_mask(o->table, LOOK, pieces, sizeof pieces);
        ps_table_compare(o->table, NFT_CMP_EQ, LOOK, none, sizeof none);
    }
    is_joint(o, f, f->v6 ? &ip6_src : &ip4_src, f->v6 ? &ip6_dst : &ip4_dst, tagged);
    ps_table_verdict(o->table, NFT_GOTO, f->chain);
    ps_table_rule_end(o->table);
}

/* ---- chains ip4 and ip6 ---------------------------------------------------------------------------------------------- */

/* What one rule of theirs is about. */
struct way {
    const struct family *family;
    uint8_t protocol;              /* 0: any that is no other rule's */
    bool is_answer;
    bool client_asset, server_asset; /* else by zone */
};

static bool has_ports(const struct way *way)
{
    return way->protocol == IP_TCP || way->protocol == IP_UDP;
}

static void is_protocol(const struct opening *o, const struct way *way)
{
    const uint8_t others[3] = {IP_TCP, IP_UDP, way->family->icmp};
    const uint8_t echo[2] = {way->is_answer ? way->family->answer : way->family->ask, 0};

    if (way->protocol != 0)
        equals(o, NET, way->family->proto, &way->protocol, 1);
    for (unsigned i = 0; i < 3 && way->protocol == 0; i++) {
        ps_table_payload(o->table, NET, way->family->proto, 1, LOOK);
        ps_table_compare(o->table, NFT_CMP_NEQ, LOOK, &others[i], 1);
    }
    if (way->protocol == way->family->icmp)
        equals(o, TH, 0, echo, sizeof echo);
}

/* Answers of TCP acknowledge or reset: nobody opens a connection to a client by them. */
static void opens_nothing(const struct opening *o)
{
    static const uint8_t ack_or_reset[1] = {0x14}, none[1] = {0};

    ps_table_payload(o->table, TH, 13, 1, LOOK);
    ps_table_mask(o->table, LOOK, ack_or_reset, 1);
    ps_table_compare(o->table, NFT_CMP_NEQ, LOOK, none, 1);
}

/* Who asked whom for what, from the client's side, from register 0 on. */
static void load_seen(const struct opening *o, const struct way *way)
{
    static const uint16_t no_port = 0;
    const struct family *f = way->family;
    uint32_t at = f->len / 4;

    ps_table_payload(o->table, NET, way->is_answer ? f->dst : f->src, f->len, PS_REG(0));
    ps_table_payload(o->table, NET, way->is_answer ? f->src : f->dst, f->len, PS_REG(at));
    ps_table_payload(o->table, NET, f->proto, 1, PS_REG(2 * at));
    if (has_ports(way)) {
        ps_table_payload(o->table, TH, way->is_answer ? 2 : 0, 2, PS_REG(2 * at + 1));
        ps_table_payload(o->table, TH, way->is_answer ? 0 : 2, 2, PS_REG(2 * at + 2));
        return;
    }
    if (way->protocol == f->icmp)
        ps_table_payload(o->table, TH, 4, 2, PS_REG(2 * at + 1)); /* the identifier */
    else
        ps_table_value(o->table, PS_REG(2 * at + 1), &no_port, sizeof no_port);
    ps_table_value(o->table, PS_REG(2 * at + 2), &no_port, sizeof no_port);
}

static void add_way(const struct opening *o, const struct way *way)
{
    static const uint16_t no_port = 0;
    const struct family *f = way->family;
    const struct place *src = f->v6 ? &ip6_src : &ip4_src, *dst = f->v6 ? &ip6_dst : &ip4_dst;

    ps_table_rule(o->table, f->chain);
    is_protocol(o, way);
    if (way->protocol == IP_TCP && way->is_answer)
        opens_nothing(o);
    set_id(o, way->is_answer ? dst : src, f->len, way->client_asset ? f->assets : f->zones, NFT_META_MARK);
    set_id(o, way->is_answer ? src : dst, f->len, way->server_asset ? f->assets : f->zones, NFT_META_PRIORITY);
    ps_table_meta(o->table, NFT_META_MARK, PS_REG(0));
    ps_table_meta(o->table, NFT_META_PRIORITY, PS_REG(1));
    ps_table_payload(o->table, NET, f->proto, 1, PS_REG(2));
    if (has_ports(way))
        ps_table_payload(o->table, TH, way->is_answer ? 0 : 2, 2, PS_REG(3));
    else
        ps_table_value(o->table, PS_REG(3), &no_port, sizeof no_port);
    ps_table_map(o->table, PS_REG(0), way->is_answer ? "answers" : "asks", DEVICE);
    if (way->protocol != IP_TCP) {
        load_seen(o, way);
        if (way->is_answer)
            ps_table_lookup(o->table, PS_REG(0), f->seen, PS_TABLE_IN);
        else
            ps_table_update(o->table, PS_REG(0), f->seen);
    }
    forward(o);
    ps_table_rule_end(o->table);
}

/* Only those rules that some pass needs. */
static bool is_needed(const struct opening *o, const struct way *way)
{
    for (size_t i = 0; i < o->plan->n_passes; i++) {
        const struct ps_guard_pass *pass = &o->plan->passes[i];
        bool of_its_own = pass->protocol == IP_TCP || pass->protocol == IP_UDP || pass->protocol == IP_ICMP ||
                          pass->protocol == IP_ICMPV6;

        if ((way->protocol != 0 ? pass->protocol == way->protocol : !of_its_own) &&
            ((pass->client & PS_GUARD_ASSET) != 0) == way->client_asset &&
            ((pass->server & PS_GUARD_ASSET) != 0) == way->server_asset)
            return true;
    }
    return false;
}

static void add_ways(const struct opening *o, const struct family *f)
{
    const uint8_t protocols[4] = {IP_TCP, IP_UDP, f->icmp, 0};

    for (unsigned i = 0; i < 32; i++) {
        const struct way way = {.family = f, .protocol = protocols[i / 8], .is_answer = (i & 4) != 0,
                                .client_asset = (i & 2) != 0, .server_asset = (i & 1) != 0};

        if (is_needed(o, &way))
            add_way(o, &way);
    }
}

void ps_guard_build_open(struct ps_table *table, const struct ps_guard *guard, const struct ps_guard_plan *plan)
{
    const struct opening o = {.table = table, .guard = guard, .plan = plan};

    for (unsigned i = 0; i < 2; i++) {
        add_ranges(&o, &families[i], families[i].zones, plan->zones, plan->n_zones);
        add_ranges(&o, &families[i], families[i].assets, plan->assets, plan->n_assets);
        add_bounds(&o, &families[i]);
        add_seen(&o, &families[i]);
    }
    add_joints(&o);
    add_passes(&o, "asks", false);
    add_passes(&o, "answers", true);
    for (unsigned i = 0; i < 2; i++) {
        ps_table_chain(table, families[i].chain);
        add_ways(&o, &families[i]);
    }
    ps_table_chain(table, "open");
    drop_all_unbound(&o);
    for (unsigned tagged = 0; tagged < 2; tagged++) {
        add_neighbours(&o, tagged != 0);
        add_ip(&o, &families[0], tagged != 0);
        add_ip(&o, &families[1], tagged != 0);
    }
}
