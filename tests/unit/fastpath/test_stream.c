/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* What a sink got: octets as they are, a gap of n as '[n]'. */
struct world {
    struct ps_streams streams;
    struct ps_flow flow;
    char text[8192];
    size_t len;
};

static void on_bytes(void *ctx, const uint8_t *data, uint32_t len)
{
    struct world *w = ctx;
    ck_assert_uint_lt(w->len + len, sizeof w->text);
    memcpy(w->text + w->len, data, len);
    w->len += len;
    w->text[w->len] = '\0';
}

static void on_gap(void *ctx, uint32_t n)
{
    struct world *w = ctx;
    w->len += (size_t)snprintf(w->text + w->len, sizeof w->text - w->len, "[%u]", n);
}

static void world_init(struct world *w, uint32_t n_halves, uint32_t n_segments)
{
    const struct ps_stream_sink sink = {.ctx = w, .bytes = on_bytes, .gap = on_gap};
    memset(w, 0, sizeof *w);
    w->flow.half[0] = w->flow.half[1] = PS_NONE;
    ck_assert(ps_streams_init(&w->streams, &sink, n_halves, 64, n_segments));
}

static void world_fini(struct world *w)
{
    ps_streams_fini(&w->streams);
}

/* Octets `data` at sequence number seq. */
static enum ps_reason send(struct world *w, uint32_t seq, const char *data)
{
    struct ps_stream_in in = {.seq = seq, .data = (const uint8_t *)data, .len = (uint32_t)strlen(data)};
    in.wire = in.len;
    return ps_stream_segment(&w->streams, &w->flow, 0, &in);
}

static enum ps_reason send_fin(struct world *w, uint32_t seq, const char *data)
{
    struct ps_stream_in in = {.seq = seq, .data = (const uint8_t *)data, .len = (uint32_t)strlen(data), .fin = true};
    in.wire = in.len;
    return ps_stream_segment(&w->streams, &w->flow, 0, &in);
}

static void expect(struct world *w, const char *text)
{
    ck_assert_str_eq(w->text, text);
    w->len = 0;
    w->text[0] = '\0';
}

#define BEFORE_WRAP 0xfffffffcu

