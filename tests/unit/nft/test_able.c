/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "able.h"

#include <linux/capability.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alone.h"
#include "batch.h"
#include "unit.h"

static char err[256];

static int count(const struct nlmsghdr *nlh, void *ctx)
{
    (void)nlh;
    ++*(uint32_t *)ctx;
    return MNL_CB_OK;
}

static uint32_t n_tables(void)
{
    struct ps_nft *nft = ps_nft_open(err, sizeof err);
    uint32_t n = 0;
    ck_assert_msg(nft != NULL, "%s", err);
    ps_nft_question(nft, NFT_MSG_GETTABLE, NFPROTO_UNSPEC, NLM_F_DUMP);
    ck_assert_int_eq(ps_nft_ask(nft, count, &n), 0);
    ps_nft_close(nft);
    return n;
}

static void give_up_privileges(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    ck_assert_int_eq(syscall(SYS_capset, &head, none), 0);
}

/* What this kernel has is not for a test to say, but that nothing stays is. */
START_TEST(test_ps_able__asked__nothing_stays)
{
    if (!unit_alone())
        return;
    bool guard = ps_able_guard(err, sizeof err);
    ck_assert(guard || err[0] != '\0');
    bool queue = ps_able_queue(err, sizeof err);
    ck_assert(queue || err[0] != '\0');
    bool rules = ps_able_rules(err, sizeof err);
    ck_assert(rules || (err[0] != '\0' && !queue));
    fprintf(stderr, "guard %d, queue %d, rules %d\n", guard, queue, rules);
    ck_assert_uint_eq(n_tables(), 0);
}
END_TEST

START_TEST(test_ps_able__without_privileges__says_which_it_takes)
{
    if (!unit_alone())
        return;
    give_up_privileges();
    ck_assert(!ps_able_guard(err, sizeof err));
    ck_assert_ptr_nonnull(strstr(err, "CAP_NET_ADMIN"));
    ck_assert(!ps_able_queue(err, sizeof err));
    ck_assert_ptr_nonnull(strstr(err, "CAP_NET_ADMIN"));
    ck_assert(!ps_able_rules(err, sizeof err));
    ck_assert_ptr_nonnull(strstr(err, "CAP_NET_ADMIN"));
}
END_TEST

UNIT_MAIN("nft/able", test_ps_able__asked__nothing_stays, test_ps_able__without_privileges__says_which_it_takes)
