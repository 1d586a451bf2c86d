/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frag_rig.h - a small table, and fragments of one made-up datagram to put into it.
 */
#pragma once

#include "frag.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "unit.h"

#define N_SLOTS 8u
#define PER_SOURCE 4u
#define SECOND UINT64_C(1000000000)

static struct ps_frag_table table;
static uint64_t now_ns;
static uint16_t port;
static uint8_t datagram[70000]; /* what is cut: a transport header and data that differ everywhere */
static struct wire frame;

static inline void start_with(uint32_t n_datagrams)
{
    struct ps_frag_config config = {.n_datagrams = n_datagrams, .per_source = PER_SOURCE,
                                    .seed = {UINT64_C(0x9d3c1f0b57a2e684), UINT64_C(0x46f1a5cc0e83b92d)}};
    ck_assert(ps_frag_init(&table, &config));
    now_ns = SECOND;
    port = 0;
    for (uint32_t i = 0; i < sizeof datagram; i++)
        datagram[i] = (uint8_t)(i * 7 + i / 251);
    datagram[12] = 5 << 4; /* of TCP: a header of 20 octets */
    datagram[0] = 128;     /* of ICMPv6: an echo */
}

static inline void start(void)
{
    start_with(N_SLOTS);
}

static inline void stop(void)
{
    ck_assert(ps_frag_check(&table));
    ps_frag_fini(&table);
}

/* One fragment: octets offset .. offset + len of datagram[], unless data says otherwise. */
struct cut {
    uint32_t src;   /* 0: 10.0.1.1 */
    uint32_t dst;   /* 0: 10.0.2.1 */
    uint16_t id;    /* 0: 7 */
    uint16_t proto; /* 0: UDP; NO_PROTO: 0 */
    uint16_t flags; /* 0x8000 reserved, 0x4000 DF, 0x2000 MF */
    uint32_t offset, len;
    const uint8_t *data;
};

#define MF 0x2000u
#define NO_PROTO 256u
#define SOURCE IP(10, 0, 1, 1)
#define CUT(...) ((struct cut){__VA_ARGS__})

static inline struct ps_frag_answer take_frame(void)
{
    struct ps_desc desc;
    struct ps_packet packet = wire_packet(&frame);
    packet.time_ns = now_ns;
    packet.port = port;
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert_uint_eq(desc.reason, PS_REASON_FRAGMENT);
    struct ps_frag_answer answer = ps_frag_take(&table, &packet, &desc);
    ck_assert(ps_frag_check(&table));
    return answer;
}

static inline void build(struct cut cut)
{
    uint8_t proto = (uint8_t)(cut.proto ? cut.proto : 17);
    const uint8_t *data = cut.data ? cut.data : datagram + cut.offset;
    uint32_t field = cut.flags | cut.offset / 8, id = cut.id ? cut.id : 7;
    wire_ipv4(&frame, cut.src ? cut.src : SOURCE, cut.dst ? cut.dst : IP(10, 0, 2, 1), proto, data, cut.len);
    uint8_t *ip = frame.b + frame.ip;
    memcpy(ip + 20, data, cut.len); /* without a transport checksum of its own */
    ip[4] = (uint8_t)(id >> 8);
    ip[5] = (uint8_t)id;
    ip[6] = (uint8_t)(field >> 8);
    ip[7] = (uint8_t)field;
}

/* The header's checksum, made again. */
static inline void sum_header(void)
{
    uint8_t *ip = frame.b + frame.ip;
    uint32_t sum = 0;
    ip[10] = ip[11] = 0;
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    ip[10] = (uint8_t)(~sum >> 8);
    ip[11] = (uint8_t)~sum;
}

static inline struct ps_frag_answer take(struct cut cut)
{
    build(cut);
    sum_header();
    return take_frame();
}

static inline void kept(struct cut cut)
{
    struct ps_frag_answer answer = take(cut);
    ck_assert_msg(answer.result == PS_FRAG_KEPT, "%s", ps_reason_info(answer.reason)->name);
}

static inline void refused(struct cut cut, enum ps_reason reason)
{
    struct ps_frag_answer answer = take(cut);
    ck_assert_uint_eq(answer.result, PS_FRAG_REFUSED);
    ck_assert_msg(answer.reason == reason, "%s instead of %s", ps_reason_info(answer.reason)->name,
                  ps_reason_info(reason)->name);
}

/* The last fragment: all len octets of the datagram come out, behind a header that ps_decode() takes. */
static inline void whole(struct cut cut, uint32_t len)
{
    struct ps_frag_answer answer = take(cut);
    ck_assert_msg(answer.result == PS_FRAG_WHOLE, "%s", ps_reason_info(answer.reason)->name);
    const struct ps_packet *got = &answer.whole;
    ck_assert_uint_eq(got->len, WIRE_L2 + 20 + len);
    ck_assert_uint_eq(got->len, got->wire_len);
    ck_assert_mem_eq(got->data + WIRE_L2 + 20, datagram, len);
    struct ps_desc desc;
    ps_decode(got, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    ck_assert(desc.reason != PS_REASON_FRAGMENT && desc.kind != PS_KIND_NONE);
    ck_assert(desc.reason != PS_REASON_BAD_CHECKSUM || cut.proto == 0 || cut.proto == 6); /* of the made-up transport */
    ps_frag_release(&table);
}
