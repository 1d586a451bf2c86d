/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats_json.h"
#include "unit.h"

static json_int_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

START_TEST(test_ps_reasons_json__counts__only_what_occurred)
{
    uint64_t by_reason[PS_N_REASONS] = {0};
    json_t *o;

    by_reason[PS_REASON_NO_RULE] = 3;
    o = ps_reasons_json(by_reason);
    ck_assert_uint_eq(json_object_size(o), 1);
    ck_assert_int_eq(number(o, "no-rule"), 3);
    json_decref(o);
}
END_TEST

START_TEST(test_ps_classes_json__nothing_counted__every_class)
{
    uint64_t by_class[PS_N_CLASSES] = {0};
    json_t *o = ps_classes_json(by_class);

    ck_assert_uint_eq(json_object_size(o), PS_N_CLASSES);
    ck_assert_ptr_nonnull(json_object_get(o, "policy"));
    json_decref(o);
}
END_TEST

START_TEST(test_ps_pdus_json__one_protocol_spoken__it_alone)
{
    struct ps_engine_stats s = {0};
    json_t *o;

    s.pdus[PS_PROTOCOL_MODBUS].denied = 2;
    o = ps_pdus_json(&s);
    ck_assert_uint_eq(json_object_size(o), 1);
    ck_assert_int_eq(number(json_object_get(o, "modbus"), "denied"), 2);
    json_decref(o);
}
END_TEST

/* All of the struct's numbers but those that have objects of their own: who adds one is reminded here. */
START_TEST(test_ps_engine_json__each_counter__by_its_name)
{
    struct ps_engine_stats s = {.packets = 1, .stale = UINT32_MAX + UINT64_C(7)};
    size_t own = sizeof s.pdus + sizeof s.denied_by_class + sizeof s.denied_by_reason;
    json_t *o = ps_engine_json(&s);

    ck_assert_uint_eq(json_object_size(o), (sizeof s - own) / sizeof(uint64_t));
    ck_assert_int_eq(number(o, "packets"), 1);
    ck_assert_int_eq(number(o, "stale"), (json_int_t)UINT32_MAX + 7);
    json_decref(o);
}
END_TEST

UNIT_MAIN("control/stats_json", test_ps_reasons_json__counts__only_what_occurred,
          test_ps_classes_json__nothing_counted__every_class, test_ps_pdus_json__one_protocol_spoken__it_alone,
          test_ps_engine_json__each_counter__by_its_name)
