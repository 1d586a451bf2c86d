/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_evasion_plain.c - datagrams, ICMP and everything else that is no TCP, at a gateway; docs/evasion.md has the rows.
 */
#include "plain.h"

#include "gate_rig.h"
#include "segment.h"

START_TEST(test_ps_plain_judge__nv_u04_reply_that_nobody_asked_for__midstream)
{
    begin();
    build_udp(PLC, HMI, 123, 5000);
    from_plc("!midstream");
    build_udp(HMI, PLC, 5000, 123);
    from_hmi("=");
    build_udp(PLC, HMI, 123, 5000);
    from_plc("=");
    build_udp(PLC, HMI, 123, 5001);
    from_plc("!midstream");
    r.time_ns += UINT64_C(181000000000);
    build_udp(PLC, HMI, 123, 5000);
    from_plc("!midstream");
    wire_udp(&w, PLC, HMI, (const uint16_t[2]){502, 5000}, "\0\1\0\0\0\7\1\3\4\0\12\0\13", 13);
    from_plc("!modbus-unsolicited");
    end();
}
END_TEST

START_TEST(test_ps_icmp_judge__nv_i05_echo_reply_that_nobody_asked_for__midstream)
{
    begin();
    build_echo(PLC, HMI, 0, 1);
    from_plc("!midstream");
    build_echo(HMI, PLC, 8, 1);
    from_hmi("=");
    build_echo(PLC, HMI, 0, 1);
    from_plc("=");
    build_echo(PLC, HMI, 0, 2);
    from_plc("!midstream");
    build_echo(PLC, HMI, 8, 3); /* no rule */
    from_plc("!no-conduit");
    end();
}
END_TEST

/* About the packet in w, to its sender; mtu 0: its port is unreachable. */
static void build_error(uint32_t from, uint32_t to, uint32_t len, uint16_t mtu)
{
    static uint8_t quoted[600];
    const uint8_t head[8] = {3, mtu ? 4 : 3, 0, 0, 0, 0, (uint8_t)(mtu >> 8), (uint8_t)mtu};
    memcpy(quoted, w.b + w.ip, 48);
    wire_icmp(&w, from, to, head, quoted, len);
}

/* ---- trailers -------------------------------------------------------------------------------------------------- */

static void expect_cut(enum rig_port port)
{
    char what[16];
    uint32_t len = w.len;
    trail(11, 0xee);
    snprintf(what, sizeof what, "~%u", len);
    expect_at(port, what);
    ck_assert_mem_eq(sent()->data, w.b, len);
    w.len = len;
}

START_TEST(test_ps_inline_trim__nv_l01_datagrams_messages_and_errors__cut)
{
    const uint8_t ends[32] = {0xfd, 0, 0, 1, [15] = 0x10, [16] = 0xfd, 0, 0, 2, [31] = 2};
    const uint8_t nd[24] = {135, 0, [8] = 0xfd, 0, 0, 2, [23] = 2};
    begin();
    build_udp(HMI, PLC, 5000, 123);
    expect_cut(RIG_PORT_OPS);
    wire_udp(&w, HMI, PLC, (const uint16_t[2]){5000, 502}, "\0\1\0\0\0\6\1\3\0\50\0\2", 12);
    expect_cut(RIG_PORT_OPS);
    build_echo(HMI, PLC, 8, 1);
    expect_cut(RIG_PORT_OPS);
    wire_ipv4(&w, HMI, PLC, 112, "12345678123456781234567812345678", 32);
    expect_cut(RIG_PORT_OPS);
    build_udp(HMI, PLC, 5000, 123);
    from_hmi("=");
    build_error(PLC, HMI, 28, 0);
    expect_cut(RIG_PORT_FIELD);
    wire_ipv6(&w, ends, 58, nd, sizeof nd);
    w.b[w.ip + 7] = 255;
    expect_cut(RIG_PORT_OPS);
    build_udp(PLC_SPARE, PLC, 5000, 123); /* not ours: it stays as it is */
    trail(6, 0xee);
    from_plc("=");
    end();
}
END_TEST

