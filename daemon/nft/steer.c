/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steer.h"

#include <arpa/inet.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "table.h"

/* In front of conntrack and of what puts fragments together for it (NF_IP_PRI_CONNTRACK_DEFRAG is -400). */
#define BEFORE_CONNTRACK (-450)
/* Behind the host's own rules: what was judged is what leaves. */
#define LAST 1000
#define NF_BR_FORWARD 2 /* linux/netfilter_bridge.h does not go with the C library's headers */

struct build {
    const struct ps_steer *steer;
    const char *const *devices; /* that IP packets come in by and leave by: ports, or the bridge of the ports */
    uint32_t n_devices;
    struct ps_batch *batch;
    uint8_t family;
    enum ps_table_queue_way way;
};

static void *need(void *made)
{
    if (!made)
        abort();
    return made;
}

/* ---- tables and chains ----------------------------------------------------------------------------------------- */

static void put_table(struct build *b, uint16_t type, const char *what)
{
    struct nftnl_table *table = need(nftnl_table_alloc());
    nftnl_table_set_str(table, NFTNL_TABLE_NAME, PS_STEER_TABLE);
    nftnl_table_nlmsg_build_payload(ps_batch_add(b->batch, type, b->family, NLM_F_CREATE, what), table);
    nftnl_table_free(table);
}

static struct nftnl_chain *new_chain(const char *name)
{
    struct nftnl_chain *chain = need(nftnl_chain_alloc());
    nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, PS_STEER_TABLE);
    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
    return chain;
}

static void put_chain(struct build *b, struct nftnl_chain *chain, const char *what)
{
    nftnl_chain_nlmsg_build_payload(ps_batch_add(b->batch, NFT_MSG_NEWCHAIN, b->family, NLM_F_CREATE, what), chain);
    nftnl_chain_free(chain);
}

static void put_base_chain(struct build *b, const char *name, uint32_t hook, int32_t priority)
{
    struct nftnl_chain *chain = new_chain(name);
    nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
    nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
    nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, priority);
    nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
    put_chain(b, chain, name);
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static struct nftnl_rule *new_rule(const char *chain)
{
    struct nftnl_rule *rule = need(nftnl_rule_alloc());
    nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, PS_STEER_TABLE);
    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
    return rule;
}

static void put_rule(struct build *b, struct nftnl_rule *rule, const char *what)
{
    nftnl_rule_nlmsg_build_payload(ps_batch_add(b->batch, NFT_MSG_NEWRULE, b->family, NLM_F_CREATE | NLM_F_APPEND, what),
                                   rule);
    nftnl_rule_free(rule);
}

static struct nftnl_expr *add(struct nftnl_rule *rule, const char *name)
{
    struct nftnl_expr *expr = need(nftnl_expr_alloc(name));
    nftnl_rule_add_expr(rule, expr);
    return expr;
}

static void add_equal(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len)
{
    struct nftnl_expr *cmp = add(rule, "cmp");
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(cmp, NFTNL_EXPR_CMP_OP, op);
    nftnl_expr_set(cmp, NFTNL_EXPR_CMP_DATA, data, len);
}

