/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_world.c - the clock, the network and the order in which things happen.
 */
#include "adversary.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define START_NS (UINT64_C(1700000000) * 1000000000)
#define END_HONEST (40000 * ADV_MS) /* after the last step; every exchange is over long before */
#define END_HOSTILE (12000 * ADV_MS)
#define PACKETS_MAX 5000u
#define TICKS_MAX 64u

const char *const adv_violation_names[ADV_N_VIOLATIONS] = {
    [ADV_NO_VIOLATION] = "none",     [ADV_V_APP] = "app",           [ADV_V_DIFFERS] = "differs",
    [ADV_V_DENIED] = "denied",
    [ADV_V_UNJUDGED] = "unjudged",   [ADV_V_ORDER] = "order",       [ADV_V_WINDOW] = "window",
    [ADV_V_FRAME] = "frame",         [ADV_V_PARTIAL] = "partial",   [ADV_V_INCOMPLETE] = "incomplete",
    [ADV_V_NOT_RESET] = "not-reset", [ADV_V_GATEWAY] = "gateway",   [ADV_V_ENDLESS] = "endless",
};

int32_t adv_setup(const struct adv_world *world, unsigned key, unsigned host)
{
    return world->schedule->setup[key + host];
}

void adv_violate(struct adv_world *world, enum adv_violation what, const char *format, ...)
{
    va_list list;

    if (world->violation != ADV_NO_VIOLATION || !(world->gateway->checks & 1u << what))
        return;
    world->violation = what;
    va_start(list, format);
    vsnprintf(world->text, sizeof world->text, format, list);
    va_end(list);
}

/* ---- network --------------------------------------------------------------------------------------------------- */

static void trace(const struct adv_world *world, const char *where, unsigned host, const uint8_t *frame, uint32_t len)
{
    struct adv_segment s;
    struct adv_icmp icmp;

    if (!world->trace)
        return;
    double ms = (double)(world->now - START_NS) / 1e6;
    if (adv_icmp_parse(&world->net, frame, len, host, &icmp)) {
        printf("%10.3f %s host %u: ICMP about %u (%d), MTU %u\n", ms, where, host, icmp.seq,
               (int)(icmp.seq - world->host[host].iss - 1), icmp.mtu);
        return;
    }
    if (!adv_parse(&world->net, frame, len, host, &s)) {
        printf("%10.3f %s host %u: %u octets that are no segment\n", ms, where, host, len);
        return;
    }
    printf("%10.3f %s host %u: %s%s%s%s%s%s seq %u (%d) ack %u (%d) win %u len %u%s\n",
           ms, where, host, s.flags & ADV_SYN ? "S" : "", s.flags & ADV_FIN ? "F" : "",
           s.flags & ADV_RST ? "R" : "", s.flags & ADV_PSH ? "P" : "", s.flags & ADV_ACK ? "A" : "",
           s.flags & ADV_URG ? "U" : "", s.seq, (int)(s.seq - world->host[!host].iss - 1), s.ack,
           (int)(s.ack - world->host[host].iss - 1), s.window, s.len, s.foreign ? " (other VLAN)" : s.sound ? "" : " (unsound)");
}

static void put_in_flight(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len, uint32_t late_ms)
{
    if (world->n_flight == ADV_FLIGHT_MAX || len > ADV_FRAME_MAX) {
        world->n_overflow++;
        return;
    }
    struct adv_flight *flight = &world->flight[world->n_flight++];
    flight->at = world->now + ((uint64_t)world->schedule->setup[ADV_DELAY] + late_ms) * ADV_MS + ADV_MS / 20;
    flight->order = world->order++;
    flight->link = link;
    flight->len = len;
    memcpy(flight->data, frame, len);
}

/* The fault that this packet of the link meets, taken off the list; NULL: none. */
static bool meet_fault(struct adv_world *world, uint8_t link, struct adv_fault *fault)
{
    bool met = false;

    for (uint32_t i = 0; i < world->n_faults;) {
        struct adv_fault *f = &world->faults[i];
        if (f->link == link && f->nth == 0 && !met) {
            *fault = *f;
            met = true;
            *f = world->faults[--world->n_faults];
            continue;
        }
        f->nth -= f->link == link && f->nth > 0;
        i++;
    }
    return met;
}

/* What a packet says of the window can be read in none of its fragments. */
static void told_in_parts(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len)
{
    if (world->schedule->setup[ADV_FRAGMENTS])
        adv_check_entering(world, link == 0 ? 0 : 1, frame, len);
}

