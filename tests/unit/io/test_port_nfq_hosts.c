/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_hosts.h"

#include <string.h>

#include "packets.h"
#include "unit.h"

#define HMI 0x0a63000au
#define PLC 0x0a6300c8u
#define S UINT64_C(1000000000)

static const uint8_t hmi[6] = {2, 0, 0, 0, 0, 1}, plc[6] = {2, 0, 0, 0, 0, 2}, other[6] = {2, 0, 0, 0, 0, 3};
static struct ps_nfq_hosts hosts;
static struct wire w;

static void frame(uint32_t src, uint32_t dst, const uint8_t mac[6])
{
    wire_ipv4(&w, src, dst, 17, "12345678", 8);
    memcpy(w.b + 6, mac, 6);
}

static void hear(uint32_t src, const uint8_t mac[6], bool passed, uint64_t now_ns)
{
    frame(src, PLC, mac);
    ps_nfq_hosts_hear(&hosts, w.b, w.len, passed, now_ns);
}

/* The MAC that a frame to this address gets. */
static const uint8_t *mac_of(uint32_t addr)
{
    frame(HMI, addr, other);
    return ps_nfq_hosts_address(&hosts, w.b, w.len) ? w.b : NULL;
}

START_TEST(test_ps_nfq_hosts_address__both_heard__their_macs)
{
    hear(HMI, hmi, false, S);
    ck_assert_ptr_null(mac_of(PLC));
    hear(PLC, plc, false, S);
    ck_assert_mem_eq(mac_of(PLC), plc, 6);
    ck_assert_mem_eq(w.b + 6, hmi, 6);
}
END_TEST

START_TEST(test_ps_nfq_hosts_hear__another_mac__only_when_let_pass_or_late)
{
    hear(HMI, hmi, false, S);
    hear(PLC, plc, true, S);
    hear(PLC, other, false, 2 * S);
    ck_assert_mem_eq(mac_of(PLC), plc, 6);
    hear(PLC, other, true, 3 * S);
    ck_assert_mem_eq(mac_of(PLC), other, 6);
    hear(PLC, plc, false, 3 * S + PS_NFQ_HOSTS_AGE_NS);
    ck_assert_mem_eq(mac_of(PLC), plc, 6);
}
END_TEST

START_TEST(test_ps_nfq_hosts_hear__made_up_addresses__those_let_pass_stay)
{
    hear(HMI, hmi, true, 1 * S);
    for (uint32_t i = 0; i < 100000; i++)
        hear(0x0b000000u + i, other, false, 2 * S);
    hear(PLC, plc, true, 3 * S);
    const uint8_t *mac = mac_of(PLC);
    ck_assert(mac != NULL);
    ck_assert_mem_eq(mac, plc, 6);
    ck_assert_mem_eq(w.b + 6, hmi, 6);
}
END_TEST

START_TEST(test_ps_nfq_hosts_hear__group_or_no_ip__not_heard)
{
    static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
    hear(HMI, hmi, false, S);
    hear(PLC, group, true, S);
    ck_assert_ptr_null(mac_of(PLC));
    ps_nfq_hosts_hear(&hosts, w.b, 20, true, S);
    ck_assert(!ps_nfq_hosts_address(&hosts, w.b, 20));
}
END_TEST

START_TEST(test_ps_nfq_hosts_address__ipv6__their_macs)
{
    uint8_t ends[32] = {0xfd, [15] = 1, [16] = 0xfd, [31] = 2}, back[32];
    memcpy(back, ends + 16, 16);
    memcpy(back + 16, ends, 16);
    wire_ipv6(&w, ends, 17, "12345678", 8);
    memcpy(w.b + 6, hmi, 6);
    ps_nfq_hosts_hear(&hosts, w.b, w.len, false, S);
    wire_ipv6(&w, back, 17, "12345678", 8);
    memcpy(w.b + 6, plc, 6);
    ps_nfq_hosts_hear(&hosts, w.b, w.len, false, S);
    ck_assert(ps_nfq_hosts_address(&hosts, w.b, w.len));
    ck_assert_mem_eq(w.b, hmi, 6);
    ck_assert_mem_eq(w.b + 6, plc, 6);
}
END_TEST

UNIT_MAIN("io/port_nfq_hosts", test_ps_nfq_hosts_address__both_heard__their_macs,
          test_ps_nfq_hosts_hear__another_mac__only_when_let_pass_or_late,
          test_ps_nfq_hosts_hear__made_up_addresses__those_let_pass_stay,
          test_ps_nfq_hosts_hear__group_or_no_ip__not_heard, test_ps_nfq_hosts_address__ipv6__their_macs)
