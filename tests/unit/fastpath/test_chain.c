/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain.h"

#include <string.h>

#include "unit.h"

#define N 32u

START_TEST(test_ps_chain_remove__any_of_them__the_others_keep_their_order)
{
    struct ps_chain_link links[3];
    for (uint32_t gone = 0; gone < 3; gone++) {
        struct ps_chain chain = {0};
        for (uint32_t id = 0; id < 3; id++)
            ps_chain_add(&chain, links, id);
        ps_chain_remove(&chain, links, gone);
        ck_assert_uint_eq(chain.n, 2);
        ck_assert_uint_eq(chain.oldest, gone == 0);
        ck_assert_uint_eq(chain.newest, gone == 2 ? 1 : 2);
        ck_assert_uint_eq(links[chain.oldest].newer, chain.newest);
        ck_assert(ps_chain_check(&chain, links));
    }
}
END_TEST

START_TEST(test_ps_chain_add__two_chains_with_the_same_links__do_not_meet)
{
    struct ps_chain_link links[N];
    struct ps_chain chain[2] = {{0}, {0}};
    unsigned in[N];
    uint32_t state = 1;
    for (uint32_t id = 0; id < N; id++)
        ps_chain_add(&chain[in[id] = id & 1], links, id);
    for (unsigned step = 0; step < 10000; step++) {
        state = state * 1664525u + 1013904223u;
        uint32_t id = state >> 27;
        ps_chain_remove(&chain[in[id]], links, id);
        in[id] = state >> 26 & 1;
        ps_chain_add(&chain[in[id]], links, id);
        ck_assert_uint_eq(chain[in[id]].newest, id);
        ck_assert_uint_eq(chain[0].n + chain[1].n, N);
        ck_assert(ps_chain_check(&chain[0], links) && ps_chain_check(&chain[1], links));
    }
}
END_TEST

START_TEST(test_ps_chain_check__broken_link__found)
{
    struct ps_chain_link links[3];
    struct ps_chain chain = {0};
    for (uint32_t id = 0; id < 3; id++)
        ps_chain_add(&chain, links, id);
    links[1].older = 2;
    ck_assert(!ps_chain_check(&chain, links));
    links[1].older = 0;
    chain.n = 2;
    ck_assert(!ps_chain_check(&chain, links));
}
END_TEST

UNIT_MAIN("fastpath/chain", test_ps_chain_remove__any_of_them__the_others_keep_their_order,
          test_ps_chain_add__two_chains_with_the_same_links__do_not_meet, test_ps_chain_check__broken_link__found)
