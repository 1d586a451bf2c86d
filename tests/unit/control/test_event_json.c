/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "event_json.h"
#include "unit.h"

static struct ps_event an_event(void)
{
    return (struct ps_event){.time_ns = 1, .kind = PS_EVENT_DENY, .what = PS_JUDGED_PDU, .reason = PS_REASON_NO_RULE,
                             .dir = PS_TO_SERVER, .ip_proto = 6, .client_port = 40000, .server_port = 502,
                             .protocol = PS_PROTOCOL_MODBUS, .conduit = PS_NONE, .rule = PS_NONE,
                             .client_asset = PS_NONE, .server_asset = PS_NONE, .client_zone = PS_NONE,
                             .server_zone = PS_NONE, .len = 12};
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

START_TEST(test_ps_event_json__live__neither_file_nor_packet)
{
    struct ps_event e = an_event();
    json_t *o = ps_event_json(NULL, NULL, NULL, &e);

    ck_assert_str_eq(text_of(o, "kind"), "deny");
    ck_assert_str_eq(text_of(o, "reason"), "no-rule");
    ck_assert_str_eq(text_of(o, "class"), "policy");
    ck_assert_str_eq(text_of(o, "what"), "pdu");
    ck_assert_str_eq(text_of(o, "direction"), "to-server");
    ck_assert_str_eq(text_of(o, "flow"), "tcp/502");
    ck_assert_ptr_null(json_object_get(o, "file"));
    ck_assert_ptr_null(json_object_get(o, "packet"));
    ck_assert_ptr_null(json_object_get(o, "digest"));
    ck_assert_ptr_null(json_object_get(o, "fault_at"));
    json_decref(o);
}
END_TEST

/* The policy whose numbers these are is gone. */
START_TEST(test_ps_event_json__numbers_without_an_image__left_out)
{
    struct ps_event e = an_event();
    json_t *o;

    e.conduit = e.rule = e.client_asset = e.server_asset = e.client_zone = e.server_zone = 3;
    o = ps_event_json(NULL, NULL, NULL, &e);
    ck_assert_ptr_null(json_object_get(o, "conduit"));
    ck_assert_ptr_null(json_object_get(o, "rule"));
    ck_assert_ptr_null(json_object_get(o, "source"));
    ck_assert_ptr_null(json_object_get(json_object_get(o, "client"), "asset"));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(o, "client"), "address"));
    json_decref(o);
}
END_TEST

START_TEST(test_ps_event_json__capture__file_and_packet)
{
    struct ps_event e = an_event();
    json_t *o;

    e.number = 4711;
    e.vlan = 7;
    o = ps_event_json(NULL, "d1", "day.pcap", &e);
    ck_assert_str_eq(text_of(o, "file"), "day.pcap");
    ck_assert_int_eq(json_integer_value(json_object_get(o, "packet")), 4711);
    ck_assert_int_eq(json_integer_value(json_object_get(o, "vlan")), 7);
    ck_assert_str_eq(text_of(o, "digest"), "d1");
    json_decref(o);
}
END_TEST

UNIT_MAIN("control/event_json", test_ps_event_json__live__neither_file_nor_packet,
          test_ps_event_json__numbers_without_an_image__left_out, test_ps_event_json__capture__file_and_packet)
