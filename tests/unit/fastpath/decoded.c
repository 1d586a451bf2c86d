/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decoded.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void expect_same(const struct ps_desc *a, const struct ps_desc *b)
{
    ck_assert(ps_key_equal(&a->key, &b->key));
    ck_assert_ptr_eq(a->frame, b->frame);
    ck_assert_ptr_eq(a->network, b->network);
    ck_assert_ptr_eq(a->payload, b->payload);
    ck_assert_uint_eq(a->payload_len, b->payload_len);
    ck_assert_uint_eq(a->payload_wire, b->payload_wire);
    ck_assert_uint_eq(a->seq, b->seq);
    ck_assert_uint_eq(a->ack, b->ack);
    ck_assert_uint_eq(a->offset, b->offset);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert_uint_eq(a->kind, b->kind);
    ck_assert_uint_eq(a->reason, b->reason);
    ck_assert_uint_eq(a->tcp_flags, b->tcp_flags);
    ck_assert_uint_eq(a->icmp_type, b->icmp_type);
    ck_assert_uint_eq(a->icmp_code, b->icmp_code);
    ck_assert_uint_eq(a->hop_limit, b->hop_limit);
    ck_assert_uint_eq(a->offloaded, b->offloaded);
}

struct ps_desc wire_decode(struct ps_packet packet, struct ps_decode_how how)
{
    struct ps_desc common, closely;
    uint8_t *copy = malloc(packet.len ? packet.len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, packet.data, packet.len);
    packet.data = copy;
    ps_decode_closely(&packet, how, &closely);
    if (ps_decode_common(&packet, how, &common))
        expect_same(&common, &closely);
    free(copy);
    return closely;
}
