/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, in a namespace of its own: what lo receives is logged. That connections are reset, tests/net/nft_refused.py
 * tries.
 */
#include "refusals.h"

#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "alone.h"
#include "decode.h"
#include "logged.h"
#include "packets.h"
#include "unit.h"

#define MANY 20000u

static char err[600];
static struct ps_event last;
static uint64_t n_told;
static struct ps_refusals *refusals;

static void tell(void *ctx, const struct ps_event *event)
{
    ck_assert_ptr_null(ctx);
    last = *event;
    n_told++;
}

/* false: it cannot be tried here. */
static bool begin(const char *prefix)
{
    static const char *const devices[] = {"lo"};
    const struct ps_refusals_config config = {.group = LOGGED_GROUP, .family = PS_NFT_INET, .devices = devices, .n_devices = 1};
    if (!unit_alone() || !logged_begin(prefix, err, sizeof err) || !(refusals = ps_refusals_open(&config, err, sizeof err))) {
        fprintf(stderr, "%s: not tried\n", err);
        return false;
    }
    return true;
}

static void read_all(void)
{
    struct pollfd fd = {.fd = ps_refusals_fd(refusals), .events = POLLIN};
    ck_assert_int_ge(poll(&fd, 1, 20000), 0);
    while (ps_refusals_read(refusals, NULL, tell, NULL))
        ;
}

START_TEST(test_ps_refusals_read__one_refused__told)
{
    if (!begin("penstock - spoofed drop "))
        return;
    logged_send(1);
    read_all();
    ck_assert_uint_eq(n_told, 1);
    ck_assert_uint_eq(last.reason, PS_REASON_SPOOFED);
    ck_assert_uint_eq(last.kind, PS_EVENT_MALFORMED);
    ck_assert(ps_addr_equal(last.client, ps_addr_from_v4(INADDR_LOOPBACK)));
    ck_assert_uint_eq(last.ip_proto, 17);
    ck_assert_uint_gt(last.time_ns, UINT64_C(1500000000) * 1000000000); /* of the calendar */
    ck_assert_uint_eq(ps_refusals_stats(refusals)->events, 1);
    ck_assert_uint_eq(ps_refusals_stats(refusals)->garbled, 0);
    ps_refusals_close(refusals);
}
END_TEST

START_TEST(test_ps_refusals_read__somebody_elses_prefix__counted)
{
    if (!begin("IN=lo "))
        return;
    logged_send(3);
    read_all();
    ck_assert_uint_eq(n_told, 0);
    ck_assert_uint_eq(ps_refusals_stats(refusals)->garbled, 3);
    ps_refusals_close(refusals);
}
END_TEST

START_TEST(test_ps_refusals_read__more_than_a_turn_takes__says_that_there_is_more)
{
    if (!begin("penstock - spoofed drop "))
        return;
    logged_send(PS_REFUSALS_TURN + 5);
    ck_assert(ps_refusals_read(refusals, NULL, tell, NULL));
    ck_assert_uint_eq(n_told, PS_REFUSALS_TURN);
    ck_assert(!ps_refusals_read(refusals, NULL, tell, NULL));
    ck_assert_uint_eq(n_told, PS_REFUSALS_TURN + 5);
    ps_refusals_close(refusals);
}
END_TEST

/* Nobody reads: what waits is bounded. The first one behind the gap tells how many are missing. */
START_TEST(test_ps_refusals_read__more_than_fits__each_is_told_or_counted)
{
    if (!begin("penstock - spoofed drop "))
        return;
    logged_send(MANY);
    read_all();
    ck_assert_uint_gt(ps_refusals_stats(refusals)->lost, 0);
    logged_send(1);
    read_all();
    ck_assert_uint_gt(n_told, 100);
    ck_assert_uint_eq(n_told + ps_refusals_stats(refusals)->lost, MANY + 1);
    ck_assert_uint_eq(ps_refusals_stats(refusals)->garbled, 0);
    ps_refusals_close(refusals);
}
END_TEST