START_TEST(test_ps_stream_segment__in_order_across_the_wrap__delivered)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, BEFORE_WRAP);
    ck_assert_uint_eq(send(&w, BEFORE_WRAP, "ab"), PS_REASON_NONE);
    ck_assert_uint_eq(send(&w, BEFORE_WRAP + 2, "cdef"), PS_REASON_NONE);
    ck_assert_uint_eq(send(&w, 2, "gh"), PS_REASON_NONE);
    expect(&w, "abcdefgh");
    ck_assert_uint_eq(w.flow.half[0], PS_NONE);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__repeated_with_and_without_news__only_news_delivered)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, BEFORE_WRAP);
    send(&w, BEFORE_WRAP, "abcdef");
    send(&w, BEFORE_WRAP, "abcdef");
    send(&w, BEFORE_WRAP + 1, "bc");
    expect(&w, "abcdef");
    ck_assert_uint_eq(w.streams.n_retransmitted, 2);
    send(&w, BEFORE_WRAP + 4, "efgh");
    expect(&w, "gh");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__keep_alive_probes__no_data_and_no_retransmission)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 99, "");
    send(&w, 99, "?");
    send(&w, 100, "ab");
    send(&w, 101, "?");
    send(&w, 102, "cd");
    expect(&w, "abcd");
    ck_assert_uint_eq(w.streams.n_retransmitted, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__not_started__first_data_starts_but_not_one_octet)
{
    struct world w;
    world_init(&w, 4, 8);
    send(&w, 99, "");
    send(&w, 99, "?"); /* may be a keep-alive probe */
    send(&w, 100, "ab");
    send(&w, 102, "cd");
    expect(&w, "abcd");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__out_of_order__waits_for_its_turn)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, BEFORE_WRAP);
    send(&w, BEFORE_WRAP + 6, "gh");
    send(&w, BEFORE_WRAP + 2, "cd");
    send(&w, BEFORE_WRAP + 4, "ef");
    expect(&w, "");
    ck_assert_uint_eq(w.streams.n_kept, 3);
    send(&w, BEFORE_WRAP, "ab");
    expect(&w, "abcdefgh");
    ck_assert_uint_eq(w.flow.half[0], PS_NONE);
    ck_assert_uint_eq(w.streams.used_segments, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__kept_ones_overlap__first_copy_in_sequence_wins)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 104, "efgh");
    send(&w, 102, "cdEF");
    send(&w, 104, "XX");
    send(&w, 100, "ab");
    expect(&w, "abcdEFgh");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__kept_segment_larger_than_a_slot__all_of_it)
{
    static char big[5001];
    struct world w;
    world_init(&w, 4, 8);
    for (size_t i = 0; i < sizeof big - 1; i++)
        big[i] = (char)('a' + i % 26);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 102, big);
    send(&w, 100, "..");
    ck_assert_uint_eq(w.len, 5002);
    ck_assert_str_eq(w.text + 2, big);
    ck_assert_uint_eq(w.streams.used_segments, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_acked__beyond_what_waits__gap)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 100, "ab");
    send(&w, 107, "hi");
    ps_stream_acked(&w.streams, &w.flow, 0, 102, false);
    expect(&w, "ab");
    ps_stream_acked(&w.streams, &w.flow, 0, 109, false);
    expect(&w, "[5]hi");
    ck_assert_uint_eq(w.flow.half[0], PS_NONE);
    send(&w, 109, "jk");
    expect(&w, "jk");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_acked__nothing_waits__gap_when_answered_or_at_the_next_segment)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    ps_stream_acked(&w.streams, &w.flow, 0, 104, false);
    expect(&w, ""); /* the capture may show the acknowledgement before the data */
    send(&w, 100, "abcd");
    expect(&w, "abcd");
    ps_stream_acked(&w.streams, &w.flow, 0, 108, false);
    send(&w, 108, "ij");
    expect(&w, "[4]ij");
    ps_stream_acked(&w.streams, &w.flow, 0, 112, true);
    expect(&w, "[2]");
    send(&w, 112, "mn");
    expect(&w, "mn");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_acked__absurd_number__ignored)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    ps_stream_acked(&w.streams, &w.flow, 0, 100 + 2 * PS_STREAM_WINDOW, true);
    ps_stream_acked(&w.streams, &w.flow, 0, 50, true);
    send(&w, 100, "ab");
    expect(&w, "ab");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__too_much_waits__gap)
{
    struct world w;
    world_init(&w, 4, 100);
    ps_stream_start(&w.flow, 0, 100);
    for (uint32_t i = 0; i < PS_HALF_SEGMENTS; i++)
        send(&w, 102 + 2 * i, "xy");
    expect(&w, "");
    send(&w, 102 + 2 * PS_HALF_SEGMENTS, "!");
    ck_assert_int_eq(strncmp(w.text, "[2]xyxy", 7), 0);
    ck_assert_int_eq(w.text[w.len - 1], '!');
    ck_assert_uint_eq(w.flow.next[0], 103 + 2 * PS_HALF_SEGMENTS);
    ck_assert_uint_eq(w.streams.used_segments, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__pool_used_up_by_others__reorder_full)
{
    struct world w;
    world_init(&w, 4, 2);
    ps_stream_start(&w.flow, 0, 100);
    ps_stream_start(&w.flow, 1, 100);
    struct ps_stream_in in = {.seq = 102, .data = (const uint8_t *)"xy", .len = 2, .wire = 2};
    ck_assert_uint_eq(ps_stream_segment(&w.streams, &w.flow, 1, &in), PS_REASON_NONE);
    in.seq = 104;
    ck_assert_uint_eq(ps_stream_segment(&w.streams, &w.flow, 1, &in), PS_REASON_NONE);
    ck_assert_uint_eq(send(&w, 102, "cd"), PS_REASON_REORDER_FULL);
    ck_assert_uint_eq(w.flow.half[0], PS_NONE);
    in.seq = 106; /* those who fill the pool give up their own hole */
    ck_assert_uint_eq(ps_stream_segment(&w.streams, &w.flow, 1, &in), PS_REASON_NONE);
    expect(&w, "[2]xyxyxy");
    ck_assert_uint_eq(send(&w, 102, "cd"), PS_REASON_NONE);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_half_take__pool_empty__null_and_reorder_full)
{
    struct world w, *v = &w;
    world_init(v, 1, 8);
    ps_stream_start(&w.flow, 0, 100);
    ps_stream_start(&w.flow, 1, 100);
    ck_assert_ptr_nonnull(ps_stream_half_take(&w.streams, &w.flow, 1));
    ck_assert_ptr_null(ps_stream_half_take(&w.streams, &w.flow, 0));
    ck_assert_uint_eq(send(&w, 102, "cd"), PS_REASON_REORDER_FULL);
    ps_stream_half_settle(&w.streams, &w.flow, 1);
    ck_assert_uint_eq(send(&w, 102, "cd"), PS_REASON_NONE);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__cut_by_the_capture__gap_for_the_rest)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    struct ps_stream_in in = {.seq = 100, .data = (const uint8_t *)"abc", .len = 3, .wire = 8};
    ps_stream_segment(&w.streams, &w.flow, 0, &in);
    expect(&w, "abc[5]");
    in.seq = 110;
    ps_stream_segment(&w.streams, &w.flow, 0, &in); /* kept, and cut all the same */
    send(&w, 108, "ij");
    expect(&w, "ijabc[5]");
    in.seq = 114; /* repeated: what is here of it was known */
    ps_stream_segment(&w.streams, &w.flow, 0, &in);
    expect(&w, "[4]");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__fin__ends_the_direction_in_its_turn)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send_fin(&w, 102, "cd");
    ck_assert(!(w.flow.dir[0] & PS_DIR_FIN));
    send(&w, 100, "ab");
    expect(&w, "abcd");
    ck_assert(w.flow.dir[0] & PS_DIR_FIN);
    ck_assert_uint_eq(w.flow.next[0], 105);
    ck_assert_uint_eq(send_fin(&w, 102, "cd"), PS_REASON_NONE);
    ck_assert_uint_eq(send_fin(&w, 104, ""), PS_REASON_NONE);
    ck_assert_uint_eq(send(&w, 105, "ef"), PS_REASON_CLOSED);
    ck_assert_uint_eq(send(&w, 104, "ef"), PS_REASON_CLOSED);
    expect(&w, "");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__fin_with_data_that_is_known__still_ends)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 100, "abcd");
    send_fin(&w, 102, "cd");
    ck_assert(w.flow.dir[0] & PS_DIR_FIN);
    expect(&w, "abcd");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_segment__far_away__out_of_window_until_it_goes_on)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    uint32_t far = 100 + 3 * PS_STREAM_WINDOW;
    ck_assert_uint_eq(send(&w, far, "xx"), PS_REASON_OUT_OF_WINDOW);
    ck_assert_uint_eq(send(&w, 100 - 3 * PS_STREAM_WINDOW, "xx"), PS_REASON_OUT_OF_WINDOW);
    send(&w, 100, "ab");
    expect(&w, "ab");
    ck_assert_uint_eq(send(&w, far, "xx"), PS_REASON_OUT_OF_WINDOW);
    ck_assert_uint_eq(send(&w, far + 2, "yy"), PS_REASON_NONE);
    expect(&w, "[3145728]yy");
    ck_assert_uint_eq(send(&w, far + 4, "zz"), PS_REASON_NONE);
    expect(&w, "zz");
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_stream_flush__several_holes__all_told)
{
    struct world w;
    world_init(&w, 4, 8);
    ps_stream_start(&w.flow, 0, 100);
    send(&w, 102, "cd");
    send(&w, 107, "hi");
    ps_stream_flush(&w.streams, &w.flow, 0);
    expect(&w, "[2]cd[3]hi");
    ck_assert_uint_eq(w.flow.half[0], PS_NONE);
    ck_assert_uint_eq(w.streams.used_segments, 0);
    world_fini(&w);
}
END_TEST

