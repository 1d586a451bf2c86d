/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_input.c - the receiving half of the hosts' stack: RFC 9293 and RFC 5961, with the laxities that the setup
 * gives to a host.
 */
#include "adversary.h"

#define RTO_FIRST (200 * ADV_MS)
#define DUPLICATES 3u

static bool lax(const struct adv_world *world, const struct adv_host *host, int32_t bit)
{
    return (adv_setup(world, ADV_LAX, host->index) & bit) != 0;
}

static void establish(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    host->state = ADV_ESTABLISHED;
    host->una = host->nxt = host->max = host->iss + 1;
    host->edge = segment->ack + segment->window;
    host->widest = segment->window;
    host->wl_seq = segment->seq;
    host->wl_ack = segment->ack;
    host->tries = 0;
    host->rto = RTO_FIRST;
    host->timer[ADV_T_REPEAT] = ADV_NEVER;
    if (adv_setup(world, ADV_KEEP, host->index))
        host->timer[ADV_T_KEEP] = world->now + (uint64_t)adv_setup(world, ADV_KEEP, host->index) * ADV_MS;
}

static void answer_reset(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    struct adv_segment reset = {.seq = segment->ack, .flags = ADV_RST};

    if (!host->hostile && (segment->flags & (ADV_RST | ADV_ACK)) == ADV_ACK)
        adv_host_emit(world, host, &reset);
}

static void die(struct adv_host *host)
{
    if (adv_host_closed(host))
        return; /* nobody is there any more */
    host->state = ADV_DEAD;
    host->reset_seen = true;
    for (unsigned t = 0; t < ADV_N_TIMERS; t++)
        host->timer[t] = ADV_NEVER;
}

static void take_mss(struct adv_host *host, const struct adv_segment *segment)
{
    if (segment->mss >= 16 && segment->mss < host->mss)
        host->mss = segment->mss;
}

static void opened_by(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    struct adv_segment reply = {.seq = host->iss, .ack = segment->seq + 1, .flags = ADV_SYN | ADV_ACK};

    take_mss(host, segment);
    host->state = ADV_SYN_GOT;
    host->irs = segment->seq;
    host->nxt = host->max = host->iss + 1;
    adv_receiver_init(&host->in);
    host->advertised = 0;
    if (segment->len > 0 && lax(world, host, ADV_LAX_SYN_DATA))
        host->unread += adv_receiver_take(&host->in, (uint8_t)adv_setup(world, ADV_POLICY, host->index), 0, segment);
    host->timer[ADV_T_REPEAT] = world->now + host->rto;
    adv_host_emit(world, host, &reply);
}

static void while_opening(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    bool fits = (segment->flags & ADV_ACK) && segment->ack == host->iss + 1;

    if (segment->flags & ADV_RST) {
        if (fits)
            die(host);
        return;
    }
    if ((segment->flags & ADV_ACK) && !fits) {
        answer_reset(world, host, segment);
        return;
    }
    if (!(segment->flags & ADV_SYN))
        return;
    if (!fits) {
        opened_by(world, host, segment); /* both open at once, or a split handshake */
        return;
    }
    host->irs = segment->seq;
    host->advertised = host->irs + 1 + host->buffer; /* as its SYN said, whatever it says from here on */
    take_mss(host, segment);
    establish(world, host, segment);
    if (segment->len > 0 && lax(world, host, ADV_LAX_SYN_DATA))
        host->unread += adv_receiver_take(&host->in, (uint8_t)adv_setup(world, ADV_POLICY, host->index), 0, segment);
    adv_host_acknowledge(world, host);
    adv_host_output(world, host);
}

/* Is any of it inside the window, or where it should be? */
static bool is_acceptable(const struct adv_world *world, const struct adv_host *host, const struct adv_segment *segment)
{
    uint32_t next = host->irs + 1 + host->in.next + host->fin_done;
    int32_t from = (int32_t)(segment->seq - next), to = from + (int32_t)segment->len;
    int32_t room = (int32_t)(host->advertised - next);

    if (lax(world, host, ADV_LAX_WINDOW))
        room += 2000;
    if (segment->len == 0)
        return from >= 0 && (room > 0 ? from < room : from == 0);
    return room > 0 && to > 0 && from < room;
}

