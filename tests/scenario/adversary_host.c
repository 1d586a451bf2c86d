/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_host.c - the sending half of a small honest TCP stack: segments, windows, repeats, probes, its timers.
 *
 * As in RFC 9293 and its kin, with what plants show: Nagle's algorithm or not, what is repeated goes out in segments of
 * another size than before, window probes with one octet or with none.
 */
#include "adversary.h"

#include <string.h>

#define RTO_SYN (1000 * ADV_MS)
#define RTO_MAX (6400 * ADV_MS)
#define TRIES_MAX 12u
#define KEEPS_MAX 3u

static bool mute(const struct adv_world *world, const struct adv_host *host, int32_t bit)
{
    return host->hostile && (world->schedule->setup[ADV_MUTE] & bit);
}

void adv_host_init(struct adv_world *world, unsigned index)
{
    struct adv_host *host = &world->host[index];

    memset(host, 0, offsetof(struct adv_host, in));
    adv_receiver_init(&host->in);
    host->index = (uint8_t)index;
    host->hostile = world->schedule->setup[ADV_HOSTILE] == (int32_t)index + 1;
    host->nagle = adv_setup(world, ADV_NAGLE, index) != 0;
    host->iss = (uint32_t)adv_setup(world, ADV_ISN, index);
    host->una = host->nxt = host->max = host->iss;
    host->mss = adv_setup(world, ADV_MSS, index) ? (uint32_t)adv_setup(world, ADV_MSS, index) : 1460;
    host->buffer = adv_setup(world, ADV_WINDOW, index) ? (uint32_t)adv_setup(world, ADV_WINDOW, index) : 4096;
    host->rto = RTO_SYN;
    host->state = index == 1 ? ADV_LISTENING : ADV_CLOSED;
    for (unsigned t = 0; t < ADV_N_TIMERS; t++)
        host->timer[t] = ADV_NEVER;
}

/* The right edge never moves back. */
static uint16_t window(struct adv_host *host)
{
    uint32_t next = host->irs + 1 + host->in.next + host->fin_done;
    uint32_t edge = next + (host->buffer > host->unread ? host->buffer - host->unread : 0);

    if (host->state < ADV_SYN_GOT)
        return (uint16_t)host->buffer;
    if (host->advertised == 0 || (int32_t)(edge - host->advertised) > 0)
        host->advertised = edge;
    int32_t room = (int32_t)(host->advertised - next);
    return (uint16_t)(room > 0 ? room : 0);
}

void adv_host_emit(struct adv_world *world, struct adv_host *host, const struct adv_segment *segment)
{
    uint8_t frame[ADV_FRAME_MAX];
    struct adv_segment mine = *segment;

    mine.mss = (uint16_t)host->mss;
    if (mine.trick != ADV_TRICK_WINDOW_0 && mine.trick != ADV_TRICK_WINDOW_MAX)
        mine.window = window(host);
    unsigned name = mine.trick == ADV_TRICK_SPOOF ? !host->index : host->index;
    uint32_t len = mine.trick >= ADV_TRICK_UNREACHABLE ? adv_icmp_build(&world->net, frame, name, &mine)
                                                       : adv_build(&world->net, frame, name, &mine);
    if (mine.trick >= ADV_TRICK_FRAGMENTS && mine.trick < ADV_TRICK_UNREACHABLE)
        adv_send_cut(world, host->index == 0 ? 0 : 2, frame, len, mine.trick);
    else
        adv_send_on(world, host->index == 0 ? 0 : 2, frame, len);
}

static void send_octets(struct adv_world *world, struct adv_host *host, uint32_t seq, uint32_t len, uint8_t flags)
{
    struct adv_segment segment = {.seq = seq, .flags = flags, .len = len};

    if (len > 0)
        segment.data = world->plan.octets[host->index][ADV_PLAIN] + (seq - host->iss - 1);
    if (flags & ADV_ACK) {
        segment.ack = host->irs + 1 + host->in.next + host->fin_done;
        host->timer[ADV_T_DELACK] = ADV_NEVER;
        host->lone = 0;
    }
    adv_host_emit(world, host, &segment);
}

void adv_host_acknowledge(struct adv_world *world, struct adv_host *host)
{
    if (!mute(world, host, 2))
        send_octets(world, host, host->max, 0, ADV_ACK);
}

static void start_timer(struct adv_world *world, struct adv_host *host)
{
    host->timer[ADV_T_REPEAT] = world->now + host->rto;
}

bool adv_host_is_free(const struct adv_host *host)
{
    return host->state == ADV_DEAD || (host->state == ADV_ESTABLISHED && adv_host_closed(host));
}

void adv_host_again(struct adv_world *world, struct adv_host *host)
{
    uint32_t lives = host->lives + 1, last = host->max;
    int32_t behind = world->schedule->setup[ADV_AGAIN];

    if (host->index == 0)
        world->arrived = world->order;
    adv_forget_older(world, host->index); /* what was sent long ago has died on the way: nobody waits two minutes here */
    adv_host_init(world, host->index);
    host->lives = lives;
    host->iss = behind ? last + (uint32_t)behind : host->iss + lives * 70001;
    host->una = host->nxt = host->max = host->iss;
}

