/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_shape.c - "exactly one message of this length": by the lengths in the headers, for the sizes of TCP headers that
 * occur. How many octets there are does not tell: in the link's families Ethernet padding counts as payload.
 */
#include "nft_build.h"

enum { IPV4_LEN = 20, UDP_LEN = 8, DATA_OFFSET_MIN = 5, DATA_OFFSET_MAX = 15 };

/* Data offsets of segments with payload, a bit for each: no options, timestamps or one SACK block, two blocks, timestamps
 * with one, and with two. */
#define OFFSETS_WITH_DATA (1u << 5 | 1u << 8 | 1u << 10 | 1u << 11 | 1u << 13)

static bool is_datagram(const struct ps_nft_build *b)
{
    return b->view.protocol < PS_N_DISSECTORS && b->view.udp;
}

/* The IP header's length field, then TCP's data offset or UDP's length field, then the extra keys. */
uint32_t ps_nft_shape_add(struct ps_nft_build *b, const struct ps_nft_key *extra, unsigned n_extra, const char *what)
{
    struct ps_nft_key keys[PS_NFT_KEYS_MAX] = {
        ps_nft_length(b), is_datagram(b) ? ps_nft_raw(PS_NFT_RAW_TH, 4, 2) : ps_nft_raw(PS_NFT_RAW_TH, 12, 1)};

    for (unsigned i = 0; i < n_extra; i++)
        keys[2 + i] = extra[i];
    return ps_nft_shared_add(b, keys, 2 + n_extra, what);
}

void ps_nft_shape_put(struct ps_nft_build *b, uint32_t set, uint32_t payload_len, const uint64_t *values)
{
    struct ps_nft_element element = {0};
    const struct ps_nft_key *keys = b->r->sets[set].keys;
    unsigned n_keys = b->r->sets[set].n_keys;
    uint32_t ip_len = b->family == PS_NFT_V4 ? IPV4_LEN : 0;

    for (unsigned i = 2; i < n_keys; i++)
        ps_nft_element_numbers(&element, keys[i], i, values[i - 2], values[i - 2]);
    if (is_datagram(b)) {
        ps_nft_element_numbers(&element, keys[0], 0, ip_len + UDP_LEN + payload_len, ip_len + UDP_LEN + payload_len);
        ps_nft_element_numbers(&element, keys[1], 1, UDP_LEN + payload_len, UDP_LEN + payload_len);
        ps_nft_set_put(b->r, set, &element, NULL);
        return;
    }
    for (uint32_t offset = DATA_OFFSET_MIN; offset <= DATA_OFFSET_MAX; offset++) {
        uint32_t len = ip_len + 4 * offset + payload_len;
        if (payload_len > 0 && !(OFFSETS_WITH_DATA >> offset & 1))
            continue;
        ps_nft_element_numbers(&element, keys[0], 0, len, len);
        ps_nft_element_numbers(&element, keys[1], 1, offset << 4, offset << 4);
        ps_nft_set_put(b->r, set, &element, NULL);
    }
}

/* SYN, ACK, FIN and RST without payload; behind the Ethernet padding that the link's families take for payload, only the
 * lengths in the headers tell. */
uint32_t ps_nft_empty_segments(struct ps_nft_build *b)
{
    if (b->empty[b->family] != PS_NFT_NONE)
        return b->empty[b->family];
    uint32_t set = ps_nft_shape_add(b, NULL, 0, b->family == PS_NFT_V4 ? "empty4" : "empty6");
    ps_nft_shape_put(b, set, 0, NULL);
    ps_nft_set_close(b->r, set);
    b->empty[b->family] = set;
    return set;
}
