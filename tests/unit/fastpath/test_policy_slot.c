/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_slot.h"

#include "policy_slot_private.h"
#include "rig.h"
#include "unit.h"

static struct rig r;
static struct rig_policy p;
static struct wire wire;

static const char both_ways[] =
    "schema = 1; site = \"s\"; revision = 1;\n"
    "zones = (\n"
    "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
    "conduits = (\n"
    "  { name = \"there\"; from = \"ops\"; to = \"ctl\"; mode = \"monitor\"; allow = (\n"
    "    { name = \"a\"; protocol = \"icmp\"; } ); },\n"
    "  { name = \"back\"; from = \"ctl\"; to = \"ops\"; allow = ( { name = \"b\"; protocol = \"icmp\"; } ); } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; },\n"
    "  { name = \"p1\"; zones = [\"ctl\"]; } ); } );\n";

START_TEST(test_ps_policy_slot_new__nothing_changed__is_what_the_image_says)
{
    rig_policy_init(&p, both_ways, 5);
    ck_assert_uint_eq(ps_policy_slot_generation(p.slot), 5);
    ck_assert_uint_eq(ps_policy_slot_use(p.slot), PS_SLOT_UNUSED);
    ck_assert_uint_eq(ps_image_n_conduits(ps_policy_slot_image(p.slot)), 2);
    ck_assert_uint_eq(ps_policy_slot_mode(p.slot, 0), PS_MODE_MONITOR);
    ck_assert_uint_eq(ps_policy_slot_mode(p.slot, 1), PS_MODE_ENFORCE);
    ck_assert(!ps_policy_slot_is_closed(p.slot, 0) && !ps_policy_slot_is_closed(p.slot, PS_NONE));
    ck_assert(!ps_policy_slot_is_taken_up(p.slot) && !ps_policy_slot_is_settled(p.slot));
    rig_policy_fini(&p);
}
END_TEST

START_TEST(test_ps_policy_slot_close__one_and_all__each_is_taken_back_alone)
{
    rig_policy_init(&p, both_ways, 5);
    ps_policy_slot_close(p.slot, 1, true);
    ps_policy_slot_island(p.slot, true);
    ck_assert(ps_policy_slot_is_closed(p.slot, 0) && ps_policy_slot_is_closed(p.slot, 1));
    ps_policy_slot_island(p.slot, false);
    ck_assert(!ps_policy_slot_is_closed(p.slot, 0) && ps_policy_slot_is_closed(p.slot, 1));
    ps_policy_slot_set_mode(p.slot, 1, PS_MODE_MONITOR);
    ps_policy_slot_close(p.slot, 1, false);
    ck_assert(!ps_policy_slot_is_closed(p.slot, 1));
    ck_assert_uint_eq(ps_policy_slot_mode(p.slot, 1), PS_MODE_MONITOR);
    ps_policy_slot_set_mode(p.slot, 1, PS_MODE_OF_IMAGE);
    ck_assert_uint_eq(ps_policy_slot_mode(p.slot, 1), PS_MODE_ENFORCE);
    ps_policy_slot_close(p.slot, 2, true); /* there is none */
    ck_assert_uint_eq(p.slot->changes, 6);
    ps_policy_slot_island(p.slot, false); /* it is so already */
    ps_policy_slot_close(p.slot, 1, false);
    ck_assert_uint_eq(p.slot->changes, 6);
    rig_policy_fini(&p);
}
END_TEST

