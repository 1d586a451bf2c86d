/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "datagram.h"

#include <string.h>

#include "engine_private.h"
#include "rig.h"
#include "unit.h"

#define PLANT(keys)                                                                                                    \
    "schema = 1; site = \"parts\"; revision = 1;\n"                                                                    \
    "zones = (\n"                                                                                                      \
    "  { name = \"ops\"; networks = [\"10.0.1.0/24\"]; assets = ( { name = \"hmi\"; addresses = [\"10.0.1.10\"]; } ); },\n" \
    "  { name = \"ctl\"; networks = [\"10.0.2.0/24\"]; assets = ( { name = \"plc\"; addresses = [\"10.0.2.10\"]; } ); } );\n" \
    "conduits = ( { name = \"c\"; from = \"ops\"; to = \"ctl\"; " keys "\n"                                            \
    "  allow = ( { name = \"log\"; protocol = \"udp\"; ports = [\"514\"]; },\n"                                        \
    "    { name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; } ); } );\n"                               \
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"                                 \
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n"
#define REASSEMBLE "fragments = \"reassemble\";"

#define PARTS_MAX 128u

static struct rig rig;
static struct wire whole, part[PARTS_MAX];
static uint32_t n_parts;
static uint8_t data[2000];

static void begin_with(const char *plant, bool inline_)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_STRICT;
    config.inline_ = inline_;
    config.n_relays = 16;
    config.n_chunks = 256;
    config.n_datagrams = 4;
    config.n_of_source = 2;
    rig_init_plant(&rig, &config, plant);
    rig.port = 0;
    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
}

static void begin(void)
{
    begin_with(PLANT(REASSEMBLE), true);
}

static void end(void)
{
    ck_assert(ps_frag_check(&rig.engine->datagrams.table));
    ck_assert(ps_engine_check(rig.engine));
    rig.n_judged = 0;
    rig_fini(&rig);
}

/* whole, in parts of at most 576 octets. */
static void cut(uint16_t id)
{
    whole.b[whole.ip + 4] = (uint8_t)(id >> 8);
    whole.b[whole.ip + 5] = (uint8_t)id;
    whole.b[whole.ip + 6] = 0; /* may be cut */
    wire_sum(&whole);
    struct ps_frag_cut how = {.packet = whole.b, .ip = whole.b + whole.ip, .len = whole.len, .mtu = 576};
    for (n_parts = 0; n_parts < PARTS_MAX; n_parts++) {
        struct wire *w = &part[n_parts];
        w->ip = whole.ip;
        w->len = ps_frag_next(&how, n_parts, w->b);
        if (w->len == 0)
            break;
    }
}

static void datagram(uint16_t id, uint16_t server_port, uint32_t len)
{
    const uint16_t ports[2] = {40000, server_port};
    wire_udp(&whole, HMI, PLC, ports, data, len);
    cut(id);
}

static void expect_kept(uint32_t n)
{
    const struct ps_send *sends;
    struct ps_decision d = rig_send(&rig, &part[n]);
    ck_assert_uint_eq(d.verdict, PS_VERDICT_DROP);
    ck_assert(d.replaced);
    ck_assert_uint_eq(d.reason, PS_REASON_NONE);
    ck_assert_uint_eq(ps_engine_sends(rig.engine, &sends), 0);
}

static void expect_refused(uint32_t n, enum ps_reason reason)
{
    const struct ps_send *sends;
    struct ps_decision d = rig_send(&rig, &part[n]);
    ck_assert_uint_eq(d.verdict, PS_VERDICT_DROP);
    ck_assert_str_eq(ps_reason_info(d.reason)->name, ps_reason_info(reason)->name);
    ck_assert_uint_eq(ps_engine_sends(rig.engine, &sends), 0);
}

/* The last one: what leaves is `whole`, in one piece. */
static void expect_sent(uint32_t n)
{
    const struct ps_send *sends;
    struct ps_decision d = rig_send(&rig, &part[n]);
    ck_assert(d.verdict == PS_VERDICT_DROP && d.replaced);
    ck_assert_uint_eq(ps_engine_sends(rig.engine, &sends), 1);
    ck_assert_uint_eq(sends[0].port, 1);
    ck_assert_uint_eq(sends[0].len, whole.len);
    ck_assert_mem_eq(sends[0].data, whole.b, whole.len);
}

/* ---- put together ---------------------------------------------------------------------------------------------- */

START_TEST(test_ps_datagram_take__nv_f04_out_of_order_and_twice__sent_when_it_is_whole)
{
    begin();
    datagram(7, 514, 1400);
    ck_assert_uint_eq(n_parts, 3);
    expect_kept(2);
    expect_kept(0);
    expect_kept(0);
    expect_sent(1);
    rig_expect(&rig, "K");
    ck_assert_uint_eq(rig_stats(&rig)->datagrams, 1);
    ck_assert_uint_eq(rig_stats(&rig)->fragments_kept, 3);
    end();
}
END_TEST