/* Not more than two a second when it is about no data, as Linux does: two ends that do not agree would go on for ever. */
static void challenge(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    if (segment->len == 0 && host->challenged != 0 && world->now - host->challenged < 500 * ADV_MS)
        return;
    if (segment->len == 0)
        host->challenged = world->now;
    adv_host_acknowledge(world, host);
}

/* True: the rest of the segment counts too. */
static bool take_ack(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    int32_t news = (int32_t)(segment->ack - host->una);

    if (host->hostile && (int32_t)(segment->ack - host->max) > 0 && news < 4096) { /* made by hand */
        host->max = host->nxt = segment->ack;
        if (segment->ack - host->iss - 1 > host->written)
            host->written = segment->ack - host->iss - 1;
        host->wanted = host->wanted < host->written ? host->written : host->wanted;
    }
    if ((int32_t)(segment->ack - host->max) > 0 || news < -65536) {
        challenge(world, host, segment);
        return lax(world, host, ADV_LAX_ACK);
    }
    if (news > 0) {
        host->una = segment->ack;
        if ((int32_t)(host->nxt - host->una) < 0)
            host->nxt = host->una;
        host->tries = host->repeats = 0;
        host->rto = RTO_FIRST;
        host->timer[ADV_T_REPEAT] = host->una == host->max ? ADV_NEVER : world->now + host->rto;
    }
    bool fresh = (int32_t)(segment->seq - host->wl_seq) > 0 ||
                 (segment->seq == host->wl_seq && (int32_t)(segment->ack - host->wl_ack) >= 0);
    bool same = host->edge == segment->ack + segment->window;
    if (news >= 0 && fresh) {
        host->edge = segment->ack + segment->window;
        host->widest = segment->window > host->widest ? segment->window : host->widest;
        host->wl_seq = segment->seq;
        host->wl_ack = segment->ack;
    }
    if (news == 0 && segment->len == 0 && same && host->una != host->max && ++host->repeats == DUPLICATES) {
        host->nxt = host->una;
        host->timer[ADV_T_REPEAT] = world->now + host->rto;
    }
    return true;
}

static void take_fin(struct adv_host *host, const struct adv_segment *segment, uint32_t off)
{
    if ((segment->flags & ADV_FIN) && off + segment->len >= host->in.next && host->in.fin == UINT32_MAX)
        host->in.fin = off + segment->len;
}

static void take_urgent(const struct adv_world *world, struct adv_host *host, const struct adv_segment *segment,
                        uint32_t off)
{
    if (!(segment->flags & ADV_URG) || !lax(world, host, ADV_LAX_URGENT | ADV_LAX_URGENT_AT))
        return;
    host->in.cut = off + segment->urgent - (lax(world, host, ADV_LAX_URGENT) ? 1 : 0);
}

static void take_data(struct adv_world *world, struct adv_host *host, struct adv_segment *segment)
{
    uint32_t off = segment->seq - host->irs - 1, room = host->advertised - host->irs - 1;
    uint8_t policy = (uint8_t)adv_setup(world, ADV_POLICY, host->index);
    uint32_t next = host->in.next;

    if ((int32_t)off < 0) { /* the number before the first octet */
        uint32_t skip = 0 - off;
        if (skip >= segment->len)
            return;
        segment->data += skip;
        segment->len -= skip;
        off = 0;
    }
    if (!lax(world, host, ADV_LAX_WINDOW) && off + segment->len > room)
        segment->len = room > off ? room - off : 0;
    if (host->in.fin != UINT32_MAX && !lax(world, host, ADV_LAX_AFTER_FIN) && off + segment->len > host->in.fin)
        segment->len = host->in.fin > off ? host->in.fin - off : 0;
    take_fin(host, segment, off);
    take_urgent(world, host, segment, off);
    uint32_t got = adv_receiver_take(&host->in, policy, off, segment);
    host->unread += got;
    host->fin_done = host->fin_done || host->in.next == host->in.fin;
    if (got > 0 || host->fin_done)
        adv_host_app(world, host);
    host->lone += got > 0;
    bool wait = adv_setup(world, ADV_DELACK, host->index) > 0 && got > 0 && off == next && host->lone < 2 && !host->fin_done;
    if (host->timer[ADV_T_DELACK] == ADV_NEVER && wait)
        host->timer[ADV_T_DELACK] = world->now + (uint64_t)adv_setup(world, ADV_DELACK, host->index) * ADV_MS;
    else if (!wait)
        adv_host_acknowledge(world, host);
}