void adv_host_open(struct adv_world *world, struct adv_host *host)
{
    if (adv_host_is_free(host))
        adv_host_again(world, host);
    if (host->state != ADV_CLOSED)
        return;
    host->state = ADV_SYN_SENT;
    host->nxt = host->max = host->iss + 1;
    send_octets(world, host, host->iss, 0, ADV_SYN);
    start_timer(world, host);
}

/* How many octets may leave at nxt; UINT32_MAX: wait. What was sent before may come back in other pieces, but with no
 * more than was sent. */
static uint32_t piece(const struct adv_host *host, uint32_t end)
{
    bool again = (int32_t)(host->nxt - host->max) < 0;
    uint32_t last = again && (int32_t)(host->max - end) < 0 ? host->max : end;
    int32_t waiting = (int32_t)(last - host->nxt), room = (int32_t)(host->edge - host->nxt);
    int32_t len = waiting < (int32_t)host->mss ? waiting : (int32_t)host->mss;

    if (len <= 0)
        return 0;
    if (len > room) {
        len = room;
        if (len <= 0 || (!again && len < (int32_t)host->mss && (uint32_t)len < host->widest / 2))
            return UINT32_MAX;
    }
    if (host->nagle && !again && len < (int32_t)host->mss && host->nxt != host->una)
        return UINT32_MAX;
    return (uint32_t)len;
}

void adv_host_output(struct adv_world *world, struct adv_host *host)
{
    uint32_t end = host->iss + 1 + host->written;

    if (host->state != ADV_ESTABLISHED)
        return;
    while ((int32_t)(host->nxt - end) <= 0) {
        uint32_t len = piece(host, end);
        bool fin = len != UINT32_MAX && host->fin_wanted && host->nxt + len == end;
        if (len == UINT32_MAX || (len == 0 && !fin))
            break;
        send_octets(world, host, host->nxt, len, (uint8_t)(ADV_ACK | (len ? ADV_PSH : 0) | (fin ? ADV_FIN : 0)));
        host->nxt += len + fin;
        if ((int32_t)(host->nxt - host->max) > 0)
            host->max = host->nxt;
        if (host->timer[ADV_T_REPEAT] == ADV_NEVER)
            start_timer(world, host);
    }
    bool shut = host->nxt == host->una && (int32_t)(end - host->nxt) > 0;
    if (shut && host->timer[ADV_T_PERSIST] == ADV_NEVER && host->timer[ADV_T_REPEAT] == ADV_NEVER)
        host->timer[ADV_T_PERSIST] = world->now + host->rto;
    else if (!shut)
        host->timer[ADV_T_PERSIST] = ADV_NEVER;
}

void adv_host_write(struct adv_world *world, struct adv_host *host, uint32_t len)
{
    uint32_t left = world->plan.len[host->index] - host->wanted;

    if (host->fin_wanted)
        return;
    host->wanted += len < left ? len : left;
    adv_host_go_on(world, host);
}

/* Where a client has to wait for replies before it may ask more: UINT32_MAX where it has not. */
static uint32_t turn(const struct adv_world *world, const struct adv_host *host)
{
    const struct adv_plan *plan = &world->plan;
    uint32_t n = 0, len;

    if (host->index == 1)
        return UINT32_MAX;
    for (uint32_t at = 0; at < host->in.app_len; at += len, n++) {
        len = world->protocol->pdu_len(host->in.app + at, host->in.app_len - at);
        if (len == 0 || len > host->in.app_len - at)
            break;
    }
    n += world->protocol->may_wait(n);
    return n < plan->n_pdus ? plan->end[n - 1] : UINT32_MAX;
}

void adv_host_go_on(struct adv_world *world, struct adv_host *host)
{
    uint32_t most = turn(world, host), next = host->wanted < most ? host->wanted : most;

    if (next > host->written)
        host->written = next;
    adv_host_output(world, host);
}

void adv_host_close(struct adv_world *world, struct adv_host *host)
{
    host->close_wanted = true;
    host->fin_wanted = host->written >= host->wanted;
    adv_host_output(world, host);
}

void adv_host_stall(struct adv_world *world, struct adv_host *host, bool on)
{
    bool shut = host->unread > 0;

    host->stalled = on;
    if (on || !shut)
        return;
    adv_host_app(world, host);
    if (host->state == ADV_ESTABLISHED)
        adv_host_acknowledge(world, host); /* the window is open again */
}

bool adv_host_closed(const struct adv_host *host)
{
    return host->fin_done && host->fin_wanted && host->una == host->iss + 2 + host->written;
}

static void die(struct adv_host *host)
{
    host->state = ADV_DEAD;
    for (unsigned t = 0; t < ADV_N_TIMERS; t++)
        host->timer[t] = ADV_NEVER;
}