/* ---- any schedule of an honest sender's segments gives its stream ------------------------------------------------ */

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

struct cut {
    uint32_t at, len;
};

/* Cuts text into segments with repetitions, and swaps neighbours within a window of 4. */
static size_t schedule(struct cut *cuts, uint32_t text_len)
{
    size_t n = 0;
    for (uint32_t at = 0; at < text_len;) {
        uint32_t len = 1 + random_below(9);
        len = len < text_len - at ? len : text_len - at;
        cuts[n++] = (struct cut){at, len};
        if (random_below(4) == 0) {
            uint32_t back = random_below(at + 1 < 12 ? at + 1 : 12);
            cuts[n++] = (struct cut){at - back, back + random_below(len + 1)};
        }
        at += len;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        size_t j = i + random_below(4);
        struct cut swap = cuts[i];
        if (j < n) {
            cuts[i] = cuts[j];
            cuts[j] = swap;
        }
    }
    return n;
}

START_TEST(test_ps_stream_segment__any_schedule__the_same_bytes)
{
    char text[301], piece[32];
    struct cut cuts[700];
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        struct world w;
        world_init(&w, 4, 64);
        random_state = seed;
        uint32_t isn = random_below(2) ? (uint32_t)-150 : random_below(1u << 24);
        for (size_t i = 0; i < sizeof text - 1; i++)
            text[i] = (char)('a' + random_below(26));
        text[sizeof text - 1] = '\0';
        ps_stream_start(&w.flow, 0, isn);
        size_t n = schedule(cuts, sizeof text - 1);
        for (size_t i = 0; i < n; i++) {
            memcpy(piece, text + cuts[i].at, cuts[i].len);
            piece[cuts[i].len] = '\0';
            ck_assert_uint_eq(send(&w, isn + cuts[i].at, piece), PS_REASON_NONE);
        }
        ck_assert_msg(strcmp(w.text, text) == 0, "seed %u: %s", seed, w.text);
        ck_assert_uint_eq(w.flow.half[0], PS_NONE);
        world_fini(&w);
    }
}
END_TEST

