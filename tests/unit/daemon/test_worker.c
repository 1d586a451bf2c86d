/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode.h"
#include "fake_port.h"
#include "packets.h"
#include "rig.h"
#include "unit.h"

#define MS UINT64_C(1000000)

/* The rig's plant, with a crew instead of its engine. */
static struct rig r;
static struct ps_io io;
static struct ps_ways ways;
static struct ps_crew *crew;
static const uint16_t ports[PS_PORTS_MAX] = {RIG_PORT_OPS, RIG_PORT_FIELD};

static void start(uint32_t n_workers)
{
    struct ps_engine_config engine;
    char err[128];
    rig_init(&r, NULL);
    memset(&io, 0, sizeof io);
    ps_engine_config_init(&engine);
    engine.inline_ = true;
    engine.n_flows = 1024;
    engine.gateway = 0;
    ps_ways_init(&ways, &r.image, 0, ports, 2);
    const struct ps_crew_config config = {.io = &io, .n_ports = 2, .n_workers = n_workers, .engine = &engine,
                                          .image = &r.image, .ways = &ways};
    crew = ps_crew_start(&config, err, sizeof err);
    ck_assert_msg(crew != NULL, "%s", err);
}

static void finish(void)
{
    ps_crew_free(crew);
    rig_fini(&r);
}

static void in(uint32_t burst, uint32_t port, const struct wire *w)
{
    fake_port_in(&io, burst, port, w->b, w->len);
}

static const struct wire *ping(uint32_t src, uint32_t dst, uint8_t number)
{
    static struct wire w;
    const uint8_t head[8] = {8, 0, 0, 0, 0, 1, 0, number};
    wire_icmp(&w, src, dst, head, "abcd", 4);
    return &w;
}

/* A SYN with an option that does not survive. */
static const struct wire *syn(void)
{
    static struct wire w;
    static const uint8_t timestamps[12] = {8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1};
    struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = 40000, .dst_port = 502, .seq = 99,
                           .flags = 2, .options = timestamps, .options_len = 12};
    wire_tcp(&w, &tcp);
    return &w;
}

static bool do_nothing(struct ps_engine *engine, uint32_t worker, void *arg)
{
    (void)engine;
    (void)worker;
    (void)arg;
    return true;
}

static void settle(void)
{
    const struct ps_request request = {.run = do_nothing};
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(ps_crew_ask(crew, &request, 10000), PS_ANSWER_DONE);
}

START_TEST(test_ps_crew__burst__own_frames_leave_where_their_packets_stood)
{
    start(1);
    in(1, 0, ping(HMI, PLC, 1));
    in(1, 0, syn());
    in(1, 0, ping(HMI, PLC, 2));
    ck_assert(fake_port_await(&io, 3));
    ps_crew_stop(crew);
    ck_assert_uint_eq(io.n_out, 3);
    ck_assert(!io.out[0].own && io.out[1].own && !io.out[2].own);
    ck_assert_uint_eq(io.out[0].b[41], 1);
    ck_assert_uint_eq(io.out[1].b[23], 6);
    ck_assert_uint_eq(io.out[2].b[41], 2);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(io.out[i].ports, PS_IO_PORT(1));
    ck_assert_uint_ge(io.n_flushes, 1);
    ck_assert_uint_eq(io.n_replaced, 1); /* what is sent instead of the SYN goes its way */
    finish();
}
END_TEST

/* One end of a connection that is being opened, or open. */
static void say(uint32_t burst, unsigned from_server, uint8_t flags, uint32_t number)
{
    static struct wire w;
    const struct wire_tcp tcp = {.src = from_server ? PLC : HMI, .dst = from_server ? HMI : PLC,
                                 .src_port = from_server ? 502 : 40000, .dst_port = from_server ? 40000 : 502,
                                 .seq = 100 + number, .ack = flags & PS_TCP_ACK ? 101 : 0, .flags = flags};
    wire_tcp(&w, &tcp);
    in(burst, from_server, &w);
}