/* Into lo, as if it came from a wire: between two hosts that are not here. */
static void send_damaged(uint32_t n, uint8_t damage)
{
    static struct wire w;
    struct wire_tcp tcp = {.src = IP(10, 1, 0, 10), .dst = IP(10, 2, 0, 20), .src_port = 40000, .dst_port = 502, .seq = 1,
                           .ack = 1, .flags = PS_TCP_ACK, .data = "x", .len = 1};
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("lo")};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    ck_assert_int_ge(fd, 0);
    wire_tcp(&w, &tcp);
    memset(w.b, 0, 12); /* the MACs of lo */
    w.b[w.len - 1] ^= damage;
    for (uint32_t i = 0; i < n; i++)
        ck_assert_int_eq(sendto(fd, w.b, w.len, 0, (const struct sockaddr *)&to, sizeof to), w.len);
    close(fd);
}

static void send_segments(uint32_t n)
{
    send_damaged(n, 0);
}

static uint64_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

/* Before routing nobody knows where they would leave, so none can be sent; that is found out for no more than the bound. */
START_TEST(test_ps_refusals_read__to_be_reset__no_more_than_so_many_a_second)
{
    if (!begin("penstock - no-rule reset "))
        return;
    const struct ps_refusals_stats *s = ps_refusals_stats(refusals);
    uint64_t before = seconds();
    for (unsigned i = 0; i < 40; i++) {
        send_segments(500);
        read_all();
    }
    ck_assert_uint_eq(last.what, PS_JUDGED_PACKET);
    ck_assert_uint_eq(s->resets, 0);
    ck_assert_uint_eq(s->resets_lost + s->resets_over, s->events);
    ck_assert_uint_gt(s->resets_lost, 0);
    ck_assert_uint_le(s->resets_lost, 4000 * (seconds() - before + 3));
    ps_refusals_close(refusals);
}
END_TEST

START_TEST(test_ps_refusals_read__to_be_dropped_or_passed__nothing_reset)
{
    static const char *const prefixes[] = {"penstock c no-rule drop ", "penstock c no-rule pass "};
    for (unsigned i = 0; i < 2; i++) {
        if (!begin(prefixes[i]))
            return;
        send_segments(1);
        read_all();
        ck_assert_uint_eq(ps_refusals_stats(refusals)->events, 1);
        ck_assert_uint_eq(ps_refusals_stats(refusals)->resets_lost, 0);
        ps_refusals_close(refusals);
    }
}
END_TEST

/* Its receiver would not have taken it either: the connection must not end. */
START_TEST(test_ps_refusals_read__to_be_reset_but_damaged__nothing_reset)
{
    if (!begin("penstock c no-rule reset "))
        return;
    send_damaged(1, 0x01);
    read_all();
    ck_assert_uint_eq(ps_refusals_stats(refusals)->events, 1);
    ck_assert_uint_eq(ps_refusals_stats(refusals)->resets_lost, 0);
    send_segments(1);
    read_all();
    ck_assert_uint_eq(ps_refusals_stats(refusals)->resets_lost, 1);
    ps_refusals_close(refusals);
}
END_TEST

START_TEST(test_ps_refusals_open__no_such_port__says_so)
{
    static const char *const devices[] = {"no-such-port"};
    const struct ps_refusals_config config = {.group = LOGGED_GROUP, .family = PS_NFT_NETDEV, .devices = devices, .n_devices = 1};
    if (!unit_alone())
        return;
    ck_assert_ptr_null(ps_refusals_open(&config, err, sizeof err));
    ck_assert_uint_gt(strlen(err), 0);
}
END_TEST

UNIT_MAIN("nft/refusals", test_ps_refusals_read__one_refused__told, test_ps_refusals_read__somebody_elses_prefix__counted,
          test_ps_refusals_read__more_than_a_turn_takes__says_that_there_is_more,
          test_ps_refusals_read__more_than_fits__each_is_told_or_counted,
          test_ps_refusals_read__to_be_reset__no_more_than_so_many_a_second,
          test_ps_refusals_read__to_be_dropped_or_passed__nothing_reset,
          test_ps_refusals_read__to_be_reset_but_damaged__nothing_reset, test_ps_refusals_open__no_such_port__says_so)
