/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frag_rig.h"

static uint8_t out[PS_FRAG_LINK_MAX + 1500];

/* Each part fits, the last but none is left, and together they are the packet in `frame` again, to the octet. */
static uint32_t cut_and_join(uint32_t mtu)
{
    static struct wire before;
    struct ps_frag_cut cut = {.packet = before.b, .ip = before.b + frame.ip, .len = frame.len, .mtu = mtu, .id = 7};
    struct ps_frag_answer answer = {.result = PS_FRAG_KEPT};
    uint32_t n = 0;
    before = frame;
    for (uint32_t len; (len = ps_frag_next(&cut, n, out)) > 0; n++) {
        ck_assert_uint_eq(answer.result, PS_FRAG_KEPT);
        ck_assert_uint_le(len, frame.ip + mtu);
        memcpy(frame.b, out, len);
        frame.len = len;
        answer = take_frame();
    }
    ck_assert_uint_eq(answer.result, PS_FRAG_WHOLE);
    ck_assert_uint_eq(answer.id, 7);
    ck_assert_uint_eq(answer.whole.len, before.len);
    ck_assert_mem_eq(answer.whole.data, before.b, before.len);
    ps_frag_release(&table);
    return n;
}

static void build_whole(uint32_t len)
{
    build(CUT(.len = len));
    sum_header();
}

START_TEST(test_ps_frag_next__ipv4__put_together_again)
{
    start();
    build_whole(4000);
    ck_assert_uint_eq(cut_and_join(1500), 3);
    build_whole(2960); /* two parts of 1480: nothing is left for a third */
    ck_assert_uint_eq(cut_and_join(1500), 2);
    build_whole(1481);
    ck_assert_uint_eq(cut_and_join(1500), 2);
    build_whole(3000);
    ck_assert_uint_eq(cut_and_join(577), 6); /* parts of 552: multiples of 8 */
    build_whole(2000);
    wire_tag(&frame, 0x8100, 5);
    frame.ip = WIRE_L2 + 4;
    ck_assert_uint_eq(cut_and_join(1500), 2);
    stop();
}
END_TEST

START_TEST(test_ps_frag_next__ipv6__put_together_again)
{
    static const uint8_t ends[32] = {0xfd, [15] = 1, [16] = 0xfd, [31] = 2};
    start();
    wire_ipv6(&frame, ends, 17, datagram, 4000);
    ck_assert_uint_eq(cut_and_join(1500), 3);
    wire_ipv6(&frame, ends, 17, datagram, 1461); /* one octet more than the link carries, and the new header */
    ck_assert_uint_eq(cut_and_join(1500), 2);
    stop();
}
END_TEST

START_TEST(test_ps_frag_next__short_enough__as_it_is)
{
    start();
    build_whole(1480);
    struct ps_frag_cut cut = {.packet = frame.b, .ip = frame.b + frame.ip, .len = frame.len, .mtu = 1500};
    ck_assert_uint_eq(ps_frag_next(&cut, 0, out), frame.len);
    ck_assert_mem_eq(out, frame.b, frame.len);
    ck_assert_uint_eq(ps_frag_next(&cut, 1, out), 0);
    stop();
}
END_TEST

START_TEST(test_ps_frag_next__far_beyond_the_last__nothing)
{
    start();
    build_whole(4000);
    struct ps_frag_cut cut = {.packet = frame.b, .ip = frame.b + frame.ip, .len = frame.len, .mtu = 1500};
    ck_assert_uint_eq(ps_frag_next(&cut, 3, out), 0);
    ck_assert_uint_eq(ps_frag_next(&cut, UINT32_MAX, out), 0);
    stop();
}
END_TEST

UNIT_MAIN("fastpath/frag_cut", test_ps_frag_next__ipv4__put_together_again,
          test_ps_frag_next__ipv6__put_together_again, test_ps_frag_next__short_enough__as_it_is,
          test_ps_frag_next__far_beyond_the_last__nothing)