START_TEST(test_ps_inline_trim__nv_l02_arp_and_llc__cut_unless_filled_up_with_zeros)
{
    static const uint8_t stp[38] = {0x42, 0x42, 3};
    begin();
    for (unsigned tags = 0; tags < 2; tags++) {
        for (unsigned row = 0; row < 5; row++) {
            static const struct {
                uint8_t n, octet;
                const char *what[2];
            } rows[] = {{0, 0, {"=", "="}}, {18, 0, {"=", "="}}, {19, 0, {"~42", "~46"}}, {18, 1, {"~42", "~46"}}, {1, 1, {"~42", "~46"}}};
            wire_arp(&w, 1, HMI, PLC);
            if (tags)
                wire_tag(&w, 0x8100, 20);
            trail(rows[row].n, rows[row].octet);
            from_hmi(rows[row].what[tags]);
        }
    }
    wire_frame(&w, 38, stp, sizeof stp);
    wire_set_mac(&w, 0, 0x31);
    wire_set_mac(&w, 1, 0x30);
    trail(8, 0);
    r.port = PS_PORT_UNKNOWN;
    rig_send(&r, &w);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_PASS); /* filled up to 60 */
    trail(1, 9);
    rig_send(&r, &w);
    ck_assert_uint_eq(sent()->len, 52);
    ck_assert_mem_eq(sent()->data, w.b, 52);
    end();
}
END_TEST

/* ---- neighbour discovery --------------------------------------------------------------------------------------- */

/* HMI may send any ICMP to PLC. Its address is fd00:1::10, that of a host of ctl fd00:2::2. */
static void build_icmp6(uint8_t type, uint8_t code, uint8_t hop_limit)
{
    const uint8_t ends[32] = {0xfd, 0, 0, 1, [15] = 0x10, [16] = 0xfd, 0, 0, 2, [31] = 2};
    const uint8_t message[24] = {type, code, [8] = 0xfd, 0, 0, 2, [23] = 2};
    wire_ipv6(&w, ends, 58, message, sizeof message);
    w.b[w.ip + 7] = hop_limit;
}

START_TEST(test_ps_icmp_judge__nv_605_passed_on_by_a_router__bad_arp)
{
    begin();
    for (uint8_t type = 133; type <= 137; type++) {
        build_icmp6(type, 0, 254);
        from_hmi("!bad-arp");
        build_icmp6(type, 1, 255);
        from_hmi("!bad-arp");
        bool speaks = type == 136; /* HMI for an address of ctl */
        build_icmp6(type, 0, 255);
        from_hmi(speaks ? "!spoofed" : "=");
    }
    end();
}
END_TEST

/* HMI has the MAC 02:..:01. Linux believes the first option of two, others the last. */
START_TEST(test_ps_icmp_judge__nv_605_two_macs_in_a_solicitation__bad_arp)
{
    static const struct {
        uint8_t options[24];
        uint32_t len;
        const char *what;
    } rows[] = {
        {{1, 1, 2, 0, 0, 0, 0, 1}, 8, "="},
        {{1, 1, 2, 0, 0, 0, 0, 9}, 8, "!mac-binding"},
        {{1, 1, 2, 0, 0, 0, 0, 9, 1, 1, 2, 0, 0, 0, 0, 1}, 16, "!bad-arp"},
        {{1, 1, 2, 0, 0, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0, 9}, 16, "!bad-arp"},
        {{1, 2, 2, 0, 0, 0, 0, 1}, 16, "!bad-arp"},
        {{14, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1}, 16, "="}, /* a nonce besides */
    };
    const uint8_t ends[32] = {0xfd, 0, 0, 1, [15] = 0x10, [16] = 0xfd, 0, 0, 2, [31] = 2};
    uint8_t message[48] = {135, 0, [8] = 0xfd, 0, 0, 2, [23] = 2};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(message + 24, rows[i].options, sizeof rows[i].options);
        wire_ipv6(&w, ends, 58, message, 24 + rows[i].len);
        w.b[w.ip + 7] = 255;
        from_hmi(rows[i].what);
    }
    end();
}
END_TEST

