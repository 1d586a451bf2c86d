/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * recut_make.c - conversations made by a seed, of Modbus and of S7comm in turn.
 */
#include <string.h>

#include "packets.h"
#include "recut.h"

#define EXCHANGES_MAX 4u /* that share packets */
#define REQUEST_MAX 64u
#define REPLY_MAX 300u

struct maker {
    struct recut_packets *packets;
    struct wire wire;
    uint32_t seq[2], state;
    uint16_t port; /* of the server */
    uint64_t time_ns;
};

struct exchange {
    uint8_t request[REQUEST_MAX], reply[REPLY_MAX];
    uint32_t request_len, reply_len; /* no reply: 0 */
};

static uint32_t below(struct maker *m, uint32_t n)
{
    m->state = m->state * 1664525u + 1013904223u;
    return (m->state >> 8) % n;
}

static void put(struct maker *m, unsigned dir, uint8_t flags, const uint8_t *data, uint32_t len)
{
    struct wire_tcp tcp = {.src = dir ? IP(10, 2, 0, 1) : IP(10, 1, 0, 1), .dst = dir ? IP(10, 1, 0, 1) : IP(10, 2, 0, 1),
                           .src_port = dir ? m->port : 40000, .dst_port = dir ? 40000 : m->port, .seq = m->seq[dir],
                           .ack = flags & PS_TCP_ACK ? m->seq[!dir] : 0, .flags = flags, .data = data, .len = len};
    wire_tcp(&m->wire, &tcp);
    struct ps_packet packet = wire_packet(&m->wire);
    packet.time_ns = m->time_ns += 1000000;
    packet.number = m->packets->n + 1;
    if (below(m, 60) != 0 || (flags & PS_TCP_SYN)) /* some are lost */
        recut_packets_add(m->packets, &packet);
    m->seq[dir] += len + ((flags & PS_TCP_SYN) != 0);
}

/* ---- Modbus ----------------------------------------------------------------------------------------------------- */

static uint32_t modbus_reply(const uint8_t *request, uint8_t *p)
{
    uint8_t fc = request[7];
    memcpy(p, request, 12);
    if (fc == 6 || fc == 8)
        return 12;
    uint8_t count = (uint8_t)(fc == 1 ? (request[11] + 7) / 8 : 2 * request[11]);
    bool refusal = fc == 0x55;
    p[5] = refusal ? 3 : (uint8_t)(3 + count);
    p[7] = refusal ? 0xd5 : fc;
    p[8] = refusal ? 1 : count;
    memset(p + 9, 0, refusal ? 0 : count);
    return refusal ? 9 : 9u + count;
}

static void modbus_exchange(struct maker *m, uint8_t id, struct exchange *e)
{
    uint8_t fc = (uint8_t[]){3, 3, 6, 4, 1, 0x55, 8}[below(m, 7)];
    const uint8_t adu[12] = {0, id, 0, 0, 0, 6, 1, fc, 0, (uint8_t)below(m, 200), 0, (uint8_t)(1 + below(m, 9))};
    memcpy(e->request, adu, sizeof adu);
    if (below(m, 40) == 0)
        e->request[5] = 7; /* one octet more than the function has */
    if (below(m, 300) == 0)
        e->request[3] = 1;
    e->request_len = e->request[5] + 6u;
    e->request[12] = 0;
    e->reply_len = e->request_len == 12 ? modbus_reply(e->request, e->reply) : 0;
}

/* ---- S7comm ----------------------------------------------------------------------------------------------------- */

static uint32_t put_tpkt(uint8_t *p, const uint8_t *data, uint32_t len, bool eot)
{
    const uint8_t head[7] = {3, 0, 0, (uint8_t)(7 + len), 2, 0xf0, eot ? 0x80 : 0};
    memcpy(p, head, sizeof head);
    if (len > 0)
        memcpy(p + sizeof head, data, len);
    return sizeof head + len;
}

/* In one TPKT or two, and sometimes an empty one behind. */
static uint32_t put_s7(struct maker *m, uint8_t *p, const uint8_t *s7, uint32_t len)
{
    uint32_t first = below(m, 4) == 0 ? 1 + below(m, len - 1) : 0, n = 0;
    if (first > 0)
        n = put_tpkt(p, s7, first, false);
    n += put_tpkt(p + n, s7 + first, len - first, true);
    return below(m, 5) == 0 ? n + put_tpkt(p + n, NULL, 0, false) : n;
}