/* Those that were judged take up no room. */
START_TEST(test_ps_datagram_take__more_in_turn_than_are_kept_at_a_time__all_sent)
{
    begin();
    for (uint16_t id = 1; id <= 20; id++) {
        datagram(id, 514, 1400);
        expect_kept(0);
        expect_kept(1);
        expect_sent(2);
    }
    ck_assert_uint_eq(rig.engine->datagrams.table.stats.n_evicted, 0);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__refused_by_the_rules__nothing_leaves)
{
    begin();
    datagram(7, 515, 1400);
    expect_kept(0);
    expect_kept(1);
    expect_refused(2, PS_REASON_NO_RULE);
    end();
}
END_TEST

START_TEST(test_ps_datagram_send__longer_than_the_link__in_parts)
{
    const struct ps_send *sends;
    begin();
    datagram(7, 514, 2000);
    for (uint32_t i = 0; i + 1 < n_parts; i++)
        expect_kept(i);
    rig_send(&rig, &part[n_parts - 1]);
    uint32_t n = ps_engine_sends(rig.engine, &sends), len = 0;
    ck_assert_uint_eq(n, 2);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_le(sends[i].len, WIRE_L2 + PS_DATAGRAM_MTU);
        ck_assert_mem_eq(sends[i].data + WIRE_L2 + 20, whole.b + WIRE_L2 + 20 + len, sends[i].len - WIRE_L2 - 20);
        len += sends[i].len - WIRE_L2 - 20;
    }
    ck_assert_uint_eq(len, 2008);
    end();
}
END_TEST

/* Sixty requests in one segment, which opens nothing: the relay judges it as one that came whole. */
START_TEST(test_ps_datagram_take__tcp_segment__judged_by_its_connection)
{
    static const char *const request = READ_REQUEST;
    const struct ps_send *sends;
    uint8_t pdu[2048], requests[720];
    begin();
    struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = 40000, .dst_port = 502, .seq = 99, .flags = PS_TCP_SYN};
    wire_tcp(&whole, &tcp);
    ck_assert_uint_eq(rig_send(&rig, &whole).verdict, PS_VERDICT_PASS);
    struct wire_tcp back = {.src = PLC, .dst = HMI, .src_port = 502, .dst_port = 40000, .seq = 199, .ack = 100,
                            .flags = PS_TCP_SYN | PS_TCP_ACK};
    wire_tcp(&whole, &back);
    rig.port = 1;
    ck_assert_uint_eq(rig_send(&rig, &whole).verdict, PS_VERDICT_PASS);
    rig.port = 0;
    for (uint32_t i = 0; i < 60; i++) {
        ck_assert_uint_eq(hex_octets(request, pdu), 12);
        pdu[1] = (uint8_t)i;
        memcpy(requests + 12 * i, pdu, 12);
    }
    tcp.seq = 100;
    tcp.ack = 200;
    tcp.flags = PS_TCP_ACK;
    tcp.data = requests;
    tcp.len = sizeof requests;
    wire_tcp(&whole, &tcp);
    cut(9);
    ck_assert_uint_eq(n_parts, 2);
    rig.n_judged = 0;
    expect_kept(1);
    rig_send(&rig, &part[0]);
    ck_assert(rig.last.replaced || rig.last.reason == PS_REASON_MODBUS_OUTSTANDING);
    ck_assert_uint_gt(rig.n_judged, 0);
    ck_assert_uint_eq(rig.judged[0].what, PS_JUDGED_PDU);
    ck_assert_uint_eq(rig.judged[0].reason, PS_REASON_NONE);
    ck_assert_uint_ge(ps_engine_sends(rig.engine, &sends), 1);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__passive__judged_in_place_of_the_last_one)
{
    begin_with(PLANT(REASSEMBLE), false);
    datagram(7, 514, 1400);
    expect_kept(0);
    expect_kept(1);
    ck_assert_uint_eq(rig_send(&rig, &part[2]).verdict, PS_VERDICT_PASS);
    rig_expect(&rig, "K");
    datagram(8, 515, 1400);
    expect_kept(0);
    expect_kept(1);
    expect_refused(2, PS_REASON_NO_RULE);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__monitor__fragments_pass_as_they_came)
{
    const struct ps_send *sends;
    begin_with(PLANT(REASSEMBLE "mode = \"monitor\";"), true);
    datagram(7, 515, 1400);
    for (uint32_t i = 0; i < n_parts; i++) {
        ck_assert_uint_eq(rig_send(&rig, &part[i]).verdict, PS_VERDICT_PASS);
        ck_assert_uint_eq(ps_engine_sends(rig.engine, &sends), 0);
    }
    ck_assert(rig.last.monitored);
    rig_expect(&rig, "F=no-rule");
    end();
}
END_TEST