/* The other way nothing is granted. */
START_TEST(test_ps_icmp_judge__nv_i03_router_messages_and_others_without_a_rule__no_conduit)
{
    begin();
    for (unsigned type = 130; type <= 255; type++) {
        if (type == 135 || type == 136)
            continue;
        build_icmp6((uint8_t)type, 0, 255);
        w.b[w.ip + 11] = w.b[w.ip + 23] = 2;
        w.b[w.ip + 27] = 1;
        w.b[w.ip + 39] = 0x10;
        wire_sum(&w);
        from_plc("!no-conduit");
    }
    for (unsigned type = 1; type <= 255; type++) {
        if (type == 3 || type == 11 || type == 12)
            continue;
        build_echo(PLC, HMI, (uint8_t)type, 1);
        from_plc("!no-conduit");
    }
    end();
}
END_TEST

/* ---- datagrams ------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_inline_trim__nv_u02_no_checksum__made)
{
    begin();
    for (uint16_t port = 5000; port < 5100; port++) {
        build_udp(HMI, PLC, port, 123);
        uint8_t right[62];
        memcpy(right, w.b, sizeof right);
        memset(w.b + w.ip + 26, 0, 2);
        from_hmi("~62");
        ck_assert_mem_eq(sent()->data, right, sizeof right);
        trail(3, 7);
        from_hmi("~62");
        ck_assert_mem_eq(sent()->data, right, sizeof right);
    }
    build_udp(HMI, PLC, 5000, 123);
    w.b[w.ip + 27] ^= 1;
    from_hmi("!bad-checksum");
    wire_udp(&w, HMI, PLC, (const uint16_t[2]){5000, 502}, "\0\1\0\0\0\6\1\6\0\50\0\2", 12); /* nobody grants it */
    memset(w.b + w.ip + 26, 0, 2);
    from_hmi("!no-rule");
    end();
}
END_TEST

/* The field is 0xffff where the sum is 0, which would say that there is none. */
START_TEST(test_ps_segment_sum_udp__nv_u02_sum_of_zero__all_ones)
{
    static const uint8_t ip[20] = {0x45};
    uint8_t udp[10] = {0xff, 0xff - 17 - 10 - 10, 0, 0, 0, 10};
    ps_segment_sum_udp(ip, udp, sizeof udp);
    ck_assert_uint_eq((unsigned)(udp[6] << 8 | udp[7]), 0xffffu);
}
END_TEST

/* ---- errors ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_icmp_judge__nv_i01_error_about_datagrams__of_a_live_flow_and_from_its_side)
{
    begin();
    build_udp(HMI, PLC, 5000, 123);
    from_hmi("=");
    build_error(PLC, HMI, 48, 0);
    from_plc("=");
    build_udp(HMI, PLC, 5000, 123);
    build_error(IP(198, 51, 100, 1), HMI, 28, 0); /* a router on the way */
    from_plc("=");
    build_udp(HMI, PLC, 5000, 123);
    build_error(PLC, HMI, 28, 0);
    from_hmi("!spoofed"); /* from the side of HMI itself */
    build_udp(HMI, PLC, 5001, 123);
    build_error(PLC, HMI, 28, 0);
    from_plc("!midstream");
    build_udp(HMI, PLC, 5000, 123);
    build_error(PLC, ENG, 28, 0); /* not to the sender */
    from_plc("!bad-header");
    build_udp(PLC, HMI, 123, 5000); /* a rule grants HMI all of ICMP, but no errors about nothing */
    build_error(HMI, PLC, 28, 0);
    from_hmi("=");
    build_udp(PLC, HMI, 123, 5001);
    build_error(HMI, PLC, 28, 0);
    from_hmi("!midstream");
    end();
}
END_TEST

