/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_evasion_ip.c - IPv4, IPv6 and datagrams, at a gateway; docs/evasion.md has the rows. Everything that is built here is
 * granted by the plant but for the row itself.
 */
#include "decode.h"

#include "gate_rig.h"

static void build(void)
{
    build_udp(HMI, PLC, 5000, 123);
}

/* An octet of the IP header is another one; all checksums are right. */
static void build_with(uint32_t at, uint8_t value)
{
    build();
    w.b[w.ip + at] = value;
    wire_sum(&w);
}

/* ---- IPv4 ------------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_decode__nv_401_every_version_and_header_length__only_45)
{
    begin();
    for (unsigned first = 0; first < 256; first++) {
        build();
        w.b[w.ip] = (uint8_t)first; /* nothing is summed again: the header may reach beyond the packet */
        if (first == 0x45)
            from_hmi("=");
        else if (first >> 4 != 4)
            from_hmi("!bad-header");
        else
            from_hmi((first & 0xf) < 5 ? "!bad-length" : "!ip-options");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_401_lengths_and_reserved_bit__refused)
{
    begin();
    for (uint32_t total = 0; total < 80; total++) {
        build();
        w.b[w.ip + 3] = (uint8_t)total;
        wire_sum(&w);
        if (total == 48)
            from_hmi("=");
        else
            from_hmi(total > 48 ? "!cut-frame" : "!bad-length");
    }
    build_with(6, 0xc0);
    from_hmi("!bad-header");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_402_every_wrong_header_checksum__refused)
{
    begin();
    for (unsigned bit = 0; bit < 16; bit++) {
        build();
        w.b[w.ip + 10 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        from_hmi("!bad-checksum");
    }
    build();
    memset(w.b + w.ip + 10, 0, 2);
    from_hmi("!bad-checksum");
    build();
    w.b[w.ip + 10] = 0, w.b[w.ip + 11] = 1;
    from_hmi("!bad-checksum");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_403_hop_limits__one_is_enough)
{
    begin();
    build_with(8, 0);
    from_hmi("!bad-header");
    build_with(8, 1);
    from_hmi("=");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_405_options__refused_whatever_they_are)
{
    static const uint8_t options[][4] = {{0x83, 3, 4}, {0x89, 3, 4}, {7, 4, 4}, {0x44, 4, 5}, {0x94, 4, 0, 0}, {0x82, 4, 0, 0},
                                         {0x1e, 4, 0, 0}, {0x83, 0}, {1, 1, 1, 1}, {0}};
    uint8_t datagram[64];
    begin();
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        build();
        memcpy(datagram, w.b + w.ip + 20, 28);
        memcpy(w.b + w.ip + 20, options[i], 4);
        memcpy(w.b + w.ip + 24, datagram, 28);
        w.len += 4;
        w.b[w.ip] = 0x46;
        w.b[w.ip + 3] = 52;
        wire_sum(&w);
        from_hmi("!ip-options");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_406_any_fragment__refused_where_nothing_else_is_said)
{
    static const uint16_t rows[] = {0x2000, 0x2001, 0x0001, 0x1fff, 0x3fff, 0x6000, 0x4001};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build_with(6, (uint8_t)(rows[i] >> 8));
        w.b[w.ip + 7] = (uint8_t)rows[i];
        wire_sum(&w);
        from_hmi("!fragment");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_407_sources_that_nobody_has__refused)
{
    static const uint32_t sources[] = {0, IP(0, 1, 2, 3), IP(127, 0, 0, 1), IP(224, 0, 0, 1), IP(239, 1, 1, 1),
                                       IP(240, 0, 0, 1), IP(255, 255, 255, 255), PLC};
    begin();
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        build_udp(sources[i], PLC, 5000, 123);
        from_hmi("!bad-address");
    }
    build_udp(HMI, 0, 5000, 123);
    from_hmi("!bad-address");
    build_udp(HMI, IP(127, 0, 0, 1), 5000, 123);
    from_hmi("!bad-address");
    build_udp(PLC, HMI, 123, 5000); /* of the other side */
    from_hmi("!spoofed");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_408_service_of_a_datagram__passes)
{
    begin();
    for (unsigned tos = 0; tos < 256; tos++) {
        build_with(1, (uint8_t)tos);
        from_hmi("=");
    }
    end();
}
END_TEST

