/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_typeof.c - what the keys of a set are, as nft notes it for itself beside the set: the kernel keeps it and does not
 * look at it. Without it `nft list` does not know how long numbers are, and ends when it is to list a concatenation.
 *
 * Attributes within attributes of a type and a length, an octet each; numbers are of 32 bits. What is not in libnftnl/udata.h
 * was read from what nft 1.0.6 notes of the same keys.
 */
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

#include "push_private.h"

/* Kinds of expressions. */
enum { OF_VERDICT = 1, OF_PAYLOAD = 7, OF_META = 9, OF_CT = 12, OF_CONCATENATION = 13 };

/* Of payload. */
enum { PAYLOAD_HEADER, PAYLOAD_FIELD, PAYLOAD_BASE, PAYLOAD_BIT, PAYLOAD_BITS };

/* Headers that nft knows; 0 is a raw one, by its base, which nft counts from the link's on. */
enum { RAW = 0, TH = 11, IP = 12, IP6 = 13, ARP = 15, VLAN = 16, ETHER = 17 };
enum { BASE_LL = 1, BASE_NETWORK, BASE_TRANSPORT, BASE_INNER };

enum { ORDER_NONE, ORDER_HOST, ORDER_BIG };

static const struct {
    uint8_t header, field;
    uint8_t bits; /* where nft takes the field for a plain number */
} fields[PS_NFT_N_KEYS] = {
    [PS_NFT_IP_PROTOCOL] = {IP, 9, 0},    [PS_NFT_IP_SADDR] = {IP, 11, 0},      [PS_NFT_IP_DADDR] = {IP, 12, 0},
    [PS_NFT_IP_LENGTH] = {IP, 5, 16},     [PS_NFT_IP_FRAGMENT] = {IP, 7, 16},   [PS_NFT_IP6_NEXTHDR] = {IP6, 6, 0},
    [PS_NFT_IP6_SADDR] = {IP6, 8, 0},     [PS_NFT_IP6_DADDR] = {IP6, 9, 0},     [PS_NFT_IP6_LENGTH] = {IP6, 5, 16},
    [PS_NFT_TH_SPORT] = {TH, 1, 0},       [PS_NFT_TH_DPORT] = {TH, 2, 0},       [PS_NFT_ETHER_SADDR] = {ETHER, 2, 0},
    [PS_NFT_ETHER_DADDR] = {ETHER, 1, 0}, [PS_NFT_VLAN_ID] = {VLAN, 4, 12},     [PS_NFT_ARP_OPERATION] = {ARP, 5, 0},
    [PS_NFT_ARP_SHA] = {ARP, 6, 0},       [PS_NFT_ARP_SPA] = {ARP, 7, 0},       [PS_NFT_ARP_TPA] = {ARP, 9, 0},
};

static void put_raw(struct nftnl_udata_buf *out, struct ps_nft_key key)
{
    static const uint8_t bases[] = {[PS_NFT_META] = 0,
                                    [PS_NFT_CT] = 0,
                                    [PS_NFT_LL] = BASE_LL,
                                    [PS_NFT_NETWORK] = BASE_NETWORK,
                                    [PS_NFT_TRANSPORT] = BASE_TRANSPORT,
                                    [PS_NFT_INNER] = BASE_INNER};

    nftnl_udata_put_u32(out, PAYLOAD_BASE, bases[ps_nft_key_kinds[key.id].source]);
    nftnl_udata_put_u32(out, PAYLOAD_BIT, 8 * ps_nft_key_offset(key));
    nftnl_udata_put_u32(out, PAYLOAD_BITS, 8 * ps_nft_key_len(key));
}

static void put_payload(struct nftnl_udata_buf *out, struct ps_nft_key key)
{
    nftnl_udata_put_u32(out, PAYLOAD_HEADER, fields[key.id].header);
    nftnl_udata_put_u32(out, PAYLOAD_FIELD, fields[key.id].field);
    if (fields[key.id].header == RAW)
        put_raw(out, key);
    else if (fields[key.id].bits != 0)
        nftnl_udata_put_u32(out, PAYLOAD_BITS, fields[key.id].bits);
}

static void put_key(struct nftnl_udata_buf *out, struct ps_nft_key key)
{
    enum ps_nft_source source = ps_nft_key_kinds[key.id].source;
    struct nftnl_udata *data;

    nftnl_udata_put_u32(out, NFTNL_UDATA_SET_TYPEOF_EXPR, source == PS_NFT_META ? OF_META
                                                          : source == PS_NFT_CT ? OF_CT
                                                                                : OF_PAYLOAD);
    data = nftnl_udata_nest_start(out, NFTNL_UDATA_SET_TYPEOF_DATA);
    if (source == PS_NFT_META) {
        nftnl_udata_put_u32(out, 0, ps_push_meta_of(key));
    } else if (source == PS_NFT_CT) {
        nftnl_udata_put_u32(out, 0, ps_push_ct_of(key));
        nftnl_udata_put_u32(out, 1, UINT32_MAX); /* of no direction */
    } else {
        put_payload(out, key);
    }
    nftnl_udata_nest_end(out, data);
}

static void put_keys(struct nftnl_udata_buf *out, const struct ps_nft_set *set)
{
    struct nftnl_udata *keys, *key;

    nftnl_udata_put_u32(out, NFTNL_UDATA_SET_TYPEOF_EXPR, OF_CONCATENATION);
    keys = nftnl_udata_nest_start(out, NFTNL_UDATA_SET_TYPEOF_DATA);
    for (unsigned i = 0; i < set->n_keys; i++) {
        key = nftnl_udata_nest_start(out, (uint8_t)i);
        put_key(out, set->keys[i]);
        nftnl_udata_nest_end(out, key);
    }
    nftnl_udata_nest_end(out, keys);
}

static uint32_t order_of(const struct ps_nft_set *set)
{
    enum ps_nft_source source = ps_nft_key_kinds[set->keys[0].id].source;

    if (set->n_keys > 1)
        return ORDER_NONE;
    return source == PS_NFT_META || source == PS_NFT_CT ? ORDER_HOST : ORDER_BIG;
}

void ps_push_typeof(const struct ps_nft_set *set, struct nftnl_udata_buf *out)
{
    struct nftnl_udata *nest;

    nftnl_udata_put_u32(out, NFTNL_UDATA_SET_KEYBYTEORDER, order_of(set));
    if (set->is_map)
        nftnl_udata_put_u32(out, NFTNL_UDATA_SET_DATABYTEORDER, ORDER_NONE);
    nest = nftnl_udata_nest_start(out, NFTNL_UDATA_SET_KEY_TYPEOF);
    if (set->n_keys > 1)
        put_keys(out, set);
    else
        put_key(out, set->keys[0]);
    nftnl_udata_nest_end(out, nest);
    if (!set->is_map)
        return;
    nest = nftnl_udata_nest_start(out, NFTNL_UDATA_SET_DATA_TYPEOF);
    nftnl_udata_put_u32(out, NFTNL_UDATA_SET_TYPEOF_EXPR, OF_VERDICT);
    nftnl_udata_nest_end(out, nftnl_udata_nest_start(out, NFTNL_UDATA_SET_TYPEOF_DATA));
    nftnl_udata_nest_end(out, nest);
}
