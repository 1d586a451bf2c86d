/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_evasion_link.c - frames and IP headers, at a gateway; docs/evasion.md has the rows. Everything that is built here is a
 * request that the plant grants (HMI asks PLC for the time) but for the row itself.
 */
#include "decode.h"

#include "gate_rig.h"

static void build(void)
{
    build_udp(HMI, PLC, 5000, 123);
}

static uint8_t *ip(void)
{
    return w.b + w.ip;
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_decode__nv_l02_frame_shorter_than_its_packet__cut_frame)
{
    begin();
    build();
    for (uint32_t len = w.len; len > 0; len--) {
        w.len = len - 1;
        from_hmi("!cut-frame");
    }
    build();
    from_hmi("=");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l03_priority_tags__as_without_a_tag)
{
    static const uint16_t types[] = {0x8100, 0x88a8};
    begin();
    for (unsigned row = 0; row < 8; row++) {
        build();
        wire_tag(&w, types[row & 1], 0xe000);
        if (row & 4)
            wire_tag(&w, types[row >> 1 & 1], 0);
        from_hmi("=");
        build(); /* and the rules are the same */
        w.b[w.ip + 23] = 124;
        wire_sum(&w);
        build_udp(HMI, PLC, 5000, 124);
        wire_tag(&w, types[row & 1], 0);
        from_hmi("!no-rule");
    }
    ck_assert_uint_eq(rig_stats(&r)->flows_now, 2);
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l04_tags_one_in_another__two_at_most)
{
    begin();
    for (unsigned depth = 0; depth <= 8; depth++) {
        for (uint16_t vid = 0; vid <= 20; vid = (uint16_t)(vid + 20)) {
            build();
            for (unsigned i = 0; i < depth; i++)
                wire_tag(&w, i == 1 ? 0x88a8 : 0x8100, vid);
            from_hmi(depth <= 2 ? "=" : "!vlan");
        }
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l04_foreign_tag_types__refused_alone_and_inside)
{
    static const uint16_t types[] = {0x9100, 0x9200, 0x9300};
    begin();
    for (size_t i = 0; i < 3 * sizeof types / sizeof types[0]; i++) {
        build();
        if (i % 3 == 1)
            wire_tag(&w, 0x8100, 20); /* the foreign one outside */
        wire_tag(&w, types[i / 3], i % 3 ? 20 : 0);
        if (i % 3 == 2)
            wire_tag(&w, 0x8100, 20);
        from_hmi("!vlan");
    }
    build(); /* a type that nobody knows */
    wire_tag(&w, 0x9400, 20);
    from_hmi("!no-zone");
    end();
}
END_TEST

/* RFC 1042, 802.1H, and the LSAP that IP had once. */
START_TEST(test_ps_decode__nv_l05_ip_behind_llc__refused)
{
    static const uint8_t heads[][8] = {{0xaa, 0xaa, 3, 0, 0, 0, 8, 0},    {0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0},
                                       {0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd}, {0xab, 0xaa, 3, 0, 0, 0, 8, 0},
                                       {0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0}, {0xaa, 0xaa, 3, 0, 0, 0, 8, 6}, {6, 6, 3}};
    uint8_t body[64];
    begin();
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        build();
        uint32_t head = heads[i][0] == 6 ? 3 : 8, len = w.len - w.ip;
        memcpy(body, heads[i], head);
        memcpy(body + head, ip(), 48);
        wire_frame(&w, (uint16_t)(head + len), body, head + len);
        from_hmi(i < 3 ? "!encapsulation" : "!no-zone");
    }
    for (uint16_t length = 1501; length < 0x600; length++) { /* neither a length nor a type */
        wire_frame(&w, length, body, 46);
        from_hmi("!bad-length");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l06_tunnels__refused)
{
    static const uint16_t types[] = {0x8847, 0x8848, 0x8863, 0x8864, 0x88e5, 0x88e7, 0x6558, 0x880b, 0x894f};
    static const uint8_t protos[] = {4, 41, 47, 55, 94, 97, 98, 115, 137, 143};
    static const uint16_t ports[] = {1701, 2152, 3544, 3799, 4341, 4500, 4754, 4789, 4790, 6081, 6635, 8472, 51820};
    uint8_t inner[48];
    begin();
    build();
    memcpy(inner, ip(), sizeof inner);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        wire_frame(&w, types[i], inner, sizeof inner);
        from_hmi("!encapsulation");
    }
    for (size_t i = 0; i < sizeof protos; i++) {
        wire_ipv4(&w, HMI, PLC, protos[i], inner, sizeof inner);
        from_hmi("!encapsulation");
    }
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) { /* VXLAN, GENEVE, Teredo and others: by rule */
        build_udp(HMI, PLC, ports[i], ports[i]);
        from_hmi("!no-rule");
    }
    end();
}
END_TEST

START_TEST(test_ps_plain_judge__nv_l07_every_ethertype__only_by_rule)
{
    static const uint8_t payload[46] = {0};
    begin();
    for (uint32_t type = 0x600; type <= 0xffff; type += type < 0x8800 || type > 0x8900 ? 61 : 1) {
        if (type == 0x800 || type == 0x806 || type == 0x86dd || type == 0x8100 || type == 0x88a8)
            continue;
        wire_frame(&w, (uint16_t)type, payload, sizeof payload);
        r.port = RIG_PORT_OPS;
        ck_assert_uint_eq(rig_send(&r, &w).verdict, PS_VERDICT_DROP);
        r.n_judged = 0;
        rig_events(&r, PS_EVENT_NONE, NULL);
    }
    end();
}
END_TEST