/* Of them 112 and ICMP are granted; TCP and UDP are malformed here. */
START_TEST(test_ps_plain_judge__nv_410_every_protocol__only_by_rule)
{
    begin();
    for (unsigned proto = 0; proto < 256; proto++) {
        wire_ipv4(&w, HMI, PLC, (uint8_t)proto, "\x13\x88\x01\xf6\0\x18\0\0" "1234567812345678", 24);
        r.port = RIG_PORT_OPS;
        struct ps_decision d = rig_send(&r, &w);
        ck_assert_msg((d.verdict == PS_VERDICT_PASS) == (proto == 112 || proto == 1), "protocol %u", proto);
        r.n_judged = 0;
    }
    end();
}
END_TEST

START_TEST(test_ps_plain_judge__nv_411_nv_u05_groups_and_broadcast__only_by_rule)
{
    begin();
    build_udp(HMI, IP(10, 0, 2, 255), 5000, 123);
    from_hmi("!no-rule");
    build_udp(HMI, IP(255, 255, 255, 255), 5000, 123);
    from_hmi("!no-zone");
    build_udp(HMI, IP(239, 1, 2, 3), 5000, 20000);
    from_hmi("!no-rule");
    build_udp(HMI, IP(224, 0, 0, 1), 5000, 123);
    from_hmi("!no-zone");
    end();
}
END_TEST

/* ---- IPv6 ------------------------------------------------------------------------------------------------------- */

static const uint8_t ends[32] = {0xfd, 0, 0, 1, [15] = 0x10, [16] = 0xfd, 0, 0, 2, [31] = 2};

/* An echo request of HMI behind n octets of other headers, the first of which is of this kind. */
static void build6(uint8_t next, const uint8_t *headers, uint32_t n)
{
    uint8_t message[128] = {0};
    if (n > 0)
        memcpy(message, headers, n);
    memcpy(message + n, (const uint8_t[16]){128, 0, 0, 0, 0, 1, 0, 1}, 16);
    wire_ipv6(&w, ends, next, message, n + 16);
}

