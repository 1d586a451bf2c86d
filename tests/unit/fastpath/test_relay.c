/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include <string.h>

#include "timer.h"
#include "unit.h"

/* Every test runs at these starts: the numbers wrap within the first octets, or where their sign changes. */
static const uint32_t starts[] = {1000, 0xfffffffc, 0x7ffffffc, 0};
#define N_STARTS (sizeof starts / sizeof starts[0])
#define UNACKED 65536u

static struct ps_chunks chunks;
static struct ps_relay_dir dir;
static uint8_t octets[8192];

static void begin(uint32_t start)
{
    ck_assert(ps_chunks_init(&chunks, 10));
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7 + i / 256);
    ps_relay_dir_start(&dir, start);
    dir.edge = start + 2000;
    dir.window_max = 2000;
    dir.told_seq = 5;
    dir.told_ack = start;
}

static void end(void)
{
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    ps_relay_dir_end(&chunks, &dir);
    ck_assert_uint_eq(chunks.n_used, 0);
    ps_chunks_fini(&chunks);
}

/* n octets were judged, allowed and have left. */
static void leave(uint32_t n)
{
    ck_assert(ps_relay_append(&chunks, &dir, octets + (dir.judged - dir.una), n));
    dir.judged += n;
    dir.allowed = dir.fwd = dir.judged;
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
}

static enum ps_relay_ack ack(uint32_t number, uint32_t window, uint32_t seq)
{
    struct ps_relay_told told = {.ack = number, .window = window, .seq = seq};
    enum ps_relay_ack result = ps_relay_take_ack(&chunks, &dir, &told);
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    return result;
}