START_TEST(test_ps_icmp_judge__nv_i06_quoted_header__whole_without_options_and_no_error)
{
    static const uint8_t rows[][2] = {{0, 0x46}, {0, 0x44}, {0, 0x65}, {3, 27}, {6, 0x20}, {7, 1}, {6, 0x80}};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_udp(HMI, PLC, 5000, 123);
        from_hmi("=");
        w.b[w.ip + rows[i][0]] = rows[i][1];
        w.b[w.ip + 2] = 0;
        build_error(PLC, HMI, 48, 0);
        from_plc("!bad-header");
    }
    build_udp(HMI, PLC, 5000, 123);
    build_error(PLC, HMI, 27, 0); /* less than its ports and length */
    from_plc("!bad-header");
    build_udp(HMI, PLC, 5000, 123);
    build_error(PLC, HMI, 549, 0); /* more than an error may be long */
    from_plc("!bad-header");
    build_udp(HMI, PLC, 5000, 123);
    build_error(PLC, HMI, 548, 0);
    from_plc("=");
    build_echo(HMI, PLC, 3, 1); /* about an error */
    build_error(PLC, HMI, 48, 0);
    from_plc("!midstream");
    build_echo(HMI, PLC, 8, 1);
    from_hmi("=");
    build_error(PLC, HMI, 48, 0); /* about an echo */
    from_plc("=");
    end();
}
END_TEST

START_TEST(test_ps_icmp_judge__nv_i02_too_big_for_a_datagram__not_below_576)
{
    begin();
    for (uint16_t mtu = 68; mtu <= 1492; mtu = (uint16_t)(mtu + 4)) {
        build_udp(HMI, PLC, 5000, 123);
        from_hmi("=");
        build_error(PLC, HMI, 28, mtu);
        from_plc(mtu < 576 ? "!bad-header" : "=");
    }
    end();
}
END_TEST

/* Inside ctl, as a switch floods it: errors about it from ops. */
START_TEST(test_ps_icmp_judge__nv_i01_error_about_what_is_not_ours__from_inside_its_zone)
{
    begin();
    build_udp(PLC, PLC_SPARE, 5000, 123);
    from_plc("=");
    build_error(HMI, PLC, 28, 0);
    from_hmi("!spoofed");
    build_udp(PLC, PLC_SPARE, 5000, 123);
    build_error(PLC_SPARE, PLC, 28, 0);
    from_plc("=");
    end();
}
END_TEST

UNIT_MAIN("fastpath/evasion_plain",
    test_ps_icmp_judge__nv_605_two_macs_in_a_solicitation__bad_arp,
    test_ps_icmp_judge__nv_605_passed_on_by_a_router__bad_arp,
    test_ps_icmp_judge__nv_i03_router_messages_and_others_without_a_rule__no_conduit,
    test_ps_inline_trim__nv_u02_no_checksum__made,
    test_ps_segment_sum_udp__nv_u02_sum_of_zero__all_ones,
    test_ps_inline_trim__nv_l01_datagrams_messages_and_errors__cut,
    test_ps_inline_trim__nv_l02_arp_and_llc__cut_unless_filled_up_with_zeros,
    test_ps_icmp_judge__nv_i01_error_about_datagrams__of_a_live_flow_and_from_its_side,
    test_ps_icmp_judge__nv_i06_quoted_header__whole_without_options_and_no_error,
    test_ps_icmp_judge__nv_i02_too_big_for_a_datagram__not_below_576,
    test_ps_icmp_judge__nv_i01_error_about_what_is_not_ours__from_inside_its_zone,
    test_ps_plain_judge__nv_u04_reply_that_nobody_asked_for__midstream,
    test_ps_icmp_judge__nv_i05_echo_reply_that_nobody_asked_for__midstream)
