/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_nfq_verdict.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static _Alignas(8) uint8_t room[PS_NFQ_SAID_MAX];
static struct ps_nfq_verdicts v;
static char told[1024];

static void start(uint32_t first, uint32_t n)
{
    v = (struct ps_nfq_verdicts){.data = room, .queue = 7};
    ps_nfq_verdicts_begin(&v);
    for (uint32_t i = 0; i < n; i++)
        ps_nfq_verdicts_add(&v, first + i);
}

/* The messages as text: "<=12 pass, 13 drop, 14 pass with 20". */
static const char *tell(void)
{
    size_t at = 0;
    told[0] = '\0';
    for (uint32_t offset = 0; offset < v.len;) {
        const struct nlmsghdr *nlh = (const void *)(room + offset);
        const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
        const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, sizeof *head);
        const struct nfqnl_msg_verdict_hdr *verdict = mnl_attr_get_payload(attr);
        bool batch = (nlh->nlmsg_type & 0xff) == NFQNL_MSG_VERDICT_BATCH;
        const char *end = (const char *)nlh + nlh->nlmsg_len;
        const struct nlattr *next = mnl_attr_next(attr);
        ck_assert_uint_eq(ntohs(head->res_id), 7);
        at += (size_t)snprintf(told + at, sizeof told - at, "%s%s%u %s", at ? ", " : "", batch ? "<=" : "",
                               ntohl(verdict->id), ntohl(verdict->verdict) == 1 ? "pass" : "drop");
        if ((const char *)next < end)
            at += (size_t)snprintf(told + at, sizeof told - at, " with %u", mnl_attr_get_payload_len(next));
        offset += (nlh->nlmsg_len + 3u) & ~3u;
    }
    return told;
}

START_TEST(test_ps_nfq_verdicts_end__all_pass__one_message)
{
    start(10, 4);
    for (uint32_t i = 0; i < 4; i++)
        ps_nfq_verdicts_pass(&v, i);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=13 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_end__nothing_said__all_dropped)
{
    start(10, 3);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=12 drop");
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=12 drop");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_pass__some_left_out__dropped_before_the_next_row)
{
    start(10, 8);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_pass(&v, 3);
    ps_nfq_verdicts_pass(&v, 6);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=11 pass, 12 drop, 13 pass, <=15 drop, 16 pass, 17 drop");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_replace__in_a_row__in_its_place)
{
    static const uint8_t data[20];
    start(1, 5);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_replace(&v, 1, data, sizeof data);
    ps_nfq_verdicts_replace(&v, 3, data, sizeof data);
    ps_nfq_verdicts_pass(&v, 4);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "1 pass, 2 pass with 20, 3 drop, 4 pass with 20, 5 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_settle__in_a_row__told_up_to_here)
{
    start(1, 4);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_settle(&v);
    ck_assert_str_eq(tell(), "<=2 pass");
    ps_nfq_verdicts_sent(&v);
    ps_nfq_verdicts_pass(&v, 2);
    ps_nfq_verdicts_pass(&v, 3);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=4 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_refuse__between_others__in_no_row_that_passes)
{
    start(1, 1);
    ps_nfq_verdicts_refuse(&v, 2);
    ps_nfq_verdicts_add(&v, 3);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "2 drop, <=3 pass");
}
END_TEST

/* The unread packet has number 2: nothing that passes may reach it. */
START_TEST(test_ps_nfq_verdicts_lose_sight__before_others__dropped_with_all_before)
{
    start(1, 1);
    ps_nfq_verdicts_lose_sight(&v);
    ps_nfq_verdicts_add(&v, 3);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=2 drop, <=3 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_lose_sight__last_of_a_burst__dropped_before_the_next)
{
    start(1, 2);
    ps_nfq_verdicts_lose_sight(&v);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_end(&v);
    ps_nfq_verdicts_add(&v, 4);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=2 pass, <=3 drop, 4 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_give_up__not_sent__all_that_came_is_dropped)
{
    start(1, 3);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_end(&v);
    ps_nfq_verdicts_give_up(&v);
    ck_assert_str_eq(tell(), "<=3 drop");
    ps_nfq_verdicts_add(&v, 4);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=3 drop, 4 pass");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_pass__with_a_mark__what_passes_has_it)
{
    start(1, 3);
    v.mark = 0x1234;
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 2);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "1 pass with 4, 2 drop, 3 pass with 4");
}
END_TEST

START_TEST(test_ps_nfq_verdicts_enough__the_longest_packets__fit)
{
    static uint8_t longest[PS_NFQ_PACKET_MAX];
    start(1, PS_BURST_MAX);
    for (uint32_t i = 0; i < PS_BURST_MAX; i++) {
        ps_nfq_verdicts_replace(&v, i, longest, sizeof longest);
        ck_assert_uint_le(v.len, PS_NFQ_SAID_MAX);
        ck_assert(ps_nfq_verdicts_enough(&v));
        ps_nfq_verdicts_sent(&v);
    }
}
END_TEST

START_TEST(test_ps_nfq_verdicts_pass_marked__in_a_row__said_by_itself)
{
    start(10, 5);
    ps_nfq_verdicts_pass(&v, 0);
    ps_nfq_verdicts_pass(&v, 1);
    ps_nfq_verdicts_pass_marked(&v, 2, 0x50000007);
    ps_nfq_verdicts_pass(&v, 3);
    ps_nfq_verdicts_end(&v);
    ck_assert_str_eq(tell(), "<=11 pass, 12 pass with 4, 13 pass, 14 drop"); /* a mark has four octets */
}
END_TEST

UNIT_MAIN("io/port_nfq_verdict", test_ps_nfq_verdicts_end__all_pass__one_message,
          test_ps_nfq_verdicts_end__nothing_said__all_dropped,
          test_ps_nfq_verdicts_pass__some_left_out__dropped_before_the_next_row,
          test_ps_nfq_verdicts_replace__in_a_row__in_its_place, test_ps_nfq_verdicts_settle__in_a_row__told_up_to_here,
          test_ps_nfq_verdicts_refuse__between_others__in_no_row_that_passes,
          test_ps_nfq_verdicts_lose_sight__before_others__dropped_with_all_before,
          test_ps_nfq_verdicts_lose_sight__last_of_a_burst__dropped_before_the_next,
          test_ps_nfq_verdicts_give_up__not_sent__all_that_came_is_dropped,
          test_ps_nfq_verdicts_pass__with_a_mark__what_passes_has_it,
          test_ps_nfq_verdicts_enough__the_longest_packets__fit,
          test_ps_nfq_verdicts_pass_marked__in_a_row__said_by_itself)