START_TEST(test_ps_decode__nv_601_every_extension_header__refused)
{
    static const uint8_t kinds[] = {0, 43, 51, 60, 135, 139, 140, 253, 254};
    uint8_t chain[40] = {60, 0, 1, 4, [8] = 60, 0, 1, 4, [16] = 60, 0, 1, 4, [24] = 60, 0, 1, 4, [32] = 58, 0, 1, 4};
    begin();
    build6(58, NULL, 0);
    from_hmi("=");
    for (size_t i = 0; i < sizeof kinds; i++) {
        build6(kinds[i], (const uint8_t[8]){58, 0, 1, 4}, 8);
        from_hmi("!ip-options");
        build6(kinds[i], chain, sizeof chain);
        from_hmi("!ip-options");
    }
    build6(50, (const uint8_t[8]){58}, 8); /* encrypted: a protocol like others */
    from_hmi("!no-rule");
    build6(201, (const uint8_t[8]){58}, 8);
    from_hmi("!no-rule");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_602_routing_headers__refused)
{
    begin();
    for (uint8_t type = 0; type <= 5; type++) {
        uint8_t routing[24] = {58, 2, type, 1, [8] = 0xfd, 0, 0, 2, [23] = 3};
        build6(43, routing, sizeof routing);
        from_hmi("!ip-options");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_603_fragment_headers__refused)
{
    begin();
    build6(44, (const uint8_t[8]){58, 0, 0, 0, 1, 2, 3, 4}, 8); /* atomic */
    from_hmi("!fragment");
    build6(44, (const uint8_t[8]){58, 0, 0, 1, 1, 2, 3, 4}, 8);
    from_hmi("!fragment");
    build6(44, (const uint8_t[16]){44, 0, 0, 1, 1, 2, 3, 4, 58, 0, 0, 1, 1, 2, 3, 5}, 16);
    from_hmi("!fragment");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_604_lengths_that_disagree__refused)
{
    begin();
    build6(58, NULL, 0);
    memset(w.b + w.ip + 4, 0, 2); /* a jumbogram */
    from_hmi("!bad-length");
    build6(58, NULL, 0);
    w.b[w.ip + 5]++;
    from_hmi("!cut-frame");
    build6(58, NULL, 0);
    trail(4, 1);
    from_hmi("~70");
    build6(59, NULL, 0); /* nothing, with data */
    from_hmi("!bad-header");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_607_checksums__with_the_pseudo_header)
{
    static const uint8_t udp[12] = {0x13, 0x88, 0, 123, 0, 12, 0, 0, 1, 2, 3, 4};
    begin();
    for (unsigned bit = 0; bit < 16; bit++) {
        build6(58, NULL, 0);
        w.b[w.ip + 42 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        from_hmi("!bad-checksum");
    }
    build6(58, NULL, 0); /* as ICMP of IPv4 has it, without */
    uint32_t sum = (128u << 8) + 2;
    w.b[w.ip + 42] = (uint8_t)(~sum >> 8);
    w.b[w.ip + 43] = (uint8_t)~sum;
    from_hmi("!bad-checksum");
    wire_ipv6(&w, ends, 17, udp, sizeof udp);
    memset(w.b + w.ip + 46, 0, 2);
    from_hmi("!bad-checksum");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_608_icmp_of_the_other_family__refused)
{
    begin();
    wire_ipv4(&w, HMI, PLC, 58, "\x80\0\0\0\0\1\0\1", 8);
    from_hmi("!bad-header");
    build6(1, NULL, 0);
    from_hmi("!bad-header");
    wire_ipv4(&w, HMI, PLC, 41, "\x60\0\0\0\0\0\x3b\x40", 8);
    from_hmi("!encapsulation");
    wire_frame(&w, 0x86dd, w.b + w.ip, 40); /* the other version behind the type */
    from_hmi("!bad-header");
    end();
}
END_TEST

/* ---- datagrams -------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_decode_transport__nv_u01_every_other_length__refused)
{
    begin();
    for (uint32_t len = 0; len < 64; len++) {
        build();
        w.b[w.ip + 25] = (uint8_t)len;
        wire_sum(&w);
        from_hmi(len == 28 ? "=" : "!bad-length");
    }
    end();
}
END_TEST

START_TEST(test_ps_inspect_datagram__nv_u03_more_or_less_than_one_pdu__refused)
{
    static const uint8_t pdus[24] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2, 0, 2, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2};
    begin();
    for (uint32_t len = 1; len <= sizeof pdus; len++) {
        wire_udp(&w, HMI, PLC, (const uint16_t[2]){5000, 502}, pdus, len);
        r.port = RIG_PORT_OPS;
        ck_assert_msg((rig_send(&r, &w).verdict == PS_VERDICT_PASS) == (len == 12), "%u octets", len);
        r.n_judged = 0;
    }
    end();
}
END_TEST

START_TEST(test_ps_plain_judge__nv_i07_igmp__only_by_rule)
{
    static const uint8_t report[16] = {0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3};
    begin();
    wire_ipv4(&w, HMI, IP(239, 1, 2, 3), 2, report, sizeof report);
    from_hmi("!no-rule");
    wire_ipv4(&w, HMI, IP(224, 0, 0, 22), 2, report, sizeof report);
    from_hmi("!no-zone");
    end();
}
END_TEST

UNIT_MAIN("fastpath/evasion_ip",
    test_ps_decode__nv_401_every_version_and_header_length__only_45,
    test_ps_decode__nv_401_lengths_and_reserved_bit__refused,
    test_ps_decode__nv_402_every_wrong_header_checksum__refused,
    test_ps_decode__nv_403_hop_limits__one_is_enough,
    test_ps_decode__nv_405_options__refused_whatever_they_are,
    test_ps_decode__nv_406_any_fragment__refused_where_nothing_else_is_said,
    test_ps_decode__nv_407_sources_that_nobody_has__refused,
    test_ps_decode__nv_408_service_of_a_datagram__passes,
    test_ps_plain_judge__nv_410_every_protocol__only_by_rule,
    test_ps_plain_judge__nv_411_nv_u05_groups_and_broadcast__only_by_rule,
    test_ps_decode__nv_601_every_extension_header__refused,
    test_ps_decode__nv_602_routing_headers__refused,
    test_ps_decode__nv_603_fragment_headers__refused,
    test_ps_decode__nv_604_lengths_that_disagree__refused,
    test_ps_decode__nv_607_checksums__with_the_pseudo_header,
    test_ps_decode__nv_608_icmp_of_the_other_family__refused,
    test_ps_decode_transport__nv_u01_every_other_length__refused,
    test_ps_inspect_datagram__nv_u03_more_or_less_than_one_pdu__refused,
    test_ps_plain_judge__nv_i07_igmp__only_by_rule)
