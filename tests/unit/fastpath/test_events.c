/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include <pthread.h>

#include "unit.h"

START_TEST(test_event_ring_put__not_published__is_nobodys)
{
    struct ps_event_ring ring;
    struct ps_event out[4];
    ck_assert(ps_event_ring_init(&ring, 16));
    ps_event_ring_put(&ring)->number = 7;
    ck_assert_uint_eq(ps_event_ring_take(&ring, out, 4), 0);
    ps_event_ring_publish(&ring);
    ck_assert_uint_eq(ps_event_ring_take(&ring, out, 4), 1);
    ck_assert_uint_eq(out[0].number, 7);
    ps_event_ring_fini(&ring);
}
END_TEST

START_TEST(test_event_ring_put__full__loses_the_newest)
{
    struct ps_event_ring ring;
    struct ps_event out[32];
    ck_assert(ps_event_ring_init(&ring, 16));
    for (unsigned i = 0; i < 16; i++) {
        ps_event_ring_put(&ring)->number = i;
        ps_event_ring_publish(&ring);
    }
    ck_assert_ptr_null(ps_event_ring_put(&ring));
    ck_assert_uint_eq(ps_event_ring_take(&ring, out, 1), 1);
    ck_assert_uint_eq(out[0].number, 0);
    ck_assert_ptr_nonnull(ps_event_ring_put(&ring));
    ck_assert_uint_eq(ps_event_ring_take(&ring, out, 32), 15);
    ps_event_ring_fini(&ring);
}
END_TEST

#define N_MANY 200000u

static void *take_all(void *arg)
{
    struct ps_event_ring *ring = arg;
    struct ps_event out[8];
    uint64_t next = 0, wrong = 0;
    while (next < N_MANY) {
        uint32_t n = ps_event_ring_take(ring, out, 8);
        for (uint32_t i = 0; i < n; i++, next++)
            wrong += out[i].number != next || out[i].packets != ~next;
    }
    return wrong ? arg : NULL;
}

START_TEST(test_event_ring_take__another_thread__sees_whole_events_in_order)
{
    struct ps_event_ring ring;
    pthread_t taker;
    void *wrong = &ring;
    ck_assert(ps_event_ring_init(&ring, 16));
    ck_assert_int_eq(pthread_create(&taker, NULL, take_all, &ring), 0);
    for (uint64_t i = 0; i < N_MANY;) {
        struct ps_event *event = ps_event_ring_put(&ring);
        if (!event)
            continue;
        event->number = i;
        event->packets = ~i++;
        ps_event_ring_publish(&ring);
    }
    ck_assert_int_eq(pthread_join(taker, &wrong), 0);
    ck_assert_ptr_null(wrong);
    ps_event_ring_fini(&ring);
}
END_TEST

UNIT_MAIN("fastpath/events", test_event_ring_put__not_published__is_nobodys,
          test_event_ring_put__full__loses_the_newest,
          test_event_ring_take__another_thread__sees_whole_events_in_order)
