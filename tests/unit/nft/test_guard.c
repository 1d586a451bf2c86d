/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, before lo of a namespace of its own. What passes is tried by tests/net/gateway_guard.py.
 */
#include "guard.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

#include "../match/plant.h"
#include "alone.h"
#include "batch.h"

static char err[300];

static const char text[] =
    HEAD "zones = (\n{ name = 'a'; networks = ['10.1.0.0/24', 'fd00:1::/64', '255.255.255.0/24']; vlans = [7, 9];\nassets = ("
         "{ name = 'a1'; addresses = ['10.1.0.1', 'fd00:1::1']; mac = '02:00:00:00:00:01'; } ); },\n"
         "{ name = 'b'; networks = ['10.2.0.0/24', 'fd00:2::/64']; vlans = [9];\n"
         " assets = ( { name = 'b1'; addresses = ['10.2.0.1', 'fd00:2::1']; } ); } );\n"
         "conduits = (\n{ name = 'c'; from = 'a'; to = 'b'; on_failure = 'open'; allow = (\n"
         "{ name = 'modbus'; clients = ['a1']; servers = ['b1']; protocol = 'modbus'; operations = ['read']; },\n"
         "{ name = 'web'; servers = ['b1']; protocol = 'tcp'; ports = ['80', '443', '8000-8100']; },\n"
         "{ name = 'time'; protocol = 'udp'; ports = ['123']; }, { name = 'ping'; protocol = 'icmp'; },\n"
         "{ name = 'gre'; clients = ['a1']; protocol = 'ip'; ip_protocols = [47]; } ); } );\n"
         "gateways = ( { name = 'g'; ports = ( { name = 'p'; zones = ['a']; }, { name = 'q'; zones = ['b']; } ); } );";

/* NULL: it cannot be tried here. */
static struct ps_guard *guard_new(void)
{
    static struct ps_guard_netdev netdevs[2] = {{"lo", 1}, {NULL, 0}};
    const struct ps_guard_config config = {.instance = "t", .netdevs = netdevs, .n_netdevs = 2, .mark = 1, .forwarded = 2};

    if (!unit_alone())
        return NULL;
    struct ps_guard *guard = ps_guard_open(&config, err, sizeof err);
    if (guard == NULL || ps_guard_set(guard, NULL, err, sizeof err))
        return guard;
    fprintf(stderr, "%s: not tried\n", err);
    ps_guard_close(guard);
    return NULL;
}

static void send_by_hand(void (*build)(struct ps_batch *batch))
{
    struct ps_nft *nft = ps_nft_open(err, sizeof err);
    struct ps_nft_faults faults;
    struct ps_batch batch;

    ck_assert(nft != NULL && ps_batch_init(&batch));
    build(&batch);
    ck_assert_msg(ps_batch_send(nft, &batch, &faults), "%s: %s", faults.items[0].what, strerror(faults.items[0].code));
    ps_batch_fini(&batch);
    ps_nft_close(nft);
}

static void delete_table(struct ps_batch *batch)
{
    mnl_attr_put_strz(ps_batch_add(batch, NFT_MSG_DELTABLE, NFPROTO_NETDEV, 0, "t"), NFTA_TABLE_NAME, "penstock-guard-t");
}

static void add_another(struct ps_batch *batch)
{
    mnl_attr_put_strz(ps_batch_add(batch, NFT_MSG_NEWTABLE, NFPROTO_NETDEV, NLM_F_CREATE, "t"), NFTA_TABLE_NAME, "other");
}

static void add_chain(struct ps_batch *batch)
{
    struct nlmsghdr *nlh = ps_batch_add(batch, NFT_MSG_NEWCHAIN, NFPROTO_NETDEV, NLM_F_CREATE, "c");

    mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, "penstock-guard-t");
    mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, "mine");
}

START_TEST(test_ps_guard_look__table_deleted__changed_until_repaired)
{
    struct ps_guard *guard = guard_new();

    if (guard == NULL)
        return;
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    send_by_hand(add_another);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    send_by_hand(delete_table);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_CHANGED);
    ck_assert_msg(ps_guard_repair(guard, err, sizeof err), "%s", err);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    send_by_hand(add_chain);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_CHANGED);
    ck_assert(ps_guard_repair(guard, err, sizeof err));
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    ps_guard_close(guard);
    ck_assert_msg(ps_guard_remove("t", err, sizeof err), "%s", err);
    ck_assert_msg(ps_guard_remove("t", err, sizeof err), "%s", err); /* it is gone already */
}
END_TEST

/* Both ports are lo: the kernel takes it all the same. */
START_TEST(test_ps_guard_set__open_conduit__taken_and_lives)
{
    struct ps_guard *guard = guard_new();
    struct ps_guard_plan plan;
    struct plant plant;

    if (guard == NULL)
        return;
    plant_open(&plant, text);
    const uint16_t ports[2] = {0, 1};
    const int indices[2] = {1, 1};
    const struct ps_guard_plan_config config = {.image = &plant.image, .ports = ports, .indices = indices, .n_ports = 2};
    ck_assert(ps_guard_plan_init(&plan, &config));
    ck_assert_uint_eq(plan.n_open, 1);
    ck_assert_msg(ps_guard_set(guard, &plan, err, sizeof err), "%s", err);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(ps_guard_refresh(guard, err, sizeof err), "%s", err);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);

    ck_assert_msg(ps_guard_release(guard, err, sizeof err), "%s", err);
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    ck_assert(ps_guard_set(guard, NULL, err, sizeof err));
    ck_assert(ps_guard_refresh(guard, err, sizeof err));
    ck_assert_int_eq(ps_guard_look(guard), PS_GUARD_SAME);
    ps_guard_plan_fini(&plan);
    ps_guard_close(guard);
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("nft/guard", test_ps_guard_look__table_deleted__changed_until_repaired,
          test_ps_guard_set__open_conduit__taken_and_lives)
