/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * decode_case.h - one packet under construction, and what decode makes of it.
 */
#pragma once

#include <string.h>

#include "decode.h"
#include "decoded.h"
#include "packets.h"
#include "unit.h"

static struct wire w;
static const struct ps_decode_how strict = {.checksums = PS_CHECKSUMS_STRICT};
static const struct ps_decode_how offload = {.checksums = PS_CHECKSUMS_OFFLOAD};

static inline struct ps_desc decode(struct ps_decode_how how)
{
    return wire_decode(wire_packet(&w), how);
}

static inline void expect(enum ps_reason reason)
{
    struct ps_desc desc = decode(strict);
    ck_assert_str_eq(ps_reason_info(desc.reason)->name, ps_reason_info(reason)->name);
}

static inline void build_tcp(const char *data)
{
    struct wire_tcp tcp = {.src = IP(10, 0, 0, 1), .dst = IP(10, 0, 0, 2), .src_port = 40000, .dst_port = 502,
                           .seq = 1000, .ack = 2000, .flags = PS_TCP_ACK | PS_TCP_PSH, .data = data,
                           .len = (uint32_t)strlen(data)};
    wire_tcp(&w, &tcp);
}

static inline uint8_t *ip(void)
{
    return w.b + w.ip;
}

static inline uint8_t *l4(void)
{
    return w.b + w.ip + 20;
}
