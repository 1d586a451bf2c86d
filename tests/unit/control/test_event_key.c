/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "event_key.h"
#include "unit.h"

static struct ps_event a, b;

static void begin(void)
{
    a = (struct ps_event){.kind = PS_EVENT_DENY, .what = PS_JUDGED_PDU, .reason = PS_REASON_NO_RULE, .ip_proto = 6,
                          .client_port = 40000, .server_port = 502, .conduit = 1, .client_asset = PS_NONE,
                          .server_asset = PS_NONE, .client = {0, 1}, .server = {0, 2}};
    strcpy(a.operation, "modbus x");
    b = a;
}

static bool equal(void)
{
    return ps_event_key_equal(&a, &b) && ps_event_key_hash(&a) == ps_event_key_hash(&b);
}

START_TEST(test_ps_event_key_equal__other_time_port_and_place__equal)
{
    begin();
    b.client_port = 40001;
    b.time_ns = b.number = 7;
    ck_assert(equal());
}
END_TEST

START_TEST(test_ps_event_key_equal__one_asset_with_two_addresses__equal)
{
    begin();
    a.client_asset = b.client_asset = 3;
    b.client.lo = 9;
    ck_assert(equal());
}
END_TEST

START_TEST(test_ps_event_key_equal__anything_else__differs)
{
    begin(), b.client.lo = 9;
    ck_assert(!equal());
    begin(), b.reason = PS_REASON_NO_CONDUIT;
    ck_assert(!equal());
    begin(), b.server_port = 503;
    ck_assert(!equal());
    begin(), b.conduit = 2;
    ck_assert(!equal());
    begin(), b.dir = PS_TO_CLIENT;
    ck_assert(!equal());
    begin(), strcpy(b.operation, "modbus y");
    ck_assert(!equal());
}
END_TEST

UNIT_MAIN("control/event_key", test_ps_event_key_equal__other_time_port_and_place__equal,
          test_ps_event_key_equal__one_asset_with_two_addresses__equal,
          test_ps_event_key_equal__anything_else__differs)
