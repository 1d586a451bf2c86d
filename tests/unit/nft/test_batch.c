/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <unistd.h>

#include "alone.h"
#include "unit.h"

static struct ps_nft_faults faults;
static char err[256];

/* NULL: it cannot be tried here. */
static struct ps_nft *open_alone(void)
{
    struct ps_nft *nft = unit_alone() ? ps_nft_open(err, sizeof err) : NULL;
    uint32_t generation;

    if (nft == NULL || ps_nft_generation(nft, &generation) == 0)
        return nft;
    fprintf(stderr, "no nf_tables here: not tried\n");
    ps_nft_close(nft);
    return NULL;
}

static void add_table(struct ps_batch *batch, const char *name)
{
    mnl_attr_put_strz(ps_batch_add(batch, NFT_MSG_NEWTABLE, 2, NLM_F_CREATE, name), NFTA_TABLE_NAME, name);
}

static void add_chain(struct ps_batch *batch, const char *table, const char *name)
{
    struct nlmsghdr *nlh = ps_batch_add(batch, NFT_MSG_NEWCHAIN, 2, NLM_F_CREATE, name);

    mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, table);
    mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
}

static int count(const struct nlmsghdr *nlh, void *ctx)
{
    (void)nlh;
    ++*(uint32_t *)ctx;
    return MNL_CB_OK;
}

static uint32_t n_of(struct ps_nft *nft, uint16_t type)
{
    uint32_t n = 0;

    ps_nft_question(nft, type, 2, NLM_F_DUMP);
    ck_assert_int_eq(ps_nft_ask(nft, count, &n), 0);
    return n;
}

START_TEST(test_ps_batch_send__two_tables__there_and_one_generation)
{
    struct ps_nft *nft = open_alone();
    struct ps_batch batch;
    uint32_t before, after;

    if (nft == NULL)
        return;
    ck_assert(ps_batch_init(&batch));
    add_table(&batch, "a");
    add_table(&batch, "b");
    ck_assert_int_eq(ps_nft_generation(nft, &before), 0);
    ck_assert(ps_batch_send(nft, &batch, &faults));
    ck_assert_int_eq(ps_nft_generation(nft, &after), 0);
    ck_assert_uint_eq(after, before + 1);
    ck_assert_uint_eq(n_of(nft, NFT_MSG_GETTABLE), 2);
    ck_assert(ps_batch_send(nft, &batch, &faults)); /* once more: they are there already */
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}
END_TEST

START_TEST(test_ps_batch_send__two_wrong_messages__both_told_and_nothing_done)
{
    struct ps_nft *nft = open_alone();
    struct ps_batch batch;

    if (nft == NULL)
        return;
    ck_assert(ps_batch_init(&batch));
    add_table(&batch, "a");
    add_chain(&batch, "nowhere", "first");
    add_chain(&batch, "a", "fine");
    add_chain(&batch, "nowhere", "second");
    ck_assert(!ps_batch_send(nft, &batch, &faults));
    ck_assert_uint_eq(faults.n, 2);
    ck_assert_uint_eq(faults.items[0].message, 1);
    ck_assert_str_eq(faults.items[0].what, "first");
    ck_assert_int_eq(faults.items[0].code, ENOENT);
    ck_assert_uint_eq(faults.items[1].message, 3);
    ck_assert_uint_eq(faults.items[1].offset, 20); /* behind both headers: the table's name */
    ps_nft_faults_text(&faults, err, sizeof err);
    ck_assert_str_eq(err, "first: No such file or directory (and 1 more)");
    ck_assert_uint_eq(n_of(nft, NFT_MSG_GETTABLE), 0);
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}
END_TEST

/* More than a socket takes by itself: about 212 KiB. */
START_TEST(test_ps_batch_send__ten_thousand_chains__one_transaction)
{
    struct ps_nft *nft = geteuid() == 0 ? open_alone() : NULL;
    struct ps_batch batch;
    char name[16];

    if (nft == NULL)
        return;
    ck_assert(ps_batch_init(&batch));
    add_table(&batch, "a");
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "chain%d", i);
        add_chain(&batch, "a", name);
    }
    if (!ps_batch_send(nft, &batch, &faults)) {
        ck_assert_int_eq(faults.items[0].code, EMSGSIZE); /* root of a container may not either */
        return;
    }
    ck_assert_uint_eq(n_of(nft, NFT_MSG_GETCHAIN), 10000);
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}
END_TEST

START_TEST(test_ps_batch_send__nothing_in_it__refused)
{
    struct ps_nft *nft = open_alone();
    struct ps_batch batch;

    if (nft == NULL)
        return;
    ck_assert(ps_batch_init(&batch));
    ck_assert(!ps_batch_send(nft, &batch, &faults));
    ps_nft_faults_text(&faults, err, sizeof err);
    ck_assert_str_eq(err, "the transaction: No data available");
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}
END_TEST

START_TEST(test_ps_nft_ask__one_table__answer_or_enoent)
{
    struct ps_nft *nft = open_alone();
    struct ps_batch batch;
    uint32_t n = 0;

    if (nft == NULL)
        return;
    ck_assert(ps_batch_init(&batch));
    add_table(&batch, "a");
    ck_assert(ps_batch_send(nft, &batch, &faults));
    mnl_attr_put_strz(ps_nft_question(nft, NFT_MSG_GETTABLE, 2, 0), NFTA_TABLE_NAME, "a");
    ck_assert_int_eq(ps_nft_ask(nft, count, &n), 0);
    ck_assert_uint_eq(n, 1);
    mnl_attr_put_strz(ps_nft_question(nft, NFT_MSG_GETTABLE, 2, 0), NFTA_TABLE_NAME, "b");
    ck_assert_int_eq(ps_nft_ask(nft, count, &n), ENOENT);
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}
END_TEST

UNIT_MAIN("nft/batch", test_ps_batch_send__two_tables__there_and_one_generation,
          test_ps_batch_send__two_wrong_messages__both_told_and_nothing_done,
          test_ps_batch_send__ten_thousand_chains__one_transaction, test_ps_batch_send__nothing_in_it__refused,
          test_ps_nft_ask__one_table__answer_or_enoent)