UNIT_MAIN("fastpath/stream", test_ps_stream_segment__in_order_across_the_wrap__delivered,
          test_ps_stream_segment__repeated_with_and_without_news__only_news_delivered,
          test_ps_stream_segment__keep_alive_probes__no_data_and_no_retransmission,
          test_ps_stream_segment__not_started__first_data_starts_but_not_one_octet,
          test_ps_stream_segment__out_of_order__waits_for_its_turn,
          test_ps_stream_segment__kept_ones_overlap__first_copy_in_sequence_wins,
          test_ps_stream_segment__kept_segment_larger_than_a_slot__all_of_it,
          test_ps_stream_acked__beyond_what_waits__gap,
          test_ps_stream_acked__nothing_waits__gap_when_answered_or_at_the_next_segment,
          test_ps_stream_acked__absurd_number__ignored, test_ps_stream_segment__too_much_waits__gap,
          test_ps_stream_segment__pool_used_up_by_others__reorder_full,
          test_ps_stream_half_take__pool_empty__null_and_reorder_full,
          test_ps_stream_segment__cut_by_the_capture__gap_for_the_rest,
          test_ps_stream_segment__fin__ends_the_direction_in_its_turn,
          test_ps_stream_segment__fin_with_data_that_is_known__still_ends,
          test_ps_stream_segment__far_away__out_of_window_until_it_goes_on,
          test_ps_stream_flush__several_holes__all_told, test_ps_stream_segment__any_schedule__the_same_bytes)