START_TEST(test_ps_crew__steady_connection__leaves_in_runs_and_in_order)
{
    static const uint32_t froms[] = {0, 0, 0, 0, 1, 0, 0};
    start(1);
    say(1, 0, PS_TCP_SYN, 0);
    say(1, 1, PS_TCP_SYN | PS_TCP_ACK, 0);
    say(1, 0, PS_TCP_ACK, 1);
    ck_assert(fake_port_await(&io, 3));
    settle();
    uint32_t passes = io.n_passes;
    __atomic_store_n(&io.held, 1, __ATOMIC_RELEASE);
    settle();
    for (uint32_t i = 0; i < 3; i++)
        say(2, 0, PS_TCP_ACK, 1);
    in(2, 0, ping(HMI, PLC, 1));
    say(2, 1, PS_TCP_ACK, 1);
    say(2, 0, PS_TCP_ACK, 1);
    say(2, 0, PS_TCP_ACK, 1);
    __atomic_store_n(&io.held, 0, __ATOMIC_RELEASE);
    ck_assert(fake_port_await(&io, 10));
    settle();
    ps_crew_stop(crew);
    ck_assert_uint_eq(io.n_out, 10);
    for (uint32_t i = 0; i < 7; i++)
        ck_assert_uint_eq(io.out[3 + i].ports, PS_IO_PORT(1 - froms[i]));
    ck_assert_uint_eq(io.out[6].b[23], 1); /* the echo request kept its place */
    ck_assert_uint_eq(io.n_passes - passes, 4); /* three, the echo request, one, two */
    finish();
}
END_TEST

START_TEST(test_ps_crew__inside_one_zone__stays_where_it_is)
{
    struct ps_progress progress;
    struct wire arp;
    start(1);
    in(1, 0, ping(HMI, ENG, 1));
    wire_arp(&arp, 1, HMI, ENG);
    in(1, 0, &arp);
    wire_arp(&arp, 1, HMI, PLC);
    in(1, 0, &arp);
    ck_assert(fake_port_await(&io, 1));
    settle();
    ps_crew_stop(crew);
    ck_assert_uint_eq(io.n_out, 1);
    ck_assert_uint_eq(io.out[0].ports, PS_IO_PORT(1));
    ps_crew_progress(crew, 0, &progress);
    ck_assert_uint_eq(progress.stayed, 2);
    ck_assert_uint_eq(progress.packets, 3);
    finish();
}
END_TEST

START_TEST(test_ps_crew__refused__nothing_leaves_and_an_event_tells)
{
    struct ps_event events[4];
    uint64_t now = (uint64_t)time(NULL) * 1000 * MS;
    start(1);
    in(1, 1, ping(PLC, HMI, 1));
    settle();
    for (unsigned i = 0; i < 1000 && ps_crew_events(crew, 0, events, 4) == 0; i++)
        settle();
    ps_crew_stop(crew);
    ck_assert_uint_eq(io.n_out, 0);
    ck_assert_uint_eq(events[0].reason, PS_REASON_NO_CONDUIT);
    ck_assert_uint_ge(events[0].time_ns, now - 5000 * MS);
    ck_assert_uint_le(events[0].time_ns, now + 60000 * MS);
    finish();
}
END_TEST

START_TEST(test_ps_crew__timer_due__what_it_sends_leaves)
{
    struct wire w;
    static const uint8_t half[7] = {0, 1, 0, 0, 0, 6, 1};
    struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = 40000, .dst_port = 502, .seq = 99, .flags = PS_TCP_SYN};
    struct wire_tcp back = {.src = PLC, .dst = HMI, .src_port = 502, .dst_port = 40000, .seq = 199, .ack = 100,
                            .flags = PS_TCP_SYN | PS_TCP_ACK};
    start(1);
    wire_tcp(&w, &tcp);
    in(1, 0, &w);
    wire_tcp(&w, &back);
    in(2, 1, &w);
    tcp.seq = 100;
    tcp.ack = 200;
    tcp.flags = PS_TCP_ACK;
    wire_tcp(&w, &tcp);
    in(3, 0, &w);
    tcp.flags = PS_TCP_ACK | PS_TCP_PSH;
    tcp.data = half;
    tcp.len = sizeof half;
    wire_tcp(&w, &tcp);
    in(4, 0, &w);
    ck_assert(fake_port_await(&io, 3));
    uint32_t before = io.n_out;
    ck_assert(fake_port_await(&io, before + 1 > 4 ? before + 1 : 4)); /* after 2 s the resets of a message that never came */
    ps_crew_stop(crew);
    ck_assert(io.out[io.n_out - 1].own);
    finish();
}
END_TEST