static void add_meta(struct nftnl_rule *rule, uint32_t key)
{
    struct nftnl_expr *meta = add(rule, "meta");
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void add_mark(struct nftnl_rule *rule)
{
    const uint32_t mark = PS_STEER_MARK;
    add_meta(rule, NFT_META_MARK);
    add_equal(rule, NFT_CMP_EQ, &mark, sizeof mark);
}

/* Names, not numbers: they hold when a device goes and comes again. */
static void add_device(struct nftnl_rule *rule, uint32_t key, const char *name)
{
    char padded[IFNAMSIZ] = {0};
    snprintf(padded, sizeof padded, "%s", name);
    add_meta(rule, key);
    add_equal(rule, NFT_CMP_EQ, padded, sizeof padded);
}

static void add_verdict(struct nftnl_rule *rule, int verdict, const char *chain)
{
    struct nftnl_expr *immediate = add(rule, "immediate");
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
    if (chain)
        nftnl_expr_set_str(immediate, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* ---- the three chains ------------------------------------------------------------------------------------------ */

/* What passes penstockd is for it to track: the numbers of its connections change on the way, and conntrack would take them
 * for wrong. What is for this host itself is left alone. */
static void put_untracked(struct build *b)
{
    const uint32_t local = RTN_LOCAL;
    struct nftnl_rule *rule;
    put_base_chain(b, "enter", NF_INET_PRE_ROUTING, BEFORE_CONNTRACK);
    for (uint32_t i = 0; i < b->n_devices; i++) {
        rule = new_rule("enter");
        add_device(rule, NFT_META_IIFNAME, b->devices[i]);
        struct nftnl_expr *fib = add(rule, "fib");
        nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
        nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        nftnl_expr_set_u32(fib, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
        add_equal(rule, NFT_CMP_NEQ, &local, sizeof local);
        add(rule, "notrack");
        put_rule(b, rule, "the rule that keeps conntrack off");
    }
    put_base_chain(b, "own", NF_INET_LOCAL_OUT, BEFORE_CONNTRACK);
    rule = new_rule("own");
    add_mark(rule);
    add(rule, "notrack");
    put_rule(b, rule, "the rule that keeps conntrack off penstockd's own packets");
}

static void put_forward(struct build *b)
{
    put_chain(b, new_chain("crossing"), "the chain of what came in by a port");
    put_base_chain(b, "forward", NF_INET_FORWARD, LAST);
    if (!b->steer->bridge) {
        ps_steer_put_carrying(b->batch, b->steer, LAST + 1);
        struct nftnl_rule *carry = new_rule("crossing");
        add_verdict(carry, NFT_JUMP, "carry");
        put_rule(b, carry, "the rule for what is carried");
    }
    for (uint32_t i = 0; i < b->n_devices; i++) {
        struct nftnl_rule *rule = new_rule("crossing");
        add_device(rule, NFT_META_OIFNAME, b->devices[i]);
        add(rule, "counter");
        ps_table_queue(rule, b->way, b->steer->queue, b->steer->n_queues);
        put_rule(b, rule, "the rule that brings packets to the queue");
    }
    struct nftnl_rule *rest = new_rule("crossing");
    add(rest, "counter");
    add_verdict(rest, NF_DROP, NULL);
    put_rule(b, rest, "the rule that drops the rest");
    for (uint32_t i = 0; i < b->n_devices; i++) {
        struct nftnl_rule *rule = new_rule("forward");
        add_device(rule, NFT_META_IIFNAME, b->devices[i]);
        add_verdict(rule, NFT_GOTO, "crossing");
        put_rule(b, rule, "the rule for what comes in by a port");
    }
    for (uint32_t i = 0; i < b->n_devices; i++) {
        struct nftnl_rule *rule = new_rule("forward");
        add_device(rule, NFT_META_OIFNAME, b->devices[i]);
        add(rule, "counter");
        add_verdict(rule, NF_DROP, NULL);
        put_rule(b, rule, "the rule for what would leave by a port");
    }
}

/* What a bridge lets pass: frames of this type, marked ones alone where they were asked about. A tagged frame has the tag's
 * type. */
static void put_passing(struct build *b, uint16_t ethertype, bool marked, const char *what)
{
    const uint16_t wire = htons(ethertype);
    struct nftnl_rule *rule = new_rule("crossing");
    struct nftnl_expr *type = add(rule, "payload");
    nftnl_expr_set_u32(type, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
    nftnl_expr_set_u32(type, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_LL_HEADER);
    nftnl_expr_set_u32(type, NFTNL_EXPR_PAYLOAD_OFFSET, offsetof(struct ethhdr, h_proto));
    nftnl_expr_set_u32(type, NFTNL_EXPR_PAYLOAD_LEN, sizeof wire);
    add_equal(rule, NFT_CMP_EQ, &wire, sizeof wire);
    if (marked)
        add_mark(rule);
    add_verdict(rule, NF_ACCEPT, NULL);
    put_rule(b, rule, what);
}

/* Of the bridge, behind br_netfilter: IP that was judged passes, and ARP, which nobody judges here. */
static void put_bridge(struct build *b)
{
    put_chain(b, new_chain("crossing"), "the chain of the bridge's ports");
    put_base_chain(b, "forward", NF_BR_FORWARD, LAST);
    put_passing(b, ETH_P_IP, true, "the rule for IPv4 that was judged");
    put_passing(b, ETH_P_IPV6, true, "the rule for IPv6 that was judged");
    put_passing(b, ETH_P_ARP, false, "the rule for ARP");
    struct nftnl_rule *rule = new_rule("crossing");
    add(rule, "counter");
    add_verdict(rule, NF_DROP, NULL);
    put_rule(b, rule, "the rule that drops what nobody judged");
    for (uint32_t i = 0; i < 2 * b->steer->n_ports; i++) {
        rule = new_rule("forward");
        add_device(rule, i % 2 ? NFT_META_OIFNAME : NFT_META_IIFNAME, b->steer->ports[i / 2]);
        add_verdict(rule, NFT_GOTO, "crossing");
        put_rule(b, rule, "the rule for a port of the bridge");
    }
}

static void put_all(struct build *b)
{
    put_table(b, NFT_MSG_NEWTABLE, "the table");
    put_table(b, NFT_MSG_DELTABLE, "the table of before");
    put_table(b, NFT_MSG_NEWTABLE, "the table");
    if (b->family == NFPROTO_BRIDGE) {
        put_bridge(b);
        return;
    }
    put_untracked(b);
    put_forward(b);
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

static bool load(struct ps_nft *nft, const struct ps_steer *steer, enum ps_table_queue_way way, struct ps_nft_faults *faults)
{
    struct ps_batch batch;
    struct build b = {.steer = steer, .devices = steer->ports, .n_devices = steer->n_ports, .batch = &batch, .way = way,
                      .family = NFPROTO_INET};
    if (!ps_batch_init(&batch))
        abort();
    if (steer->bridge) {
        b.devices = &steer->bridge;
        b.n_devices = 1;
    }
    put_all(&b);
    b.family = NFPROTO_BRIDGE;
    if (steer->bridge)
        put_all(&b);
    bool good = ps_batch_send(nft, &batch, faults);
    ps_batch_fini(&batch);
    return good;
}

bool ps_steer_load(const struct ps_steer *steer, char *err, size_t err_size)
{
    struct ps_nft_faults faults;
    struct ps_nft *nft = ps_nft_open(err, err_size);
    if (!nft)
        return false;
    /* not every kernel has the expression, nor every one the target of before it */
    bool good = load(nft, steer, PS_TABLE_QUEUE_NATIVE, &faults) || load(nft, steer, PS_TABLE_QUEUE_TARGET, &faults);
    if (!good)
        ps_nft_faults_text(&faults, err, err_size);
    ps_nft_close(nft);
    return good;
}
