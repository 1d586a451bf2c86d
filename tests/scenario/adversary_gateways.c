/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_gateways.c - three small gateways that show what the adversary finds, and what it does not.
 *
 * The wire passes everything, the wall nothing. The eager one does what many firewalls do: it keeps the first copy of each
 * octet, judges those in order, drops what an end could ignore, and passes the rest as it comes, in order or not.
 */
#include "adversary.h"

#include <stdlib.h>
#include <string.h>

struct toy_dir {
    uint8_t octets[ADV_STREAM_MAX];
    bool have[ADV_STREAM_MAX];
    uint32_t isn, judged;
    uint32_t end, edge; /* of what was said; of the receiver's window */
    bool opened;
};

struct toy {
    struct adv_world *world;
    struct toy_dir dir[2];
    bool passes, eager, refused;
};

static struct toy toys[3] = {{.passes = true}, {.passes = false}, {.passes = true, .eager = true}};

static bool start(struct adv_gateway *gateway, struct adv_world *world)
{
    struct toy *toy = gateway->own;

    toy->world = world;
    toy->refused = false;
    for (unsigned d = 0; d < 2; d++) {
        memset(toy->dir[d].have, 0, sizeof toy->dir[d].have);
        toy->dir[d].judged = toy->dir[d].isn = toy->dir[d].end = toy->dir[d].edge = 0;
        toy->dir[d].opened = false;
    }
    return true;
}

static void stop(struct adv_gateway *gateway)
{
    (void)gateway;
}

/* Replies are taken as they are. */
static void judge(struct toy *toy, unsigned from)
{
    struct toy_dir *dir = &toy->dir[from];
    uint32_t end = dir->judged;

    while (end < ADV_STREAM_MAX && dir->have[end])
        end++;
    while (end > dir->judged && !toy->refused) {
        const uint8_t *pdu = dir->octets + dir->judged;
        uint32_t len = toy->world->protocol->pdu_len(pdu, end - dir->judged);
        if (len == 0 || len > end - dir->judged)
            break;
        bool allowed = from == 1 || toy->world->protocol->allowed(pdu, len);
        adv_judged(toy->world, from, pdu, len, allowed);
        toy->refused = !allowed;
        dir->judged += len;
    }
}

static void take(struct toy *toy, unsigned from, const struct adv_segment *segment)
{
    struct toy_dir *dir = &toy->dir[from];

    if (segment->flags & ADV_SYN) {
        dir->isn = segment->seq;
        dir->end = segment->seq + 1;
        dir->opened = true;
    }
    if ((int32_t)(segment->seq + segment->len - dir->end) > 0)
        dir->end = segment->seq + segment->len;
    toy->dir[!from].edge = segment->ack + segment->window;
    uint32_t off = segment->seq - dir->isn - 1;
    for (uint32_t i = 0; dir->opened && i < segment->len; i++) {
        uint32_t at = off + i;
        if (at >= ADV_STREAM_MAX)
            continue;
        if (!dir->have[at])
            dir->octets[at] = segment->data[i];
        dir->have[at] = true;
    }
    judge(toy, from);
}

/* What an end could ignore that the gateway has read. */
static bool is_doubtful(const struct toy *toy, unsigned from, const struct adv_segment *segment)
{
    const struct toy_dir *dir = &toy->dir[from], *peer = &toy->dir[!from];
    int32_t acked = (int32_t)(segment->ack - peer->end);

    if (segment->flags & (ADV_SYN | ADV_RST))
        return segment->len > 0 || dir->opened;
    bool before = !peer->opened || (int32_t)(segment->ack - peer->isn - 1) < 0;
    if (segment->foreign || segment->astray || segment->hops <= 1 || before)
        return true;
    return (segment->flags & ~ADV_PSH & ~ADV_FIN) != ADV_ACK || segment->options_len > 0 || acked > 0 || acked < -4096 ||
           (int32_t)(segment->seq + segment->len - dir->edge) > 0;
}

static void burst(struct adv_gateway *gateway, const struct ps_packet *packets, uint32_t n, struct ps_decision *out)
{
    struct toy *toy = gateway->own;
    struct adv_segment segment;

    for (uint32_t i = 0; i < n; i++) {
        bool fine = adv_parse(&toy->world->net, packets[i].data, packets[i].len, !packets[i].port, &segment) && segment.sound;
        fine = fine && !(toy->eager && is_doubtful(toy, packets[i].port, &segment));
        if (fine) {
            take(toy, packets[i].port, &segment);
            fine = !toy->refused;
        }
        out[i].verdict = toy->passes && (fine || !toy->eager) ? PS_VERDICT_PASS : PS_VERDICT_DROP;
    }
}

static uint32_t sends(struct adv_gateway *gateway, const struct ps_send **list)
{
    (void)gateway;
    *list = NULL;
    return 0;
}

static bool tick(struct adv_gateway *gateway, uint64_t now_ns)
{
    (void)gateway;
    (void)now_ns;
    return false;
}

static uint64_t next_tick(struct adv_gateway *gateway)
{
    (void)gateway;
    return ADV_NEVER;
}

#define TOY(what, index)                                                                                               \
    {                                                                                                                  \
        .name = what, .start = start, .stop = stop, .burst = burst, .sends = sends, .tick = tick,                      \
        .next_tick = next_tick, .checks = UINT32_MAX, .own = &toys[index]                                              \
    }

struct adv_gateway adv_gateway_wire = TOY("wire", 0);
struct adv_gateway adv_gateway_wall = TOY("wall", 1);
struct adv_gateway adv_gateway_eager = TOY("eager", 2);