/* Reads of n octets, and some writes of one. */
static void s7_exchange(struct maker *m, uint8_t id, struct exchange *e)
{
    bool write = below(m, 6) == 0;
    uint8_t n = (uint8_t)(write ? 1 : 1 + below(m, 100)), at = (uint8_t)(8 * below(m, 30));
    uint8_t job[29] = {0x32, 1, 0, 0, 0, id, 0, 14, 0, write ? 5 : 0, write ? 5 : 4, 1, 0x12, 10, 0x10, 2, 0, n, 0, 1,
                       0x84, 0, 0, at, 0, 4, 0, 8, 0};
    uint8_t answer[18 + 100] = {0x32, 3, 0, 0, 0, id, 0, 2, 0, (uint8_t)(write ? 1 : 4 + n), 0, 0, write ? 5 : 4, 1, 0xff, 4,
                                (uint8_t)(n >> 5), (uint8_t)(n << 3)};
    if (below(m, 40) == 0)
        job[14] = 0x11; /* no such syntax */
    if (below(m, 60) == 0)
        answer[5]++; /* answers nothing */
    e->request_len = put_s7(m, e->request, job, write ? 29 : 24);
    if (below(m, 300) == 0)
        e->request[1] = 1;
    e->reply_len = job[14] == 0x10 ? put_s7(m, e->reply, answer, write ? 15u : 18u + n) : 0;
}

static void s7_open(struct maker *m)
{
    static const uint8_t request[] = {3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2};
    static const uint8_t confirm[] = {3, 0, 0, 22, 17, 0xd0, 0, 1, 0, 7, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2};
    static const uint8_t ask[] = {3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0xff, 0xff, 0, 8, 0, 0, 0xf0, 0, 0, 4, 0, 4, 1, 0xe0};
    static const uint8_t agree[] = {3, 0, 0, 27, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0xff, 0xff, 0, 8, 0, 0, 0, 0, 0xf0, 0, 0, 4, 0, 4,
                                    0, 240};
    put(m, 0, PS_TCP_ACK | PS_TCP_PSH, request, sizeof request);
    put(m, 1, PS_TCP_ACK | PS_TCP_PSH, confirm, sizeof confirm);
    put(m, 0, PS_TCP_ACK | PS_TCP_PSH, ask, sizeof ask);
    put(m, 1, PS_TCP_ACK | PS_TCP_PSH, agree, sizeof agree);
}

/* ---- a conversation --------------------------------------------------------------------------------------------- */

static void make_round(struct maker *m, unsigned number, void (*make)(struct maker *, uint8_t, struct exchange *))
{
    uint8_t requests[EXCHANGES_MAX * REQUEST_MAX], replies[EXCHANGES_MAX * REPLY_MAX];
    uint32_t n = 1 + below(m, EXCHANGES_MAX), len = 0, reply_len = 0;
    for (uint32_t k = 0; k < n; k++) {
        struct exchange e;
        make(m, (uint8_t)(number * EXCHANGES_MAX + k), &e);
        memcpy(requests + len, e.request, e.request_len);
        memcpy(replies + reply_len, e.reply, e.reply_len);
        len += e.request_len;
        reply_len += e.reply_len;
    }
    uint32_t first = below(m, len);
    put(m, 0, PS_TCP_ACK, requests, first);
    put(m, 0, PS_TCP_ACK | PS_TCP_PSH, requests + first, len - first);
    put(m, 1, PS_TCP_ACK | PS_TCP_PSH, replies, reply_len);
}

void recut_packets_make(struct recut_packets *packets, unsigned seed)
{
    static struct maker m;
    bool s7 = seed % 2 != 0, from_the_start = seed % 3 != 0;
    *packets = (struct recut_packets){0};
    m = (struct maker){.packets = packets, .seq = {0xffffff00u, 77}, .state = seed, .port = s7 ? 102 : 502,
                       .time_ns = 1000000000};
    if (from_the_start) {
        put(&m, 0, PS_TCP_SYN, NULL, 0);
        put(&m, 1, PS_TCP_SYN | PS_TCP_ACK, NULL, 0);
    }
    if (s7 && from_the_start)
        s7_open(&m);
    for (unsigned i = 0; i < 60; i++)
        make_round(&m, i, s7 ? s7_exchange : modbus_exchange);
}