static void while_open(struct adv_world *world, struct adv_host *host, struct adv_segment *segment)
{
    uint32_t next = host->irs + 1 + host->in.next + host->fin_done;
    bool acceptable = is_acceptable(world, host, segment);

    if (segment->flags & ADV_RST) {
        if (segment->seq == next)
            die(host);
        else if (acceptable)
            challenge(world, host, segment);
        return;
    }
    if (segment->flags & ADV_SYN) {
        if (host->state == ADV_SYN_GOT && !(segment->flags & ADV_ACK) &&
            (segment->seq == host->irs || lax(world, host, ADV_LAX_SYN_LAST)))
            opened_by(world, host, segment);
        else
            challenge(world, host, segment);
        return;
    }
    if (!acceptable && (segment->len > 0 || segment->seq != next)) {
        if ((segment->flags & ADV_ACK) && host->state == ADV_ESTABLISHED &&
            (int32_t)(segment->ack - host->max) <= 0 && (int32_t)(segment->seq - next) <= 0)
            take_ack(world, host, segment);
        challenge(world, host, segment);
        adv_host_output(world, host);
        return;
    }
    if (!(segment->flags & ADV_ACK) && !lax(world, host, ADV_LAX_ACK))
        return;
    if (host->state == ADV_SYN_GOT) {
        if (segment->ack == host->iss + 1) {
            establish(world, host, segment);
        } else if (!lax(world, host, ADV_LAX_ACK)) {
            answer_reset(world, host, segment);
            return;
        }
    }
    if (host->state == ADV_ESTABLISHED && (segment->flags & ADV_ACK) && !take_ack(world, host, segment))
        return;
    if (segment->len > 0 || (segment->flags & ADV_FIN))
        take_data(world, host, segment);
    adv_host_output(world, host);
}

/* RFC 5927: about what is in flight; soft, but for the size of segments. */
static void take_icmp(struct adv_host *host, const struct adv_icmp *icmp)
{
    bool mine = (int32_t)(icmp->seq - host->una) >= 0 && (int32_t)(icmp->seq - host->max) < 0;

    if (mine && icmp->too_big && host->state == ADV_ESTABLISHED && icmp->mtu >= 88 && icmp->mtu - 40 < host->mss)
        host->mss = icmp->mtu - 40;
}

void adv_host_input(struct adv_world *world, struct adv_host *host, const uint8_t *frame, uint32_t len)
{
    struct adv_segment segment;

    struct adv_icmp icmp;

    if (adv_icmp_parse(&world->net, frame, len, host->index, &icmp))
        take_icmp(host, &icmp);
    if (!adv_parse(&world->net, frame, len, host->index, &segment) || (!segment.sound && !lax(world, host, ADV_LAX_CHECKSUM)) ||
        segment.foreign || segment.astray || (segment.hops <= 1 && lax(world, host, ADV_LAX_ROUTED)))
        return;
    if (adv_setup(world, ADV_KEEP, host->index) && host->state == ADV_ESTABLISHED && segment.len > 0)
        host->timer[ADV_T_KEEP] = world->now + (uint64_t)adv_setup(world, ADV_KEEP, host->index) * ADV_MS;
    if (host->index == 1 && adv_host_is_free(host) && (segment.flags & (ADV_SYN | ADV_ACK | ADV_RST)) == ADV_SYN &&
        segment.seq != host->irs)
        adv_host_again(world, host);
    switch ((enum adv_state)host->state) {
    case ADV_CLOSED:
    case ADV_DEAD:
        answer_reset(world, host, &segment);
        break;
    case ADV_LISTENING:
        if ((segment.flags & (ADV_SYN | ADV_ACK | ADV_RST)) == ADV_SYN)
            opened_by(world, host, &segment);
        break;
    case ADV_SYN_SENT:
        while_opening(world, host, &segment);
        break;
    case ADV_SYN_GOT:
    case ADV_ESTABLISHED:
        while_open(world, host, &segment);
        break;
    }
}
