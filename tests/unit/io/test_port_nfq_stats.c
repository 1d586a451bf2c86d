/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq.h"

#include "unit.h"

static const char text[] = "    7  28605     3 2 65531    10     4       40  1\n"
                           "  100  28605     0 2 65531     0     0        0  1\n";

START_TEST(test_ps_nfq_stats_find__two_queues__the_one_that_was_meant)
{
    struct ps_io_queue_stats stats;
    ck_assert(ps_nfq_stats_find(text, 7, &stats));
    ck_assert_uint_eq(stats.number, 7);
    ck_assert_uint_eq(stats.waiting, 3);
    ck_assert_uint_eq(stats.lost, 14);
    ck_assert(ps_nfq_stats_find(text, 100, &stats));
    ck_assert_uint_eq(stats.waiting + stats.lost, 0);
}
END_TEST

START_TEST(test_ps_nfq_stats_find__no_such_queue__false)
{
    struct ps_io_queue_stats stats;
    ck_assert(!ps_nfq_stats_find(text, 10, &stats));
    ck_assert(!ps_nfq_stats_find("", 7, &stats));
    ck_assert(!ps_nfq_stats_find("\n\n7 nonsense", 7, &stats));
}
END_TEST

UNIT_MAIN("io/port_nfq_stats", test_ps_nfq_stats_find__two_queues__the_one_that_was_meant,
          test_ps_nfq_stats_find__no_such_queue__false)