START_TEST(test_ps_policy_slot_apply__closed_or_another_mode__path_and_reason_say_so)
{
    rig_policy_init(&p, both_ways, 5);
    struct ps_path path = {.conduit = 0, .mode = PS_MODE_MONITOR, .granted = true};
    ps_policy_slot_set_mode(p.slot, 0, PS_MODE_ENFORCE);
    ck_assert_uint_eq(ps_policy_slot_apply(p.slot, PS_REASON_NO_RULE, &path), PS_REASON_NO_RULE);
    ck_assert_uint_eq(path.mode, PS_MODE_ENFORCE);
    ps_policy_slot_set_mode(p.slot, 0, PS_MODE_MONITOR);
    ps_policy_slot_close(p.slot, 0, true);
    ck_assert_uint_eq(ps_policy_slot_apply(p.slot, PS_REASON_NONE, &path), PS_REASON_ISLAND);
    ck_assert(path.mode == PS_MODE_ENFORCE && !path.granted);
    path = (struct ps_path){.conduit = PS_NONE};
    ps_policy_slot_island(p.slot, true);
    ck_assert_uint_eq(ps_policy_slot_apply(p.slot, PS_REASON_NO_CONDUIT, &path), PS_REASON_NO_CONDUIT);
    rig_policy_fini(&p);
}
END_TEST