START_TEST(test_ps_relay_take_ack__nv_s08_across_the_wrap__copy_shrinks)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    leave(1000);
    ck_assert_uint_eq(chunks.n_used, 3);
    ck_assert_int_eq(ack(s, 2000, 5), PS_RELAY_ACK_SAME);
    ck_assert_int_eq(ack(s + 600, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(chunks.n_used, 2);
    ck_assert_uint_eq(dir.given, s + 600);
    ck_assert_uint_eq(dir.edge, s + 2600);
    ck_assert_int_eq(ack(s + 100, 2000, 5), PS_RELAY_ACK_OLD);
    ck_assert_int_eq(ack(s + 1000, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(chunks.n_used, 0);
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__five_gibibytes__nothing_old_seems_to_lie_ahead)
{
    begin(starts[_i]);
    uint32_t at = starts[_i];
    for (uint64_t n = 0; n < UINT64_C(5) << 30; n += 1u << 20) { /* as if each mebibyte were one segment */
        dir.judged = dir.allowed = dir.fwd = dir.given = at += 1u << 20;
        ck_assert_uint_eq(ack(at, 2000, at), PS_RELAY_ACK_NEWS);
        ck_assert_int_le(ps_seq_diff(dir.past, dir.una), 0);
        ck_assert_uint_eq(ps_relay_limit(&dir), at + 2000);
    }
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__nv_s13_not_of_this_connection__bad)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    leave(10);
    ck_assert_int_eq(ack(s + 11, 2000, 5), PS_RELAY_ACK_BAD);
    ck_assert_int_eq(ack(s - 1, 2000, 5), PS_RELAY_ACK_BAD); /* nothing was acknowledged yet */
    ck_assert_int_eq(ack(s + 10, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_int_eq(ack(s, 2000, 5), PS_RELAY_ACK_OLD);
    ck_assert_int_eq(ack(s - 1, 2000, 5), PS_RELAY_ACK_BAD);
    ck_assert_int_eq(ack(s + 0x80000000u, 2000, 5), PS_RELAY_ACK_BAD);
    dir.window_max = 4;
    ck_assert_int_eq(ack(s + 6, 4, 5), PS_RELAY_ACK_OLD);
    ck_assert_int_eq(ack(s + 5, 4, 5), PS_RELAY_ACK_BAD); /* further back than any window */
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__nv_s14_held_octets__bad)
{
    begin(starts[_i]);
    leave(10);
    ck_assert(ps_relay_append(&chunks, &dir, octets + 10, 5));
    dir.judged += 5;
    dir.need = 7;
    ck_assert_int_eq(ack(dir.fwd + 1, 2000, 5), PS_RELAY_ACK_BAD);
    ck_assert_int_eq(ack(dir.fwd, 2000, 5), PS_RELAY_ACK_NEWS);
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__delta__numbers_are_translated)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    dir.delta = 0xfffffff0u; /* 16 octets were swallowed */
    leave(10);
    ck_assert_int_eq(ack(s + 10, 2000, 5), PS_RELAY_ACK_BAD);
    ck_assert_int_eq(ack(s + 10 - 16, 100, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(dir.una, s + 10);
    ck_assert_uint_eq(dir.edge, s + 110);
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__overtaken_segment__window_stays)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    leave(10);
    ck_assert_int_eq(ack(s, 3000, 6), PS_RELAY_ACK_SAME);
    ck_assert_int_eq(ack(s, 100, 5), PS_RELAY_ACK_SAME);
    ck_assert_uint_eq(dir.edge, s + 3000);
    ck_assert_int_eq(ack(s, 100, 6), PS_RELAY_ACK_SAME); /* NV-S21: a window may shrink */
    ck_assert_uint_eq(dir.edge, s + 100);
    ck_assert_uint_eq(dir.window_max, 3000);
    ck_assert_int_eq(ack(s + 5, 50, 1), PS_RELAY_ACK_NEWS); /* repeats what was lost: news all the same */
    ck_assert_uint_eq(dir.edge, s + 55);
    end();
}
END_TEST

START_TEST(test_ps_relay_take_ack__fin__counts_as_an_octet)
{
    begin(starts[_i]);
    leave(10);
    dir.fin = true;
    dir.fwd = dir.allowed = ++dir.judged;
    ck_assert_uint_eq(ps_relay_data_end(&dir), starts[_i] + 10);
    ck_assert_int_eq(ack(starts[_i] + 11, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(dir.una, dir.judged);
    end();
}
END_TEST

START_TEST(test_ps_relay_window__held_pdu__offered_what_it_lacks)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    dir.mss = 64;
    dir.edge = s + 100;
    ck_assert_uint_eq(ps_relay_window(&dir), 100);
    dir.need = 260;
    ck_assert_uint_eq(ps_relay_window(&dir), 260);
    ck_assert_uint_eq(ps_relay_limit(&dir), s + 260);
    dir.scale = 3;
    ck_assert_uint_eq(ps_relay_window(&dir), 33); /* rounded up: 264 */
    ck_assert_uint_eq(ps_relay_limit(&dir), s + 264);
    dir.need = 1;
    dir.mss = 536; /* its sender may wait for room for a full segment */
    ck_assert_uint_eq(ps_relay_window(&dir), 67);
    dir.need = 0;
    ck_assert_uint_eq(ps_relay_window(&dir), 12); /* rounded down: 96 */
    dir.edge = s - 5;
    ck_assert_uint_eq(ps_relay_window(&dir), 0);
    dir.edge = s + (1u << 20);
    ck_assert_uint_eq(ps_relay_window(&dir), UINT16_MAX);
    end();
}
END_TEST

START_TEST(test_ps_relay_append__any_sizes__read_and_compared)
{
    uint8_t back[4096];
    begin(starts[_i]);
    uint32_t s = starts[_i], done = 0;
    for (uint32_t n = 1; done + n < 3000; done += n, n = n * 2 + 1)
        leave(n);
    ps_relay_read(&chunks, &dir, s, back, done);
    ck_assert_mem_eq(back, octets, done);
    for (uint32_t at = 0; at + 700 < done; at += 37) {
        ps_relay_read(&chunks, &dir, s + at, back, 700);
        ck_assert_mem_eq(back, octets + at, 700);
        ck_assert(ps_relay_equals(&chunks, &dir, s + at, octets + at, 700));
        back[699] ^= 1;
        ck_assert(!ps_relay_equals(&chunks, &dir, s + at, back, 700));
        ck_assert(ps_relay_equals(&chunks, &dir, s + at, back, 699));
    }
    ck_assert(ps_relay_equals(&chunks, &dir, s + done, back, 700)); /* beyond: nothing to compare with */
    end();
}
END_TEST

START_TEST(test_ps_relay_append__pool_empty__nothing_changes)
{
    begin(starts[_i]);
    leave(9 * PS_CHUNK_LEN + 100);
    ck_assert(ps_relay_fits(&chunks, &dir, PS_CHUNK_LEN - 100));
    ck_assert(!ps_relay_fits(&chunks, &dir, PS_CHUNK_LEN - 99));
    ck_assert(!ps_relay_append(&chunks, &dir, octets, PS_CHUNK_LEN - 99));
    end();
}
END_TEST

START_TEST(test_ps_relay_cut__anywhere__what_is_before_stays)
{
    static const uint32_t at[] = {0, 1, PS_CHUNK_LEN, PS_CHUNK_LEN + 1, 999, 1000};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        begin(starts[_i]);
        leave(1000);
        dir.fwd = dir.allowed = dir.judged = starts[_i] + at[i];
        ps_relay_cut(&chunks, &dir, dir.judged);
        ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
        leave(50);
        ck_assert(ps_relay_equals(&chunks, &dir, starts[_i], octets, at[i]));
        end();
    }
}
END_TEST

/* What the receiver sees: its numbers, and the octets at them. */
static void receiver_sees(uint32_t number, const char *text)
{
    uint8_t back[64];
    uint32_t len = (uint32_t)strlen(text);
    ps_relay_read(&chunks, &dir, number - dir.delta, back, len);
    ck_assert_mem_eq(back, text, len);
}

static void put(const char *text)
{
    ck_assert(ps_relay_append(&chunks, &dir, (const uint8_t *)text, (uint32_t)strlen(text)));
    dir.judged += (uint32_t)strlen(text);
}

START_TEST(test_ps_relay_swallow__in_the_middle__receiver_sees_no_gap)
{
    begin(starts[_i]);
    uint32_t s = starts[_i];
    put("abcd");
    dir.allowed = dir.judged;
    dir.fwd = s + 2; /* two of them have left */
    ps_relay_swallow(&chunks, &dir, 10); /* s + 4 .. s + 14 */
    ck_assert_uint_eq(dir.judged, s + 14);
    ck_assert_uint_eq(dir.given, s + 14);
    ck_assert_uint_eq(dir.past, s + 14);
    put("efgh"); /* what the sender has at s + 14 */
    dir.allowed = dir.judged;
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    receiver_sees(s, "abcdefgh");
    ck_assert_uint_eq(dir.fwd + dir.delta, s + 2);
    ck_assert_uint_eq(dir.edge + dir.delta, s + 2000);
    ck_assert_int_eq(ack(s + 3, 2000, 5), PS_RELAY_ACK_BAD);
    ck_assert_int_eq(ack(s + 1, 2000, 5), PS_RELAY_ACK_NEWS);
    dir.fwd = dir.allowed;
    ck_assert_int_eq(ack(s + 8, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(dir.una, s + 18);
    ck_assert_uint_eq(chunks.n_used, 0);
    end();
}
END_TEST

START_TEST(test_ps_relay_insert__before_what_is_held__receiver_sees_it_there)
{
    uint8_t spare[64];
    begin(starts[_i]);
    uint32_t s = starts[_i];
    put("abcd");
    dir.allowed = dir.fwd = dir.judged;
    put("ef");
    dir.need = 3;
    ck_assert(ps_relay_insert(&chunks, &dir, (const uint8_t *)"12345", 5, spare));
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    ck_assert_uint_eq(dir.judged, s + 6); /* the sender goes on as before */
    ck_assert_uint_eq(dir.given, s + 4);
    ck_assert_uint_eq(dir.fwd + dir.delta, s + 4);
    put("ghi");
    dir.need = 0;
    dir.allowed = dir.judged;
    receiver_sees(s, "abcd12345efghi");
    dir.fwd = dir.allowed;
    ck_assert_int_eq(ack(s + 14, 2000, 5), PS_RELAY_ACK_NEWS);
    ck_assert_uint_eq(dir.una, s + 9);
    end();
}
END_TEST

START_TEST(test_ps_relay_insert__pool_empty__nothing_changes)
{
    begin(starts[_i]);
    leave(10 * PS_CHUNK_LEN);
    struct ps_relay_dir before = dir;
    ck_assert(!ps_relay_insert(&chunks, &dir, octets, 1, octets));
    ck_assert_mem_eq(&before, &dir, sizeof dir);
    end();
}
END_TEST

START_TEST(test_ps_relay_check__numbers_out_of_order__says_so)
{
    begin(starts[_i]);
    leave(100);
    struct ps_relay_dir good = dir;
    dir.fwd++;
    ck_assert(!ps_relay_check(&chunks, &dir, UNACKED));
    dir = good;
    dir.una--;
    ck_assert(!ps_relay_check(&chunks, &dir, UNACKED));
    dir = good;
    dir.given = dir.judged + 1;
    ck_assert(!ps_relay_check(&chunks, &dir, UNACKED));
    dir = good;
    dir.judged = ++dir.allowed; /* without a copy */
    ck_assert(!ps_relay_check(&chunks, &dir, UNACKED));
    dir = good;
    ck_assert(!ps_relay_check(&chunks, &dir, 99));
    dir.need = 5; /* though nothing is held */
    ck_assert(!ps_relay_check(&chunks, &dir, UNACKED));
    dir = good;
    end();
}
END_TEST

/* Two connections that hear the same, one of them by the long way: equal to the last number and block. */
struct pair {
    struct ps_chunks chunks;
    struct ps_relay_dir dir[2];
};

static void pair_begin(struct pair *p, uint32_t start)
{
    ck_assert(ps_chunks_init(&p->chunks, 16));
    for (unsigned d = 0; d < 2; d++) {
        ps_relay_dir_start(&p->dir[d], start + d);
        p->dir[d].edge = start + d + 2000;
        p->dir[d].told_seq = start + !d;
        p->dir[d].told_ack = start + d;
    }
}

static void pair_end(struct pair *p)
{
    for (unsigned d = 0; d < 2; d++)
        ps_relay_dir_end(&p->chunks, &p->dir[d]);
    ck_assert_uint_eq(p->chunks.n_used, 0);
    ps_chunks_fini(&p->chunks);
}

static void pair_say(struct pair *p, unsigned d, const struct ps_relay_next *next, bool long_way)
{
    struct ps_relay_dir *mine = &p->dir[d], *back = &p->dir[!d];
    uint32_t given = back->given, edge = back->edge;
    if (long_way) {
        ck_assert_int_ge(ps_relay_take_ack(&p->chunks, back, &next->told), PS_RELAY_ACK_SAME);
        ck_assert(ps_relay_append(&p->chunks, mine, next->data, next->len));
    } else {
        bool told = ps_relay_take_next(&p->chunks, back, mine, next);
        ck_assert(told == (back->given != given || back->edge != edge));
    }
    mine->judged += next->len;
    mine->allowed = mine->fwd = mine->judged;
    ck_assert(ps_relay_check(&p->chunks, mine, UNACKED) && ps_relay_check(&p->chunks, back, UNACKED));
}

static void pair_compare(const struct pair *a, const struct pair *b)
{
    ck_assert_uint_eq(a->chunks.n_used, b->chunks.n_used);
    ck_assert_uint_eq(a->chunks.free, b->chunks.free);
    for (unsigned d = 0; d < 2; d++) {
        uint8_t octets_a[2048], octets_b[2048];
        uint32_t n = a->dir[d].judged - a->dir[d].una;
        ck_assert_mem_eq(&a->dir[d], &b->dir[d], offsetof(struct ps_relay_dir, fin) + 1);
        ps_relay_read(&a->chunks, &a->dir[d], a->dir[d].una, octets_a, n);
        ps_relay_read(&b->chunks, &b->dir[d], b->dir[d].una, octets_b, n);
        ck_assert(n == 0 || memcmp(octets_a, octets_b, n) == 0);
    }
}

START_TEST(test_ps_relay_take_next__anything_in_order__as_by_the_long_way)
{
    static const uint32_t lens[] = {12, 13, 0, 7, 8, 16, 17, 31, 32, 33, 496, 497, 700};
    static struct pair a, b;
    uint32_t draw = 1;
    begin(starts[_i]);
    pair_begin(&a, starts[_i]);
    pair_begin(&b, starts[_i]);
    for (unsigned i = 0; i < 10000; i++) {
        draw = draw * 1664525 + 1013904223;
        unsigned d = draw >> 31, pick = (draw >> 16 & 0xff) % (i % 100 < 80 ? 3 : 13);
        uint32_t out = a.dir[!d].fwd - a.dir[!d].una, held = a.dir[d].judged - a.dir[d].una;
        uint32_t acked = draw & 0x3000 ? out : (draw >> 14 & 0x3f) % (out + 1);
        struct ps_relay_next next = {
            .told = {.ack = a.dir[!d].una + acked, .seq = a.dir[d].judged, .window = 2000 + (draw >> 24 & 1)},
            .data = octets + i % 4096, .len = held + lens[pick] <= 2000 ? lens[pick] : 0};
        pair_say(&a, d, &next, true);
        pair_say(&b, d, &next, false);
        pair_compare(&a, &b);
    }
    pair_end(&a);
    pair_end(&b);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_ps_relay_take_ack__nv_s08_across_the_wrap__copy_shrinks,
        test_ps_relay_take_ack__five_gibibytes__nothing_old_seems_to_lie_ahead,
        test_ps_relay_take_ack__nv_s13_not_of_this_connection__bad,
        test_ps_relay_take_ack__nv_s14_held_octets__bad,
        test_ps_relay_take_ack__delta__numbers_are_translated,
        test_ps_relay_take_ack__overtaken_segment__window_stays,
        test_ps_relay_take_ack__fin__counts_as_an_octet,
        test_ps_relay_window__held_pdu__offered_what_it_lacks,
        test_ps_relay_append__any_sizes__read_and_compared,
        test_ps_relay_append__pool_empty__nothing_changes,
        test_ps_relay_take_next__anything_in_order__as_by_the_long_way,
        test_ps_relay_cut__anywhere__what_is_before_stays,
        test_ps_relay_swallow__in_the_middle__receiver_sees_no_gap,
        test_ps_relay_insert__before_what_is_held__receiver_sees_it_there,
        test_ps_relay_insert__pool_empty__nothing_changes,
        test_ps_relay_check__numbers_out_of_order__says_so,
    };
    Suite *suite = suite_create("fastpath/relay");
    TCase *tcase = tcase_create("fastpath/relay");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_loop_test(tcase, tests[i], 0, N_STARTS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