/* The gateway has acknowledged them, and nobody else has them. */
START_TEST(test_ps_crew_stop__octets_not_delivered__both_ends_are_reset)
{
    static const uint8_t half[7] = {0, 1, 0, 0, 0, 6, 1};
    struct wire_tcp tcp = {.src = HMI, .dst = PLC, .src_port = 40000, .dst_port = 502, .seq = 101, .ack = 101,
                           .flags = PS_TCP_ACK | PS_TCP_PSH, .data = half, .len = sizeof half};
    struct wire w;
    start(1);
    say(1, 0, PS_TCP_SYN, 0);
    say(1, 1, PS_TCP_SYN | PS_TCP_ACK, 0);
    say(1, 0, PS_TCP_ACK, 1);
    wire_tcp(&w, &tcp);
    in(2, 0, &w);
    ck_assert(fake_port_await(&io, 4));
    ps_crew_stop(crew);
    ck_assert_uint_ge(io.n_out, 6);
    for (unsigned i = 1; i <= 2; i++)
        ck_assert(io.out[io.n_out - i].own && (io.out[io.n_out - i].b[47] & PS_TCP_RST));
    ck_assert_uint_ne(io.out[io.n_out - 1].ports, io.out[io.n_out - 2].ports);
    finish();
}
END_TEST

struct counts {
    uint32_t calls[4], wanted;
    pthread_t threads[4];
};

static bool count_calls(struct ps_engine *engine, uint32_t worker, void *arg)
{
    struct counts *counts = arg;
    ck_assert_ptr_eq(engine, ps_crew_engine(crew, worker));
    counts->threads[worker] = pthread_self();
    return ++counts->calls[worker] == counts->wanted;
}

START_TEST(test_ps_crew_ask__long_work__done_in_steps_by_every_worker)
{
    struct counts counts = {.wanted = 5};
    const struct ps_request request = {.run = count_calls, .arg = &counts};
    start(3);
    ck_assert_int_eq(ps_crew_ask(crew, &request, 10000), PS_ANSWER_DONE);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(counts.calls[i], 5);
        ck_assert(!pthread_equal(counts.threads[i], pthread_self()));
    }
    ps_crew_stop(crew);
    ck_assert_int_eq(ps_crew_ask(crew, &(struct ps_request){.run = count_calls, .arg = &(struct counts){.wanted = 2}}, 0),
                     PS_ANSWER_DONE);
    finish();
}
END_TEST

static bool blocked = true;

static bool block(struct ps_engine *engine, uint32_t worker, void *arg)
{
    (void)engine;
    (void)worker;
    (void)arg;
    while (__atomic_load_n(&blocked, __ATOMIC_ACQUIRE))
        continue;
    return true;
}

START_TEST(test_ps_crew_ask__stuck_worker__says_so_in_time_and_recovers)
{
    struct counts counts = {.wanted = 1};
    const struct ps_request slow = {.run = block}, quick = {.run = count_calls, .arg = &counts};
    struct ps_progress before, after;
    start(1);
    ck_assert_int_eq(ps_crew_ask(crew, &slow, 50), PS_ANSWER_STUCK);
    ck_assert_int_eq(ps_crew_ask(crew, &quick, 50), PS_ANSWER_STUCK);
    ps_crew_progress(crew, 0, &before);
    ps_crew_progress(crew, 0, &after);
    ck_assert_uint_eq(after.loops, before.loops);
    ck_assert_uint_eq(counts.calls[0], 0);
    __atomic_store_n(&blocked, false, __ATOMIC_RELEASE);
    enum ps_answer answer = PS_ANSWER_STUCK;
    for (unsigned i = 0; i < 1000 && answer != PS_ANSWER_DONE; i++)
        answer = ps_crew_ask(crew, &quick, 100);
    ck_assert_int_eq(answer, PS_ANSWER_DONE);
    ps_crew_progress(crew, 0, &after);
    ck_assert_uint_gt(after.loops, before.loops);
    finish();
}
END_TEST

START_TEST(test_ps_crew_start__ports_have_no_room__a_sentence)
{
    struct ps_engine_config engine;
    char err[128] = "";
    rig_init(&r, NULL);
    memset(&io, 0, sizeof io);
    io.full = true;
    ps_engine_config_init(&engine);
    ps_ways_init(&ways, &r.image, 0, ports, 2);
    const struct ps_crew_config config = {.io = &io, .n_ports = 2, .n_workers = 2, .engine = &engine,
                                          .image = &r.image, .ways = &ways};
    ck_assert_ptr_null(ps_crew_start(&config, err, sizeof err));
    ck_assert_str_eq(err, "the ports have no room for worker 0");
    rig_fini(&r);
}
END_TEST

