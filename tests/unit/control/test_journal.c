/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "sinks.h"
#include "unit.h"

static struct ps_event refusal(uint16_t port)
{
    return (struct ps_event){.time_ns = 1, .kind = PS_EVENT_DENY, .what = PS_JUDGED_FLOW,
                             .reason = PS_REASON_NO_CONDUIT, .ip_proto = 6, .client_port = 40000, .server_port = port,
                             .conduit = PS_NONE, .rule = PS_NONE, .client_asset = PS_NONE, .server_asset = PS_NONE,
                             .client_zone = PS_NONE, .server_zone = PS_NONE};
}

START_TEST(test_ps_journal_last__more_than_it_keeps__the_newest_first)
{
    struct ps_journal journal = {.gateway = "gw-1"};
    json_t *last;

    for (uint16_t i = 1; i <= PS_JOURNAL_LAST + 3; i++) {
        struct ps_event e = refusal(i);

        ps_journal_event(&journal, NULL, &e);
    }
    last = ps_journal_last(&journal);
    ck_assert_uint_eq(json_array_size(last), PS_JOURNAL_LAST);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(last, 0), "flow")), "tcp/19");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(last, 15), "flow")), "tcp/4");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(last, 0), "gateway")), "gw-1");
    ck_assert_uint_eq(journal.n_refusals, PS_JOURNAL_LAST + 3);
    json_decref(last);
    ps_journal_fini(&journal);
}
END_TEST

START_TEST(test_ps_journal_last__flow_ended__no_refusal)
{
    struct ps_journal journal = {.gateway = "gw-1"};
    struct ps_event e = refusal(1);
    json_t *last;

    e.kind = PS_EVENT_FLOW_END;
    e.reason = PS_REASON_NONE;
    ps_journal_event(&journal, NULL, &e);
    last = ps_journal_last(&journal);
    ck_assert_uint_eq(json_array_size(last), 0);
    ck_assert_uint_eq(journal.n_events, 1);
    json_decref(last);
    ps_journal_fini(&journal);
}
END_TEST

START_TEST(test_ps_journal_mode__somebody__who_is_named)
{
    char path[] = "/tmp/penstock-journal.XXXXXX", line[512] = "";
    int fd = mkstemp(path);
    struct ps_config_sink place = {.kind = PS_CONFIG_SINK_FILE, .path = path};
    struct ps_config config = {.gateway = "gw-1", .sinks = &place, .n_sinks = 1};
    struct ps_peer who = {.uid = UINT32_MAX - 1, .pid = 7, .name = "alice"};
    struct ps_error err;
    struct ps_journal journal = {.gateway = "gw-1", .sinks = ps_sinks_new(&config, &err)};
    json_t *o;

    ps_journal_mode(&journal, &who, "shutdown", json_pack("{s:s}", "x", "y"));
    ps_sinks_free(journal.sinks);
    ck_assert_int_gt(read(fd, line, sizeof line - 1), 0);
    o = json_loads(line, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(o, "kind")), "mode");
    ck_assert_str_eq(json_string_value(json_object_get(o, "did")), "shutdown");
    ck_assert_str_eq(json_string_value(json_object_get(o, "who")), "alice");
    ck_assert_int_eq(json_integer_value(json_object_get(o, "uid")), UINT32_MAX - 1);
    ck_assert_str_eq(json_string_value(json_object_get(o, "x")), "y");
    json_decref(o);
    close(fd);
    unlink(path);
    ps_journal_fini(&journal);
}
END_TEST

UNIT_MAIN("control/journal", test_ps_journal_last__more_than_it_keeps__the_newest_first,
          test_ps_journal_last__flow_ended__no_refusal, test_ps_journal_mode__somebody__who_is_named)