/* Redundancy of PRP: six octets behind the packet, which nobody behind a gateway needs. */
START_TEST(test_ps_inline_trim__nv_l07_prp_trailer__cut)
{
    begin();
    build();
    memcpy(w.b + w.len, (const uint8_t[]){0, 1, 0xa0, 48, 0x88, 0xfb}, 6);
    w.len += 6;
    from_hmi("~62");
    end();
}
END_TEST

START_TEST(test_ps_arp_judge__nv_l08_malformed_gratuitous_and_rarp__refused)
{
    static const uint8_t rows[][2] = {{1, 6}, {2, 0x86}, {4, 8}, {4, 0}, {5, 16}, {7, 3}, {7, 8}, {8, 1}, {14, 239}};
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wire_arp(&w, 1, HMI, PLC);
        w.b[WIRE_L2 + rows[i][0]] = rows[i][1];
        from_hmi("!bad-arp");
    }
    for (uint16_t op = 1; op <= 2; op++) { /* HMI has a MAC in the plant */
        wire_arp(&w, op, HMI, PLC);
        from_hmi("=");
        wire_arp(&w, op, HMI, PLC);
        w.b[WIRE_L2 + 13] = 0x55;
        from_hmi("!mac-binding");
        wire_arp(&w, op, HMI, HMI); /* gratuitous, with another MAC */
        w.b[WIRE_L2 + 13] = 0x55;
        from_hmi("!mac-binding");
        wire_arp(&w, op, DESK, PLC);
        from_hmi("!no-conduit");
    }
    wire_arp(&w, 3, HMI, PLC);
    w.b[12] = 0x80, w.b[13] = 0x35; /* RARP */
    from_hmi("!no-zone");
    end();
}
END_TEST

START_TEST(test_ps_admit__nv_l08_other_mac_than_bound__refused_on_every_packet)
{
    begin();
    build();
    w.b[11] = 0x55;
    from_hmi("!mac-binding");
    build();
    from_hmi("=");
    build();
    w.b[11] = 0x55;
    from_hmi("!mac-binding");
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l09_source_mac_of_a_group_or_none__refused)
{
    begin();
    build();
    w.b[6] |= 1;
    from_hmi("!bad-address");
    build();
    memset(w.b + 6, 0xff, 6);
    from_hmi("!bad-address");
    build();
    memset(w.b + 6, 0, 6);
    from_hmi("!bad-address");
    end();
}
END_TEST

START_TEST(test_ps_engine_burst__nv_l10_jumbo_and_giant__judged_to_the_end)
{
    static uint8_t data[65507];
    begin();
    for (uint32_t len = 1473; len <= sizeof data; len += len < 9100 ? 509 : 7001) {
        static uint8_t datagram[65535];
        const uint8_t head[8] = {0x13, 0x88, 0, 123, (uint8_t)((len + 8) >> 8), (uint8_t)(len + 8)};
        memcpy(datagram, head, sizeof head);
        memcpy(datagram + 8, data, len);
        wire_ipv4(&w, HMI, PLC, 17, datagram, len + 8);
        from_hmi("=");
        w.b[w.len - 1] ^= 1;
        from_hmi("!bad-checksum");
    }
    end();
}
END_TEST

START_TEST(test_ps_decode__nv_l11_frames_of_the_link__only_by_rule)
{
    static const uint8_t payload[46] = {0, 1, 0xff, 0xff};
    begin();
    wire_frame(&w, 0x8808, payload, sizeof payload); /* pause */
    memcpy(w.b, (const uint8_t[]){1, 0x80, 0xc2, 0, 0, 1}, 6);
    from_hmi("!no-zone");
    wire_frame(&w, 0x88cc, payload, sizeof payload);
    memcpy(w.b, (const uint8_t[]){1, 0x80, 0xc2, 0, 0, 0xe}, 6);
    from_hmi("!no-zone");
    end();
}
END_TEST

UNIT_MAIN("fastpath/evasion_link",
    test_ps_decode__nv_l02_frame_shorter_than_its_packet__cut_frame,
    test_ps_decode__nv_l03_priority_tags__as_without_a_tag,
    test_ps_decode__nv_l04_tags_one_in_another__two_at_most,
    test_ps_decode__nv_l04_foreign_tag_types__refused_alone_and_inside,
    test_ps_decode__nv_l05_ip_behind_llc__refused,
    test_ps_decode__nv_l06_tunnels__refused,
    test_ps_plain_judge__nv_l07_every_ethertype__only_by_rule,
    test_ps_inline_trim__nv_l07_prp_trailer__cut,
    test_ps_arp_judge__nv_l08_malformed_gratuitous_and_rarp__refused,
    test_ps_admit__nv_l08_other_mac_than_bound__refused_on_every_packet,
    test_ps_decode__nv_l09_source_mac_of_a_group_or_none__refused,
    test_ps_engine_burst__nv_l10_jumbo_and_giant__judged_to_the_end,
    test_ps_decode__nv_l11_frames_of_the_link__only_by_rule)