static void repeat(struct adv_world *world, struct adv_host *host)
{
    if (++host->tries > TRIES_MAX || mute(world, host, 1)) {
        if (!host->hostile)
            die(host);
        return;
    }
    host->rto = host->rto * 2 < RTO_MAX ? host->rto * 2 : RTO_MAX;
    start_timer(world, host);
    if (host->state == ADV_SYN_SENT) {
        send_octets(world, host, host->iss, 0, ADV_SYN);
    } else if (host->state == ADV_SYN_GOT) {
        send_octets(world, host, host->iss, 0, ADV_SYN | ADV_ACK);
    } else if ((int32_t)(host->edge - host->una) <= 0 && (int32_t)(host->iss + 1 + host->written - host->una) > 0) {
        send_octets(world, host, host->una, 1, ADV_ACK); /* the window has been shut since */
    } else {
        host->nxt = host->una;
        adv_host_output(world, host);
    }
}

/* Nothing is on its way and the window does not let the next octet pass. */
static void persist(struct adv_world *world, struct adv_host *host)
{
    host->rto = host->rto * 2 < RTO_MAX ? host->rto * 2 : RTO_MAX;
    if ((int32_t)(host->edge - host->nxt) > 0) { /* little room is better than none */
        uint32_t room = host->edge - host->nxt, end = host->iss + 1 + host->written;
        uint32_t len = room < end - host->nxt ? room : end - host->nxt;
        send_octets(world, host, host->nxt, len < host->mss ? len : host->mss, ADV_ACK | ADV_PSH);
        host->nxt += len < host->mss ? len : host->mss;
        host->max = (int32_t)(host->nxt - host->max) > 0 ? host->nxt : host->max;
        start_timer(world, host);
        return;
    }
    host->timer[ADV_T_PERSIST] = world->now + host->rto;
    if (adv_setup(world, ADV_PROBE, host->index)) {
        send_octets(world, host, host->nxt, 1, ADV_ACK);
        host->max = (int32_t)(host->nxt + 1 - host->max) > 0 ? host->nxt + 1 : host->max;
    } else {
        send_octets(world, host, host->una - 1, 0, ADV_ACK);
    }
}

/* A probe of the octet before the next one; what is in it counts for nothing. */
static void keep_alive(struct adv_world *world, struct adv_host *host)
{
    static const uint8_t garbage[1] = {0xa5};
    struct adv_segment probe = {.seq = host->max - 1, .flags = ADV_ACK, .data = garbage,
                                .ack = host->irs + 1 + host->in.next + host->fin_done};

    if (++host->keeps <= KEEPS_MAX)
        host->timer[ADV_T_KEEP] = world->now + (uint64_t)adv_setup(world, ADV_KEEP, host->index) * ADV_MS;
    if (host->una != host->max || host->fin_wanted)
        return;
    probe.len = adv_setup(world, ADV_PROBE, host->index) ? 1 : 0;
    adv_host_emit(world, host, &probe);
}

/* The server has thought about the requests that are there. */
static void reply(struct adv_world *world, struct adv_host *host)
{
    uint32_t n = 0;

    while (n < world->plan.n_allowed && world->plan.got[n] <= host->in.app_len)
        n++;
    if (n > 0 && world->plan.replied[n - 1] > host->wanted)
        adv_host_write(world, host, world->plan.replied[n - 1] - host->wanted);
    if (host->fin_done && !host->fin_wanted && n >= world->plan.n_allowed)
        adv_host_close(world, host);
    else if (host->fin_done && !host->fin_wanted && host->in.next == host->in.app_len &&
             (n == 0 || world->plan.got[n - 1] == host->in.app_len))
        adv_host_close(world, host);
}

void adv_host_timers(struct adv_world *world, struct adv_host *host)
{
    static void (*const actions[ADV_N_TIMERS])(struct adv_world *, struct adv_host *) = {
        [ADV_T_REPEAT] = repeat,  [ADV_T_PERSIST] = persist, [ADV_T_DELACK] = adv_host_acknowledge,
        [ADV_T_KEEP] = keep_alive, [ADV_T_THINK] = reply,
    };

    for (unsigned t = 0; t < ADV_N_TIMERS; t++) {
        if (host->timer[t] > world->now)
            continue;
        host->timer[t] = ADV_NEVER;
        actions[t](world, host);
    }
}

void adv_host_app(struct adv_world *world, struct adv_host *host)
{
    struct adv_receiver *in = &host->in;

    if (host->stalled)
        return;
    if (host->unread > 0 && in->n_reads < sizeof in->reads / sizeof *in->reads)
        in->reads[in->n_reads++] = in->app_len;
    host->unread = 0;
    if (host->index == 1)
        host->timer[ADV_T_THINK] = world->now + (uint64_t)world->schedule->setup[ADV_THINK] * ADV_MS;
    else if (host->fin_done && !host->fin_wanted)
        host->fin_wanted = true; /* whatever it still wanted to say */
    if (host->index == 0 && host->wanted > host->written)
        adv_host_go_on(world, host);
    if (host->index == 0 && host->close_wanted && !host->fin_wanted)
        adv_host_close(world, host);
    else if (host->index == 0 && host->fin_wanted)
        adv_host_output(world, host);
}