START_TEST(test_ps_policy_slot_protocol__ports_of_dissectors_and_rules__theirs)
{
    static const char odd_port[] =
        "schema = 1; site = \"s\"; revision = 1;\n"
        "zones = (\n"
        "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
        "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
        "conduits = ( { name = \"there\"; from = \"ops\"; to = \"ctl\"; allow = (\n"
        "    { name = \"a\"; protocol = \"modbus\"; ports = [1502]; operations = [\"read\"]; } ); } );\n";
    rig_policy_init(&p, odd_port, 1);
    ck_assert_uint_eq(ps_policy_slot_protocol(p.slot, false, 502), PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(ps_policy_slot_protocol(p.slot, false, 1502), PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(ps_policy_slot_protocol(p.slot, true, 1502), PS_PROTOCOL_NONE);
    ck_assert_uint_eq(ps_policy_slot_protocol(p.slot, true, 20000), PS_PROTOCOL_DNP3);
    ck_assert_uint_eq(ps_policy_slot_protocol(p.slot, false, 80), PS_PROTOCOL_NONE);
    rig_policy_fini(&p);
}
END_TEST

/* Changes made before the swap hold from the first packet on. */
START_TEST(test_ps_engine_swap__closed_before__refused_from_the_first_packet_on)
{
    rig_init(&r, NULL);
    rig_policy_init(&p, both_ways, 2);
    ps_policy_slot_close(p.slot, 0, true);
    ck_assert(ps_engine_swap(r.engine, p.slot));
    ck_assert(ps_policy_slot_is_settled(p.slot));
    wire_icmp(&wire, IP(10, 0, 1, 1), IP(10, 0, 2, 1), (const uint8_t[8]){8, 0, 0, 0, 0, 1}, "x", 1);
    ck_assert_uint_eq(rig_send(&r, &wire).reason, PS_REASON_ISLAND);
    ck_assert_uint_eq(r.last.verdict, PS_VERDICT_DROP);
    struct ps_conduit_stats stats;
    ps_policy_slot_conduit_stats(p.slot, 0, &stats);
    ck_assert_uint_eq(stats.by_reason[PS_REASON_ISLAND], 1);
    struct ps_engine_stats all;
    ps_engine_stats_read(r.engine, &all);
    ck_assert_uint_eq(all.denied_by_reason[PS_REASON_ISLAND], 1);
    rig_fini(&r);
    rig_policy_fini(&p);
}
END_TEST

START_TEST(test_ps_policy_slot_close__one_of_two_directions__neighbours_still_find_each_other)
{
    rig_init(&r, NULL);
    rig_policy_init(&p, both_ways, 2);
    ck_assert(ps_engine_swap(r.engine, p.slot));
    ps_policy_slot_close(p.slot, 0, true);
    wire_arp(&wire, 1, IP(10, 0, 1, 1), IP(10, 0, 2, 1));
    ck_assert_uint_eq(rig_send(&r, &wire).verdict, PS_VERDICT_PASS);
    ps_policy_slot_close(p.slot, 1, true);
    ck_assert_uint_eq(rig_send(&r, &wire).reason, PS_REASON_ISLAND);
    rig_fini(&r);
    rig_policy_fini(&p);
}
END_TEST

/* The plant file of now counts gateways and ports in another order. */
START_TEST(test_ps_policy_slot_set_gateway__other_ports__senders_are_looked_for_behind_those)
{
    static const char turned[] =
        "schema = 1; site = \"s\"; revision = 2;\n"
        "zones = (\n"
        "  { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; },\n"
        "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; } );\n"
        "conduits = (\n"
        "  { name = \"there\"; from = \"ops\"; to = \"ctl\"; allow = ( { name = \"a\"; protocol = \"icmp\"; } ); } );\n"
        "gateways = ( { name = \"another\"; ports = ( { name = \"x\"; zones = [\"ops\"]; } ); },\n"
        "  { name = \"gw\"; ports = ( { name = \"p1\"; zones = [\"ctl\"]; },\n"
        "    { name = \"p0\"; zones = [\"ops\"]; } ); } );\n";
    static const uint16_t ports[PS_PORTS_MAX] = {1, 0};
    rig_init(&r, NULL);
    rig_policy_init(&p, turned, 2);
    ps_policy_slot_set_gateway(p.slot, 1, ports);
    ck_assert(ps_engine_swap(r.engine, p.slot));
    wire_icmp(&wire, IP(10, 0, 1, 1), IP(10, 0, 2, 1), (const uint8_t[8]){8, 0, 0, 0, 0, 1}, "x", 1);
    r.port = 0;
    ck_assert_uint_eq(rig_send(&r, &wire).verdict, PS_VERDICT_PASS);
    r.port = 1;
    ck_assert_uint_eq(rig_send(&r, &wire).reason, PS_REASON_SPOOFED);
    r.n_judged = 0;
    rig_fini(&r);
    rig_policy_fini(&p);
}
END_TEST

START_TEST(test_ps_policy_slot_state__swaps_and_changes__what_the_engine_says_once_it_has_taken_them_up)
{
    rig_init(&r, NULL);
    uint32_t first = ps_engine_state(r.engine);
    rig_policy_init(&p, both_ways, 9);
    ck_assert_uint_ne(ps_policy_slot_state(p.slot), first);
    ck_assert(ps_engine_swap(r.engine, p.slot));
    uint32_t second = ps_engine_state(r.engine);
    ck_assert_uint_eq(second, ps_policy_slot_state(p.slot));
    ps_policy_slot_close(p.slot, 0, true);
    ck_assert_uint_ne(ps_policy_slot_state(p.slot), second);
    ck_assert_uint_eq(ps_engine_state(r.engine), second);
    wire_arp(&wire, 1, HMI, PLC);
    rig_send(&r, &wire);
    ck_assert_uint_eq(ps_engine_state(r.engine), ps_policy_slot_state(p.slot));
    ck_assert_uint_lt(ps_engine_state(r.engine), UINT32_C(1) << 24);
    rig_fini(&r);
    rig_policy_fini(&p);
}
END_TEST

UNIT_MAIN("fastpath/policy_slot",
    test_ps_policy_slot_new__nothing_changed__is_what_the_image_says,
    test_ps_policy_slot_close__one_and_all__each_is_taken_back_alone,
    test_ps_policy_slot_apply__closed_or_another_mode__path_and_reason_say_so,
    test_ps_policy_slot_protocol__ports_of_dissectors_and_rules__theirs,
    test_ps_engine_swap__closed_before__refused_from_the_first_packet_on,
    test_ps_policy_slot_close__one_of_two_directions__neighbours_still_find_each_other,
    test_ps_policy_slot_set_gateway__other_ports__senders_are_looked_for_behind_those,
          test_ps_policy_slot_state__swaps_and_changes__what_the_engine_says_once_it_has_taken_them_up)
