/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steer.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "alone.h"
#include "batch.h"
#include "unit.h"

static const char *const ports[] = {"eth1", "eth2", "eth3"};
static char err[256];

/* Rules for what is carried between two ports: to chain carry, and against marks of others; 1 + 3 for each family; 3 behind the queue
 * and 2 to them. */
#define N_CARRY 15u

static int count(const struct nlmsghdr *nlh, void *ctx)
{
    (void)nlh;
    ++*(uint32_t *)ctx;
    return MNL_CB_OK;
}

/* Rules or chains that there are. */
static uint32_t n_in(uint8_t family, uint16_t type)
{
    struct ps_nft *nft = ps_nft_open(err, sizeof err);
    uint32_t n = 0;
    ck_assert_msg(nft != NULL, "%s", err);
    ps_nft_question(nft, type, family, NLM_F_DUMP);
    ck_assert_int_eq(ps_nft_ask(nft, count, &n), 0);
    ps_nft_close(nft);
    return n;
}

static uint32_t n_of(uint16_t type)
{
    return n_in(NFPROTO_INET, type);
}

/* False: it cannot be tried here. */
static bool load_by(const char *bridge, uint32_t n_ports, uint16_t queue, uint16_t n_queues)
{
    const struct ps_steer steer = {.ports = ports, .n_ports = n_ports, .bridge = bridge, .queue = queue, .n_queues = n_queues};
    bool good = ps_steer_load(&steer, err, sizeof err);
    if (!good)
        fprintf(stderr, "%s: not tried\n", err);
    return good;
}

static bool load(uint32_t n_ports, uint16_t queue, uint16_t n_queues)
{
    return load_by(NULL, n_ports, queue, n_queues);
}

START_TEST(test_ps_steer_load__two_ports__rules_for_each_way)
{
    if (!unit_alone() || !load(2, 100, 1))
        return;
    /* enter, own, crossing, forward; carry with one for each family, let, forwarded */
    ck_assert_uint_eq(n_of(NFT_MSG_GETCHAIN), 9);
    /* 2 + 1 for conntrack, 2 to the queue and a drop, 2 in, 2 out */
    ck_assert_uint_eq(n_of(NFT_MSG_GETRULE), 10 + N_CARRY);
}
END_TEST

START_TEST(test_ps_steer_load__again__in_place_of_what_was_there)
{
    if (!unit_alone() || !load(3, 100, 2) || !load(2, 7, 1))
        return;
    ck_assert_uint_eq(n_of(NFT_MSG_GETTABLE), 1);
    ck_assert_uint_eq(n_of(NFT_MSG_GETRULE), 10 + N_CARRY);
}
END_TEST

START_TEST(test_ps_steer_load__ports_of_a_bridge__a_second_table)
{
    if (!unit_alone() || !load_by("br0", 2, 100, 1))
        return;
    ck_assert_uint_eq(n_of(NFT_MSG_GETTABLE), 1);
    /* 1 + 1 for conntrack, 1 to the queue and a drop, 1 in, 1 out */
    ck_assert_uint_eq(n_of(NFT_MSG_GETRULE), 6);
    /* two of IP, ARP and a drop; 2 in, 2 out */
    ck_assert_uint_eq(n_in(NFPROTO_BRIDGE, NFT_MSG_GETCHAIN), 2);
    ck_assert_uint_eq(n_in(NFPROTO_BRIDGE, NFT_MSG_GETRULE), 8);
}
END_TEST

/* Elements of a set. */
static int count_element(const struct nlattr *elem, void *ctx)
{
    (void)elem;
    ++*(uint32_t *)ctx;
    return MNL_CB_OK;
}

static int each_attribute(const struct nlattr *attr, void *ctx)
{
    return mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS ? mnl_attr_parse_nested(attr, count_element, ctx) : MNL_CB_OK;
}

static int count_elements(const struct nlmsghdr *nlh, void *ctx)
{
    return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), each_attribute, ctx);
}

static uint32_t n_elements(const char *set)
{
    struct ps_nft *nft = ps_nft_open(err, sizeof err);
    uint32_t n = 0;
    ck_assert_msg(nft != NULL, "%s", err);
    struct nlmsghdr *nlh = ps_nft_question(nft, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, PS_STEER_TABLE);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
    ck_assert_int_eq(ps_nft_ask(nft, count_elements, &n), 0);
    ps_nft_close(nft);
    return n;
}

START_TEST(test_ps_steer_carry_for__one_after_the_other__the_last_state_alone)
{
    uint64_t packets = 1, octets = 1;
    if (!unit_alone() || !load(2, 100, 1))
        return;
    ck_assert_uint_eq(n_elements("state"), 0);
    ck_assert_msg(ps_steer_carry_for(7, err, sizeof err), "%s", err);
    ck_assert_msg(ps_steer_carry_for(0x1000008, err, sizeof err), "%s", err);
    ck_assert_uint_eq(n_elements("state"), 1);
    ck_assert(ps_steer_carried(&packets, &octets) && packets == 0 && octets == 0);
    ck_assert_msg(ps_steer_carry_nothing(err, sizeof err), "%s", err);
    ck_assert_uint_eq(n_elements("state"), 0);
}
END_TEST

START_TEST(test_ps_steer_carry_for__no_rules__a_sentence)
{
    uint64_t packets, octets;
    if (!unit_alone())
        return;
    ck_assert(!ps_steer_carry_for(7, err, sizeof err));
    ck_assert_str_ne(err, "");
    ck_assert(!ps_steer_carried(&packets, &octets));
}
END_TEST

UNIT_MAIN("nft/steer", test_ps_steer_load__two_ports__rules_for_each_way,
          test_ps_steer_load__again__in_place_of_what_was_there, test_ps_steer_load__ports_of_a_bridge__a_second_table,
          test_ps_steer_carry_for__one_after_the_other__the_last_state_alone,
          test_ps_steer_carry_for__no_rules__a_sentence)