/* A router cuts it in two, for a network that it is too long for. */
static void cut(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len, uint32_t late_ms)
{
    uint8_t out[ADV_FRAME_MAX];
    struct adv_cut cuts[4];
    uint32_t n = adv_cuts(ADV_TRICK_FRAGMENTS, adv_payload_len(frame, len), cuts);

    told_in_parts(world, link, frame, len);
    for (uint32_t i = 0; i < n; i++) {
        cuts[i].id = (uint16_t)world->packets; /* each packet of its own */
        put_in_flight(world, link, out, adv_fragment(frame, len, &cuts[i], out), i > 0 ? late_ms : 0);
    }
}

void adv_send_cut(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len, uint8_t trick)
{
    uint8_t out[ADV_FRAME_MAX];
    struct adv_cut cuts[4];
    uint32_t n = adv_cuts(trick, adv_payload_len(frame, len), cuts);

    told_in_parts(world, link, frame, len);
    for (uint32_t i = 0; i < n; i++)
        adv_send_on(world, link, out, adv_fragment(frame, len, &cuts[i], out));
}

void adv_send_on(struct adv_world *world, uint8_t link, const uint8_t *frame, uint32_t len)
{
    struct adv_fault fault = {0, 0, 0, 0};

    if (++world->packets > PACKETS_MAX)
        adv_violate(world, ADV_V_ENDLESS, "more than %u packets", PACKETS_MAX);
    if (!meet_fault(world, link, &fault)) {
        put_in_flight(world, link, frame, len, 0);
        return;
    }
    world->n_faults_met++;
    /* Behind the gateway nobody but the checksum protects from the network. */
    bool credulous = link % 2 == 1 && (adv_setup(world, ADV_LAX, link == 1) & ADV_LAX_CHECKSUM);
    if (fault.what == ADV_LOSE || (fault.what == ADV_CORRUPT && credulous))
        return;
    if (fault.what == ADV_CUT && link % 2 == 0 && adv_payload_len(frame, len) > 72) {
        cut(world, link, frame, len, fault.ms);
        return;
    }
    put_in_flight(world, link, frame, len, fault.what == ADV_LATE && !world->prompt ? fault.ms : 0);
    if (fault.what == ADV_REPEAT && !world->prompt)
        put_in_flight(world, link, frame, len, fault.ms);
    if (fault.what == ADV_CORRUPT && world->n_flight > 0)
        world->flight[world->n_flight - 1].data[len - 1] ^= 0x10;
}

/* ---- gateway --------------------------------------------------------------------------------------------------- */

static void leave(struct adv_world *world, unsigned port, const uint8_t *frame, uint32_t len)
{
    trace(world, port == 0 ? "  <=" : "  =>", port, frame, len);
    adv_check_leaving(world, port, frame, len);
    adv_send_on(world, port == 0 ? 3 : 1, frame, len);
}

static void leave_own(struct adv_world *world, const struct ps_send *sends, uint32_t n, uint16_t after)
{
    for (uint32_t i = 0; i < n; i++)
        if (sends[i].after == after)
            leave(world, sends[i].port, sends[i].data, sends[i].len);
}

static void check_gateway(struct adv_world *world)
{
    const char *wrong = world->gateway->check ? world->gateway->check(world->gateway) : NULL;

    if (wrong)
        adv_violate(world, ADV_V_GATEWAY, "%s", wrong);
}

static void through_gateway(struct adv_world *world, const struct ps_packet *packets, uint32_t n)
{
    struct ps_decision out[PS_BURST_MAX];
    const struct ps_send *sends = NULL;

    memset(out, 0, sizeof out);
    for (uint32_t i = 0; i < n; i++) {
        trace(world, packets[i].port == 0 ? "->" : "<-", !packets[i].port, packets[i].data, packets[i].len);
        adv_check_entering(world, packets[i].port, packets[i].data, packets[i].len);
    }
    world->gateway->burst(world->gateway, packets, n, out);
    uint32_t n_sends = world->gateway->sends(world->gateway, &sends);
    leave_own(world, sends, n_sends, PS_SEND_FIRST);
    for (uint32_t i = 0; i < n; i++) {
        if (world->trace && out[i].reason != PS_REASON_NONE)
            printf("              refused: %s\n", ps_reason_info(out[i].reason)->name);
        if (out[i].verdict == PS_VERDICT_PASS)
            leave(world, !packets[i].port, packets[i].data, packets[i].len);
        leave_own(world, sends, n_sends, (uint16_t)i);
    }
    check_gateway(world);
}

