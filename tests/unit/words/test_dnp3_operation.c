/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../dnp3/rig.h"

#include "text_and_back.h"
#include "unit.h"

static struct rig rig;

static const char *text_of_last(void)
{
    static char buf[1024];
    struct ps_txt txt;
    ps_txt_init(&txt, buf, sizeof buf);
    ps_operation_format(&ps_dnp3, &rig.facts, &txt);
    return buf;
}

START_TEST(test_ps_operation__dnp3_unsolicited__read_back_with_its_indications)
{
    static struct ps_operation operation;
    char err[128];
    struct ps_txt complaint;
    ps_txt_init(&complaint, err, sizeof err);
    rig_init(&rig);
    ck_reason(rig_raw(&rig, PS_TO_CLIENT, NULL_UNSOLICITED), OK);
    ck_assert_str_eq(text_of_last(), "dnp3 unsolicited station=1->10 iin=need-time,restart");
    ck_assert_msg(ps_operation_parse(text_of_last(), &operation, &complaint), "%s", err);
    ck_assert_uint_eq(operation.facts.n_facts, 1);
    ck_assert(same_fact(&rig.facts.item[0], &operation.facts.item[0])); /* housekeeping, too */
    ck_reason(answer(&rig, "f1 82 8000 0201 17 01 05 81"), OK);
    ck_assert_str_eq(text_of_last(), "dnp3 unsolicited station=1->10 g2v1:5 iin=restart");
    ck_assert_msg(ps_operation_parse(text_of_last(), &operation, &complaint), "%s", err);
    ck_assert(same_fact(&rig.facts.item[0], &operation.facts.item[0]));
    ck_assert(!operation.facts.item[0].housekeeping);
}
END_TEST

START_TEST(test_ps_operation_format__dnp3_requests_judged_together__each_by_name)
{
    rig_init(&rig);
    rig_add(&rig, 0xc4, 10, 1, "40 c0 01 3c");
    rig_add(&rig, 0xc4, 11, 1, "c5 c5 0d");
    rig_add(&rig, 0xc4, 10, 1, "81 02 06 3c03 06");
    ck_reason(rig_judge(&rig, PS_TO_SERVER), OK);
    ck_assert_str_eq(text_of_last(), "dnp3 read station=1->10 and cold-restart station=1->11 control "
                                     "and read station=1->10 g60v2 g60v3");
}
END_TEST

START_TEST(test_ps_operation__dnp3_link_status_inside_an_answer__named_by_what_asks)
{
    char buf[256];
    rig_init(&rig);
    ck_reason(ask(&rig, "c0 01 3c0206"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0x44, 1, 10, "40 c0");
    rig_add(&rig, 0x49, 1, 10, "");
    rig_add(&rig, 0x44, 1, 10, "81 81 8000");
    ck_reason(rig_judge(&rig, PS_TO_CLIENT), OK);
    ck_text_and_back(&ps_dnp3, &rig.facts, buf, sizeof buf);
    ck_assert_str_eq(buf, "dnp3 request-link-status station=1->10");
}
END_TEST

UNIT_MAIN("words/dnp3_operation", test_ps_operation__dnp3_unsolicited__read_back_with_its_indications,
          test_ps_operation_format__dnp3_requests_judged_together__each_by_name,
          test_ps_operation__dnp3_link_status_inside_an_answer__named_by_what_asks)
