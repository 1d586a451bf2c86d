/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_table.c - the guard as messages to nf_tables.
 */
#include <limits.h>
#include <linux/netfilter.h>
#include <stdio.h>

#include "guard_private.h"

#define CHAIN_MAX 32u

/* Before all that others hang there; they would see what the kernel must not. */
static const struct ps_table_hook first_in = {.number = NF_NETDEV_INGRESS, .priority = INT_MIN};
static const struct ps_table_hook out = {.number = NF_NETDEV_EGRESS, .priority = 0};

static void accept_marked(struct ps_table *table, const char *chain, uint32_t mark, const uint32_t *uid)
{
    ps_table_rule(table, chain);
    ps_table_meta(table, NFT_META_MARK, PS_REG(0));
    ps_table_compare(table, NFT_CMP_EQ, PS_REG(0), &mark, sizeof mark);
    if (uid != NULL) {
        ps_table_meta(table, NFT_META_SKUID, PS_REG(0));
        ps_table_compare(table, NFT_CMP_EQ, PS_REG(0), uid, sizeof *uid);
    }
    ps_table_verdict(table, NF_ACCEPT, NULL);
    ps_table_rule_end(table);
}

static void add_in(struct ps_table *table, const struct ps_guard *guard, const char *netdev)
{
    struct ps_table_hook hook = first_in;
    char chain[CHAIN_MAX];

    hook.device = netdev;
    snprintf(chain, sizeof chain, "in-%s", netdev);
    ps_table_base_chain(table, chain, &hook);
    if (!guard->has_open)
        return;
    ps_table_rule(table, chain);
    ps_table_meta(table, NFT_META_IIF, PS_REG(0));
    ps_table_lookup(table, PS_REG(0), PS_GUARD_ALIVE, PS_TABLE_IN);
    ps_table_verdict(table, NF_DROP, NULL);
    ps_table_rule_end(table);
    ps_table_rule(table, chain);
    ps_table_verdict(table, NFT_JUMP, "open");
    ps_table_rule_end(table);
}

static void add_out(struct ps_table *table, const struct ps_guard *guard, const char *netdev)
{
    struct ps_table_hook hook = out;
    char chain[CHAIN_MAX];

    hook.device = netdev;
    snprintf(chain, sizeof chain, "out-%s", netdev);
    ps_table_base_chain(table, chain, &hook);
    accept_marked(table, chain, guard->config.mark, &guard->config.uid);
    if (guard->has_open)
        accept_marked(table, chain, guard->config.forwarded, NULL);
}

static void add_alive(struct ps_table *table, const struct ps_guard *guard)
{
    for (uint32_t i = 0; i < guard->config.n_netdevs; i++) {
        struct ps_table_elem elem = {0};

        if (guard->netdevs[i].name == NULL)
            continue;
        ps_table_elem_put(&elem, &guard->netdevs[i].index, NULL, sizeof guard->netdevs[i].index);
        ps_table_elem(table, PS_GUARD_ALIVE, &elem);
    }
    ps_table_elems_end(table);
}

void ps_guard_build(struct ps_guard *guard, const struct ps_guard_plan *plan, struct ps_batch *batch)
{
    static const struct ps_table_set alive = {.name = PS_GUARD_ALIVE, .fields = {PS_TABLE_DEVICE}, .flags = NFT_SET_TIMEOUT,
                                            .timeout_ms = PS_GUARD_ALIVE_MS};
    struct ps_table table;

    ps_table_replace(&table, batch, NFPROTO_NETDEV, guard->name);
    if (guard->has_open) {
        ps_table_set(&table, &alive);
        add_alive(&table, guard);
        ps_guard_build_open(&table, guard, plan);
    }
    for (uint32_t i = 0; i < guard->config.n_netdevs; i++) {
        if (guard->netdevs[i].name == NULL)
            continue;
        add_in(&table, guard, guard->netdevs[i].name);
        add_out(&table, guard, guard->netdevs[i].name);
    }
}

/* All that is in it goes and comes back, in one transaction: a kernel before 6.12 does not start the time of an element
 * anew that is there already. */
void ps_guard_build_alive(const struct ps_guard *guard, bool is_alive, struct ps_batch *batch)
{
    struct ps_table table = {.batch = batch, .name = guard->name, .family = NFPROTO_NETDEV};
    struct nlmsghdr *nlh = ps_batch_add(batch, NFT_MSG_DELSETELEM, NFPROTO_NETDEV, 0, PS_GUARD_ALIVE);

    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, guard->name);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, PS_GUARD_ALIVE);
    if (is_alive)
        add_alive(&table, guard);
}