static void tick_gateway(struct adv_world *world)
{
    const struct ps_send *sends = NULL;
    bool more = true;

    for (uint32_t i = 0; more && i < TICKS_MAX; i++) {
        more = world->gateway->tick(world->gateway, world->now);
        uint32_t n = world->gateway->sends(world->gateway, &sends);
        for (uint32_t k = 0; k < n; k++)
            leave(world, sends[k].port, sends[k].data, sends[k].len);
    }
    if (more)
        adv_violate(world, ADV_V_ENDLESS, "ticks without end");
    check_gateway(world);
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

static uint64_t next_host_timer(const struct adv_world *world, bool keep)
{
    uint64_t next = ADV_NEVER;

    for (unsigned h = 0; h < 2; h++)
        for (unsigned t = 0; t < ADV_N_TIMERS; t++)
            if ((keep || t != ADV_T_KEEP) && world->host[h].timer[t] < next)
                next = world->host[h].timer[t];
    return next;
}

static uint64_t next_flight(const struct adv_world *world)
{
    uint64_t next = ADV_NEVER;

    for (uint32_t i = 0; i < world->n_flight; i++)
        if (world->flight[i].at < next)
            next = world->flight[i].at;
    return next;
}

/* The earliest sent of those that arrive now; false: none. */
static bool take_arrival(struct adv_world *world, bool at_gateway, struct adv_flight *out)
{
    uint32_t best = ADV_FLIGHT_MAX;

    for (uint32_t i = 0; i < world->n_flight; i++) {
        const struct adv_flight *f = &world->flight[i];
        if (f->at <= world->now && (f->link % 2 == 0) == at_gateway &&
            (best == ADV_FLIGHT_MAX || f->order < world->flight[best].order))
            best = i;
    }
    if (best == ADV_FLIGHT_MAX)
        return false;
    const struct adv_flight *found = &world->flight[best], *last = &world->flight[--world->n_flight];
    memcpy(out, found, offsetof(struct adv_flight, data) + found->len);
    if (found != last)
        memcpy(&world->flight[best], last, offsetof(struct adv_flight, data) + last->len);
    return true;
}

void adv_forget_older(struct adv_world *world, unsigned host)
{
    for (uint32_t i = 0; i < world->n_flight;) {
        struct adv_flight *f = &world->flight[i], *last = &world->flight[world->n_flight - 1];
        if (f->link != (host == 0 ? 3 : 1) || f->order > world->arrived) {
            i++;
            continue;
        }
        if (f != last)
            *f = *last;
        world->n_flight--;
    }
}

static void arrive_at_gateway(struct adv_world *world)
{
    static struct adv_flight arrived[PS_BURST_MAX];
    struct ps_packet packets[PS_BURST_MAX];
    uint32_t n = 0;

    while (n < PS_BURST_MAX && take_arrival(world, true, &arrived[n])) {
        packets[n] = (struct ps_packet){.data = arrived[n].data, .len = arrived[n].len, .wire_len = arrived[n].len,
                                        .time_ns = world->now, .port = arrived[n].link == 0 ? 0 : 1,
                                        .link = PS_LINK_ETHERNET};
        n++;
    }
    if (n > 0)
        through_gateway(world, packets, n);
}

static void step_time(struct adv_world *world)
{
    static struct adv_flight arrived;

    if (world->gateway->next_tick(world->gateway) <= world->now)
        tick_gateway(world);
    arrive_at_gateway(world);
    while (take_arrival(world, false, &arrived)) {
        unsigned to = arrived.link == 1 ? 1 : 0;
        world->arrived = arrived.order;
        adv_host_input(world, &world->host[to], arrived.data, arrived.len);
    }
    for (unsigned h = 0; h < 2; h++)
        adv_host_timers(world, &world->host[h]);
    adv_check_apps(world);
}

/* Until that time, or until nothing more can happen before it. */
static void run_until(struct adv_world *world, uint64_t end, bool to_end)
{
    uint32_t stuck = 0;

    while (world->violation == ADV_NO_VIOLATION) {
        uint64_t tick = world->gateway->next_tick(world->gateway), flight = next_flight(world);
        uint64_t host = next_host_timer(world, to_end), next = tick < flight ? tick : flight;
        next = host < next ? host : next;
        if (next > end)
            break;
        stuck = next <= world->now ? stuck + 1 : 0;
        if (stuck > 1000)
            adv_violate(world, ADV_V_ENDLESS, "time stands still");
        world->now = next > world->now ? next : world->now;
        step_time(world);
    }
    if (to_end && world->now < end)
        world->now = end;
}

/* ---- schedule -------------------------------------------------------------------------------------------------- */

static void raw_send(struct adv_world *world, const int32_t arg[ADV_N_ARGS])
{
    const int32_t *setup = world->schedule->setup;
    int32_t sender = setup[ADV_HOSTILE] > 0 ? setup[ADV_HOSTILE] : setup[ADV_NUISANCE];

    world->prompt = setup[ADV_HOSTILE] == 0 && (arg[ADV_RAW_FLAGS] & ADV_SYN);
    if (sender == 1 || sender == 2)
        adv_raw_send(world, &world->host[sender - 1], arg);
    world->prompt = false;
}

static void take_step(struct adv_world *world, const struct adv_step *step)
{
    struct adv_host *host = &world->host[step->arg[0] == 1];

    switch ((enum adv_verb)step->verb) {
    case ADV_OPEN:
        adv_host_open(world, &world->host[0]);
        break;
    case ADV_WAIT:
        run_until(world, world->now + (uint64_t)step->arg[0] * ADV_MS, true);
        break;
    case ADV_APP:
        adv_host_write(world, host, (uint32_t)step->arg[1]);
        break;
    case ADV_CLOSE:
        adv_host_close(world, host);
        break;
    case ADV_STALL:
        adv_host_stall(world, host, step->arg[1] != 0);
        break;
    case ADV_FAULT:
        world->faults[world->n_faults++] = (struct adv_fault){.link = (uint8_t)step->arg[0], .what = (uint8_t)step->arg[1],
                                                              .nth = (uint32_t)step->arg[2], .ms = (uint32_t)step->arg[3]};
        break;
    case ADV_RAW:
        raw_send(world, step->arg);
        break;
    case ADV_RESTART:
        world->gateway->stop(world->gateway);
        if (!world->gateway->start(world->gateway, world))
            adv_violate(world, ADV_V_GATEWAY, "it does not start again");
        world->n_restarts++;
        break;
    case ADV_N_VERBS:
        break;
    }
}

/* ---- the gateway's own checks ---------------------------------------------------------------------------------- */

static sigjmp_buf trapped;

/* PS_CHECK of a debug build. What the gateway holds is lost. */
static void on_trap(int number)
{
    (void)number;
    siglongjmp(trapped, 1);
}

static void catch_traps(void)
{
    static bool caught;
    struct sigaction action = {.sa_handler = on_trap, .sa_flags = SA_NODEFER};

    if (caught)
        return;
    caught = true;
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
}

static void begin(struct adv_world *world, const struct adv_schedule *schedule, struct adv_gateway *gateway)
{
    bool trace_it = world->trace;

    memset(world, 0, offsetof(struct adv_world, plan));
    for (unsigned h = 0; h < 2; h++) {
        memset(&world->stream[h], 0, offsetof(struct adv_stream, life));
        memset(&world->stream[h].life[0], 0, offsetof(struct adv_life, allowed));
        world->stream[h].n_lives = 1;
    }
    world->n_flight = world->n_overflow = world->n_faults = world->n_faults_met = world->n_restarts = 0;
    world->violation = ADV_NO_VIOLATION;
    world->astray = false;
    world->trace = trace_it;
    world->schedule = schedule;
    world->gateway = gateway;
    world->now = START_NS;
    world->protocol = adv_protocols[schedule->setup[ADV_PROTOCOL]];
    world->net = (struct adv_net){.v6 = schedule->setup[ADV_V6] != 0, .pad = schedule->setup[ADV_PAD] != 0,
                                  .tag = (uint8_t)schedule->setup[ADV_TAG], .port = world->protocol->port};
    adv_plan_make(&world->plan, world->protocol, schedule->plan, schedule->setup[ADV_DENY] == ADV_DENY_ANSWER);
    adv_host_init(world, 0);
    adv_host_init(world, 1);
}

static void play(struct adv_world *world)
{
    const struct adv_schedule *schedule = world->schedule;

    for (uint32_t i = 0; i < schedule->n_steps && world->violation == ADV_NO_VIOLATION; i++)
        take_step(world, &schedule->steps[i]);
    for (unsigned h = 0; h < 2; h++)
        adv_host_stall(world, &world->host[h], false);
    run_until(world, world->now + (schedule->setup[ADV_HOSTILE] ? END_HOSTILE : END_HONEST), false);
    adv_check_end(world);
}

enum adv_violation adv_run(struct adv_world *world, const struct adv_schedule *schedule, struct adv_gateway *gateway)
{
    catch_traps();
    begin(world, schedule, gateway);
    if (sigsetjmp(trapped, 0) != 0) {
        adv_violate(world, ADV_V_GATEWAY, "a check of its own failed");
        return world->violation;
    }
    if (!gateway->start(gateway, world)) {
        adv_violate(world, ADV_V_GATEWAY, "it does not start");
        return world->violation;
    }
    play(world);
    gateway->stop(gateway);
    return world->violation;
}