START_TEST(test_ps_crew__idle__sleeps)
{
    struct ps_progress p = {0};
    const struct timespec pause = {.tv_nsec = 50000000};
    start(1);
    for (unsigned i = 0; i < 1000 && (p.sleeps == 0 || p.idle_ns <= p.busy_ns); i++) {
        nanosleep(&pause, NULL);
        ps_crew_progress(crew, 0, &p);
    }
    ck_assert_uint_gt(p.sleeps, 0);
    ck_assert_uint_gt(p.loops, p.sleeps);
    ck_assert_uint_gt(p.idle_ns, p.busy_ns);
    finish();
}
END_TEST

static void *look(void *set)
{
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cpu_set_t), set), 0);
    return NULL;
}

/* Of this test alone: each has a process of its own. */
START_TEST(test_ps_crew_keep_off__one_and_all__others_are_left)
{
    cpu_set_t before, now, of_thread;
    int all[CPU_SETSIZE];
    uint32_t n = 0;
    pthread_t thread;
    look(&before);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &before))
            all[n++] = cpu;
    ck_assert(!ps_crew_keep_off(all, n));
    look(&now);
    ck_assert(CPU_EQUAL(&before, &now));
    ck_assert(ps_crew_keep_off(NULL, 0));
    ck_assert_int_eq(ps_crew_keep_off(&all[n - 1], 1), n > 1);
    look(&now);
    ck_assert_int_eq(CPU_COUNT(&now), n > 1 ? (int)n - 1 : 1);
    ck_assert_int_eq(CPU_ISSET((size_t)all[n - 1], &now) != 0, n == 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, look, &of_thread), 0);
    pthread_join(thread, NULL);
    ck_assert(CPU_EQUAL(&now, &of_thread));
    ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
}
END_TEST

/* A connection to a port that nobody reads. */
static const struct wire *web(unsigned dir, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    static struct wire w;
    struct wire_tcp tcp = {.src = dir ? PLC : ENG, .dst = dir ? ENG : PLC, .src_port = dir ? 8080 : 40000,
                           .dst_port = dir ? 40000 : 8080, .seq = seq, .ack = ack, .flags = flags, .data = "abcd", .len = len};
    wire_tcp(&w, &tcp);
    return &w;
}

START_TEST(test_ps_crew__flow_that_nobody_inspects__may_be_carried_by_the_policy_of_now)
{
    start(1);
    in(1, 0, web(0, PS_TCP_SYN, 99, 0, 0));
    in(2, 1, web(1, PS_TCP_SYN | PS_TCP_ACK, 499, 100, 0));
    in(3, 0, web(0, PS_TCP_ACK, 100, 500, 4));
    in(3, 0, ping(HMI, PLC, 1));
    ck_assert(fake_port_await(&io, 4));
    ps_crew_stop(crew);
    ck_assert_uint_eq(io.n_carried, 1);
    ck_assert_uint_eq(io.last_carried.len, web(0, PS_TCP_ACK, 100, 500, 4)->len);
    ck_assert_uint_eq(io.last_carried.state, ps_engine_state(ps_crew_engine(crew, 0)));
    finish();
}
END_TEST

UNIT_MAIN("daemon/worker", test_ps_crew__burst__own_frames_leave_where_their_packets_stood,
          test_ps_crew__steady_connection__leaves_in_runs_and_in_order,
          test_ps_crew__inside_one_zone__stays_where_it_is,
          test_ps_crew__refused__nothing_leaves_and_an_event_tells, test_ps_crew__timer_due__what_it_sends_leaves,
          test_ps_crew_stop__octets_not_delivered__both_ends_are_reset,
          test_ps_crew_ask__long_work__done_in_steps_by_every_worker,
          test_ps_crew_ask__stuck_worker__says_so_in_time_and_recovers,
          test_ps_crew_start__ports_have_no_room__a_sentence, test_ps_crew__idle__sleeps,
          test_ps_crew_keep_off__one_and_all__others_are_left,
          test_ps_crew__flow_that_nobody_inspects__may_be_carried_by_the_policy_of_now)