/* ---- refused --------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_datagram_take__conduit_without_the_key__fragment)
{
    begin_with(PLANT(""), true);
    datagram(7, 514, 1400);
    for (uint32_t i = 0; i < n_parts; i++)
        expect_refused(i, PS_REASON_FRAGMENT);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__nv_f01_cut_through_the_header__refused)
{
    begin();
    struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = 40000, .dst_port = 502, .flags = PS_TCP_SYN};
    wire_tcp(&part[0], &tcp);
    part[0].b[part[0].ip + 3] = 28; /* length: eight octets of the TCP header */
    part[0].b[part[0].ip + 6] = 0x20;
    wire_sum(&part[0]);
    part[0].len = part[0].ip + 28;
    expect_refused(0, PS_REASON_FRAGMENT_TINY);
    end();
}
END_TEST

/* Receivers differ in which of the two they believe. */
START_TEST(test_ps_datagram_take__nv_f03_overlap_with_other_octets__nothing_of_it_leaves)
{
    begin();
    datagram(7, 514, 1400);
    expect_kept(0);
    expect_kept(1);
    part[1].b[part[1].len - 1] ^= 1;
    expect_refused(1, PS_REASON_FRAGMENT_OVERLAP);
    part[1].b[part[1].len - 1] ^= 1;
    for (uint32_t i = 0; i < n_parts; i++)
        expect_refused(i, PS_REASON_FRAGMENT_OVERLAP);
    ck_assert_uint_eq(rig_stats(&rig)->datagrams, 0);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__nv_f07_rest_after_the_time_out__belongs_to_nothing)
{
    begin();
    datagram(7, 514, 1400);
    expect_kept(0);
    expect_kept(1);
    rig.time_ns += PS_FRAG_TIMEOUT_NS;
    ck_assert(!ps_engine_tick(rig.engine, rig.time_ns));
    ck_assert_uint_eq(rig.engine->datagrams.table.stats.n_expired, 1);
    expect_kept(2);
    end();
}
END_TEST

START_TEST(test_ps_engine_next_tick__unfinished_datagram__when_it_is_forgotten)
{
    for (unsigned inline_ = 0; inline_ < 2; inline_++) {
        begin_with(PLANT(REASSEMBLE), inline_);
        ck_assert_uint_eq(ps_engine_next_tick(rig.engine), UINT64_MAX);
        datagram(7, 514, 1400);
        rig.port = inline_ ? 0 : PS_PORT_UNKNOWN;
        rig_send(&rig, &part[0]);
        uint64_t due_ns = ps_engine_next_tick(rig.engine);
        ck_assert_uint_eq(due_ns, rig.time_ns + PS_FRAG_TIMEOUT_NS + 1);
        ck_assert(!ps_engine_tick(rig.engine, due_ns));
        ck_assert_uint_eq(ps_engine_next_tick(rig.engine), UINT64_MAX);
        end();
    }
}
END_TEST

START_TEST(test_ps_datagram_take__nv_f08_other_id_or_port__not_joined)
{
    begin();
    datagram(7, 514, 1400);
    expect_kept(0);
    expect_kept(1);
    datagram(8, 514, 1400);
    expect_kept(2);
    datagram(7, 514, 1400);
    rig.port = 1;
    expect_kept(2);
    rig.port = 0;
    expect_sent(2);
    end();
}
END_TEST

START_TEST(test_ps_datagram_take__nv_f10_flood_of_one_source__bounded)
{
    begin();
    for (uint16_t id = 1; id <= 1000; id++) {
        datagram(id, 514, 1400);
        expect_kept(0);
        ck_assert(ps_frag_check(&rig.engine->datagrams.table));
    }
    ck_assert_uint_eq(rig.engine->datagrams.table.stats.n_evicted, 998);
    datagram(1000, 514, 1400); /* the last one still becomes whole */
    expect_kept(1);
    expect_sent(2);
    end();
}
END_TEST

UNIT_MAIN("fastpath/datagram",
    test_ps_datagram_take__nv_f04_out_of_order_and_twice__sent_when_it_is_whole,
    test_ps_datagram_take__more_in_turn_than_are_kept_at_a_time__all_sent,
    test_ps_datagram_take__refused_by_the_rules__nothing_leaves,
    test_ps_datagram_send__longer_than_the_link__in_parts,
    test_ps_datagram_take__tcp_segment__judged_by_its_connection,
    test_ps_datagram_take__passive__judged_in_place_of_the_last_one,
    test_ps_datagram_take__monitor__fragments_pass_as_they_came,
    test_ps_datagram_take__conduit_without_the_key__fragment,
    test_ps_datagram_take__nv_f01_cut_through_the_header__refused,
    test_ps_datagram_take__nv_f03_overlap_with_other_octets__nothing_of_it_leaves,
    test_ps_datagram_take__nv_f07_rest_after_the_time_out__belongs_to_nothing,
    test_ps_engine_next_tick__unfinished_datagram__when_it_is_forgotten,
    test_ps_datagram_take__nv_f08_other_id_or_port__not_joined,
    test_ps_datagram_take__nv_f10_flood_of_one_source__bounded)
