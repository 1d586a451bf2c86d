/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "flood.h"
#include "journal.h"
#include "unit.h"

static struct ps_event an_event(uint16_t port, uint64_t time_ns)
{
    return (struct ps_event){.time_ns = time_ns, .kind = PS_EVENT_DENY, .what = PS_JUDGED_FLOW,
                             .reason = PS_REASON_NO_CONDUIT, .ip_proto = 6, .client_port = 40000, .server_port = port,
                             .conduit = PS_NONE, .rule = PS_NONE, .client_asset = PS_NONE, .server_asset = PS_NONE,
                             .client_zone = PS_NONE, .server_zone = PS_NONE};
}

static struct ps_flood_count counts[4];
static unsigned n_counts, n_rests;

static void on_tell(void *ctx, json_t *o, const struct ps_flood_count *count)
{
    (void)ctx;
    n_rests += o == NULL;
    json_decref(o);
    counts[n_counts++ % 4] = *count;
}

static unsigned take(struct ps_flood *flood, const struct ps_event *e)
{
    enum ps_flood_way way = ps_flood_take(flood, e);

    if (way == PS_FLOOD_HELD)
        ps_flood_hold(flood, json_object());
    return way;
}

START_TEST(test_ps_flood_take__equal_events__first_ones_told_others_counted)
{
    struct ps_flood *flood = ps_flood_new();
    unsigned n_told = 0;

    for (unsigned i = 1; i <= 100; i++) {
        struct ps_event e = an_event(502, i);

        n_told += take(flood, &e) == PS_FLOOD_TOLD;
    }
    ck_assert_uint_eq(n_told, PS_FLOOD_FIRST);
    ps_flood_flush(flood, on_tell, NULL);
    ck_assert_uint_eq(n_counts, 1);
    ck_assert_uint_eq(counts[0].n, 100 - PS_FLOOD_FIRST);
    ck_assert_uint_eq(counts[0].first_ns, PS_FLOOD_FIRST + 1);
    ck_assert_uint_eq(counts[0].last_ns, 100);
    ps_flood_flush(flood, on_tell, NULL); /* nothing more */
    ck_assert_uint_eq(n_counts, 1);
    ps_flood_free(flood);
}
END_TEST

START_TEST(test_ps_flood_take__other_rule_or_policy__not_equal)
{
    struct ps_flood *flood = ps_flood_new();
    struct ps_event e = an_event(502, 1);

    for (unsigned i = 0; i < PS_FLOOD_FIRST; i++)
        take(flood, &e);
    e.rule = 1;
    ck_assert_int_eq(take(flood, &e), PS_FLOOD_TOLD);
    e.generation = 2;
    ck_assert_int_eq(take(flood, &e), PS_FLOOD_TOLD);
    ps_flood_free(flood);
}
END_TEST

START_TEST(test_ps_flood_take__more_different_ones_than_lines__counted_together)
{
    struct ps_flood *flood = ps_flood_new();

    for (unsigned i = 0; i < PS_FLOOD_KEYS + 10; i++) {
        struct ps_event e = an_event((uint16_t)(i + 1), i);

        ck_assert_int_eq(take(flood, &e), i < PS_FLOOD_KEYS ? PS_FLOOD_TOLD : PS_FLOOD_COUNTED);
    }
    ps_flood_flush(flood, on_tell, NULL);
    ck_assert_uint_eq(n_rests, 1);
    ck_assert_uint_eq(counts[0].n, 10);
    ck_assert_uint_eq(counts[0].last_ns, PS_FLOOD_KEYS + 9);
    for (unsigned i = 0; i < 2; i++) { /* the next second has room again */
        struct ps_event e = an_event(60000, i);

        ck_assert_int_eq(take(flood, &e), PS_FLOOD_TOLD);
    }
    ps_flood_free(flood);
}
END_TEST

START_TEST(test_ps_flood_free__something_held__forgotten)
{
    struct ps_flood *flood = ps_flood_new();
    struct ps_event e = an_event(502, 1);

    for (unsigned i = 0; i < 10; i++)
        take(flood, &e);
    ps_flood_free(flood);
    ps_flood_free(NULL);
}
END_TEST

/* With the journal: what is told accounts for everything, and a single one that was held has no count. */
START_TEST(test_ps_journal_flush__flood__counts_add_up)
{
    struct ps_journal journal = {.gateway = "gw-1", .flood = ps_flood_new()};
    struct ps_event e = an_event(502, 1), other = an_event(80, 2);
    json_t *last;
    json_int_t n = 0;

    for (unsigned i = 0; i < 50; i++)
        ps_journal_event(&journal, NULL, &e);
    for (unsigned i = 0; i < PS_FLOOD_FIRST + 1; i++)
        ps_journal_event(&journal, NULL, &other);
    ck_assert_uint_eq(journal.n_events, 2 * PS_FLOOD_FIRST);
    ps_journal_flush(&journal);
    last = ps_journal_last(&journal);
    ck_assert_uint_eq(json_array_size(last), 2 * PS_FLOOD_FIRST + 2);
    for (size_t i = 0; i < json_array_size(last); i++) {
        const json_t *count = json_object_get(json_array_get(last, i), "count");

        n += count != NULL ? json_integer_value(count) : 1;
        ck_assert(count == NULL || json_integer_value(count) == 50 - PS_FLOOD_FIRST);
    }
    ck_assert_int_eq(n, 50 + PS_FLOOD_FIRST + 1);
    ck_assert_uint_eq(journal.n_refusals, 50 + PS_FLOOD_FIRST + 1);
    ck_assert_uint_eq(journal.n_held, 50 + 1 - PS_FLOOD_FIRST);
    json_decref(last);
    ps_journal_fini(&journal);
}
END_TEST

UNIT_MAIN("control/flood", test_ps_flood_take__equal_events__first_ones_told_others_counted,
          test_ps_flood_take__other_rule_or_policy__not_equal,
          test_ps_flood_take__more_different_ones_than_lines__counted_together,
          test_ps_flood_free__something_held__forgotten, test_ps_journal_flush__flood__counts_add_up)
