/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one message: the list of them has to stay below 64 KiB. */
#define ELEMS_OCTETS_MAX 48000u
#define ELEM_OCTETS 80u /* of headers, flags, verdict and timeout */

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static const char *what_of(const struct ps_table *table, const char *otherwise)
{
    return table->what != NULL ? table->what : otherwise;
}

/* ---- tables and chains ------------------------------------------------------------------------------------------- */

static void add_table(struct ps_batch *batch, uint16_t type, uint8_t family, const char *name)
{
    struct nftnl_table *t = need(nftnl_table_alloc());
    uint16_t flags = type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0;

    nftnl_table_set_str(t, NFTNL_TABLE_NAME, name);
    nftnl_table_nlmsg_build_payload(ps_batch_add(batch, type, family, flags, name), t);
    nftnl_table_free(t);
}

void ps_table_remove(struct ps_batch *batch, uint8_t family, const char *name)
{
    add_table(batch, NFT_MSG_NEWTABLE, family, name); /* what is not there cannot be deleted */
    add_table(batch, NFT_MSG_DELTABLE, family, name);
}

void ps_table_replace(struct ps_table *table, struct ps_batch *batch, uint8_t family, const char *name)
{
    *table = (struct ps_table){.batch = batch, .name = name, .family = family};
    ps_table_remove(batch, family, name);
    add_table(batch, NFT_MSG_NEWTABLE, family, name);
}

static void add_chain(struct ps_table *table, const char *name, const struct ps_table_hook *hook)
{
    struct nftnl_chain *c = need(nftnl_chain_alloc());

    nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table->name);
    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
    if (hook != NULL) {
        nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
        nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook->number);
        nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, hook->priority);
        nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, hook->accepts ? NF_ACCEPT : NF_DROP);
        if (hook->device != NULL)
            nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, hook->device);
    }
    const char *what = what_of(table, hook != NULL && hook->device != NULL ? hook->device : name);
    nftnl_chain_nlmsg_build_payload(ps_batch_add(table->batch, NFT_MSG_NEWCHAIN, table->family, NLM_F_CREATE, what), c);
    nftnl_chain_free(c);
}

void ps_table_chain(struct ps_table *table, const char *name)
{
    add_chain(table, name, NULL);
}

void ps_table_base_chain(struct ps_table *table, const char *name, const struct ps_table_hook *hook)
{
    add_chain(table, name, hook);
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

static uint8_t len_of(enum ps_table_kind kind)
{
    switch (kind) {
    case PS_TABLE_IPV6:
    case PS_TABLE_IFNAME:
        return 16;
    case PS_TABLE_MAC:
        return 6;
    case PS_TABLE_PROTOCOL:
    case PS_TABLE_CT_DIRECTION:
        return 1;
    case PS_TABLE_PORT:
    case PS_TABLE_ETHERTYPE:
        return 2;
    case PS_TABLE_INTEGER:
    case PS_TABLE_IPV4:
    case PS_TABLE_CT_STATE:
    case PS_TABLE_MARK:
    case PS_TABLE_DEVICE:
        break;
    }
    return 4;
}

static uint32_t registers_of(uint32_t len)
{
    return (len + 3) / 4 * 4;
}

void ps_table_set(struct ps_table *table, const struct ps_table_set *set)
{
    struct nftnl_set *s = need(nftnl_set_alloc());
    uint8_t lens[PS_TABLE_FIELDS_MAX];
    uint32_t n = 0, kinds = 0, len = 0;

    for (; n < PS_TABLE_FIELDS_MAX && set->fields[n] != 0; n++) {
        lens[n] = set->lens[n] != 0 ? set->lens[n] : len_of(set->fields[n]);
        len += registers_of(lens[n]);
        kinds = kinds << 6 | (uint32_t)set->fields[n];
    }
    nftnl_set_set_str(s, NFTNL_SET_TABLE, table->name);
    nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
    nftnl_set_set_u32(s, NFTNL_SET_ID, ++table->last_set);
    nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set->flags);
    nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, kinds);
    nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, n == 1 ? lens[0] : len);
    if ((set->flags & NFT_SET_CONCAT) != 0)
        nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, lens, n);
    if (set->has_verdicts)
        nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
    if (set->data != 0) {
        nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, (uint32_t)set->data);
        nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, len_of(set->data));
    }
    if (set->note != NULL)
        nftnl_set_set_data(s, NFTNL_SET_USERDATA, set->note, set->note_len);
    if (set->timeout_ms != 0)
        nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, set->timeout_ms);
    if (set->size != 0)
        nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->size);
    nftnl_set_nlmsg_build_payload(ps_batch_add(table->batch, NFT_MSG_NEWSET, table->family, NLM_F_CREATE,
                                               what_of(table, set->name)), s);
    nftnl_set_free(s);
}

void ps_table_elem_put(struct ps_table_elem *elem, const void *key, const void *end, uint32_t len)
{
    if (elem->len + registers_of(len) > PS_TABLE_KEY_MAX)
        abort();
    memcpy(elem->key + elem->len, key, len);
    memcpy(elem->end + elem->len, end != NULL ? end : key, len);
    elem->len += registers_of(len);
}

void ps_table_elem(struct ps_table *table, const char *set, const struct ps_table_elem *elem)
{
    struct nftnl_set_elem *e = need(nftnl_set_elem_alloc());

    nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, elem->key, elem->len);
    if (elem->end_len != 0)
        nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, elem->end, elem->end_len);
    if (elem->flags != 0)
        nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS, elem->flags);
    if (elem->has_data)
        nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, &elem->data, sizeof elem->data);
    if (elem->has_verdict)
        nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_VERDICT, (uint32_t)elem->verdict);
    if (elem->has_verdict && elem->chain != NULL)
        nftnl_set_elem_set_str(e, NFTNL_SET_ELEM_CHAIN, elem->chain);
    if (elem->timeout_ms != 0)
        nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, elem->timeout_ms);
    if (table->set == NULL) {
        table->set = need(nftnl_set_alloc());
        nftnl_set_set_str(table->set, NFTNL_SET_TABLE, table->name);
        nftnl_set_set_str(table->set, NFTNL_SET_NAME, set);
        table->elems_len = 0;
    }
    nftnl_set_elem_add(table->set, e);
    table->elems_len += ELEM_OCTETS + elem->len + elem->end_len + (elem->chain != NULL ? (uint32_t)strlen(elem->chain) : 0);
    if (table->elems_len > ELEMS_OCTETS_MAX)
        ps_table_elems_end(table);
}

/* libnftnl numbers the elements where the kernel, and libnftnl when it reads, has them all of one type. */
static void set_types(struct nlmsghdr *nlh)
{
    struct nlattr *list, *elem;

    for (list = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
         mnl_attr_ok(list, (int)((char *)mnl_nlmsg_get_payload_tail(nlh) - (char *)list)); list = mnl_attr_next(list)) {
        if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
            continue;
        if ((void *)mnl_attr_next(list) != mnl_nlmsg_get_payload_tail(nlh))
            abort(); /* it was longer than its length can say */
        for (elem = mnl_attr_get_payload(list);
             mnl_attr_ok(elem, (int)((char *)mnl_attr_get_payload(list) + mnl_attr_get_payload_len(list) - (char *)elem));
             elem = mnl_attr_next(elem))
            elem->nla_type = NLA_F_NESTED | NFTA_LIST_ELEM;
    }
}

void ps_table_elems_end(struct ps_table *table)
{
    struct nlmsghdr *nlh;

    if (table->set == NULL)
        return;
    nlh = ps_batch_add(table->batch, NFT_MSG_NEWSETELEM, table->family, NLM_F_CREATE, what_of(table, "elements of a set"));
    nftnl_set_elems_nlmsg_build_payload(nlh, table->set);
    set_types(nlh);
    nftnl_set_free(table->set);
    table->set = NULL;
}

void ps_table_set_empty(struct ps_table *table, const char *set)
{
    struct nftnl_set *s = need(nftnl_set_alloc());

    nftnl_set_set_str(s, NFTNL_SET_TABLE, table->name);
    nftnl_set_set_str(s, NFTNL_SET_NAME, set);
    nftnl_set_elems_nlmsg_build_payload(ps_batch_add(table->batch, NFT_MSG_DELSETELEM, table->family, 0,
                                                     what_of(table, set)), s);
    nftnl_set_free(s);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

void ps_table_rule(struct ps_table *table, const char *chain)
{
    table->rule = need(nftnl_rule_alloc());
    nftnl_rule_set_str(table->rule, NFTNL_RULE_TABLE, table->name);
    nftnl_rule_set_str(table->rule, NFTNL_RULE_CHAIN, chain);
}

void ps_table_rule_end(struct ps_table *table)
{
    nftnl_rule_nlmsg_build_payload(ps_batch_add(table->batch, NFT_MSG_NEWRULE, table->family,
                                                NLM_F_CREATE | NLM_F_APPEND, what_of(table, "a rule")), table->rule);
    nftnl_rule_free(table->rule);
    table->rule = NULL;
}

static struct nftnl_expr *add_expr(struct ps_table *table, const char *name)
{
    struct nftnl_expr *e = need(nftnl_expr_alloc(name));

    nftnl_rule_add_expr(table->rule, e);
    return e;
}

void ps_table_meta(struct ps_table *table, uint32_t key, uint32_t reg)
{
    struct nftnl_expr *e = add_expr(table, "meta");

    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

void ps_table_ct(struct ps_table *table, uint32_t key, uint32_t reg)
{
    struct nftnl_expr *e = add_expr(table, "ct");

    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, reg);
}

void ps_table_meta_set(struct ps_table *table, uint32_t key, uint32_t reg)
{
    struct nftnl_expr *e = add_expr(table, "meta");

    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, reg);
}

void ps_table_payload(struct ps_table *table, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg)
{
    struct nftnl_expr *e = add_expr(table, "payload");

    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void ps_table_mask(struct ps_table *table, uint32_t reg, const void *mask, uint32_t len)
{
    static const uint8_t zero[PS_TABLE_KEY_MAX];
    struct nftnl_expr *e = add_expr(table, "bitwise");

    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, reg);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, reg);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

void ps_table_value(struct ps_table *table, uint32_t reg, const void *value, uint32_t len)
{
    struct nftnl_expr *e = add_expr(table, "immediate");

    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
    nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, len);
}

void ps_table_compare(struct ps_table *table, uint32_t op, uint32_t reg, const void *value, uint32_t len)
{
    struct nftnl_expr *e = add_expr(table, "cmp");

    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, reg);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
    nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static struct nftnl_expr *add_lookup(struct ps_table *table, uint32_t reg, const char *set)
{
    struct nftnl_expr *e = add_expr(table, "lookup");

    nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg);
    nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, 0); /* the kernel says so too when it is asked */
    return e;
}

void ps_table_lookup(struct ps_table *table, uint32_t reg, const char *set, enum ps_table_wanted wanted)
{
    struct nftnl_expr *e = add_lookup(table, reg, set);

    if (wanted == PS_TABLE_NOT_IN)
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void ps_table_map(struct ps_table *table, uint32_t reg, const char *map, uint32_t to)
{
    nftnl_expr_set_u32(add_lookup(table, reg, map), NFTNL_EXPR_LOOKUP_DREG, to);
}

static void add_dynset(struct ps_table *table, uint32_t reg, const char *set, uint32_t op)
{
    struct nftnl_expr *e = add_expr(table, "dynset");

    nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, reg);
    nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, op);
    nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
    nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, 0); /* the set's */
}

void ps_table_update(struct ps_table *table, uint32_t reg, const char *set)
{
    add_dynset(table, reg, set, NFT_DYNSET_OP_UPDATE);
}

void ps_table_delete(struct ps_table *table, uint32_t reg, const char *set)
{
    add_dynset(table, reg, set, NFT_DYNSET_OP_DELETE);
}

void ps_table_verdict(struct ps_table *table, int verdict, const char *chain)
{
    struct nftnl_expr *e = add_expr(table, "immediate");

    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
    if (chain != NULL)
        nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void ps_table_forward(struct ps_table *table, uint32_t reg)
{
    nftnl_expr_set_u32(add_expr(table, "fwd"), NFTNL_EXPR_FWD_SREG_DEV, reg);
}

void ps_table_log(struct ps_table *table, uint16_t group, const char *prefix)
{
    struct nftnl_expr *e = add_expr(table, "log");

    nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, group);
    nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, prefix);
}

void ps_table_limit(struct ps_table *table, uint32_t packets_per_second)
{
    struct nftnl_expr *e = add_expr(table, "limit");

    nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, packets_per_second);
    nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, packets_per_second);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

void ps_table_reset(struct ps_table *table)
{
    struct nftnl_expr *e = add_expr(table, "reject");

    nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
    nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, 0);
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

void ps_table_counter(struct ps_table *table, const char *name)
{
    struct nftnl_obj *o = need(nftnl_obj_alloc());

    nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, table->name);
    nftnl_obj_set_str(o, NFTNL_OBJ_NAME, name);
    nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
    nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_PKTS, 0);
    nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_BYTES, 0);
    nftnl_obj_nlmsg_build_payload(ps_batch_add(table->batch, NFT_MSG_NEWOBJ, table->family, NLM_F_CREATE,
                                               what_of(table, name)), o);
    nftnl_obj_free(o);
}

void ps_table_count(struct ps_table *table, const char *counter)
{
    struct nftnl_expr *e = add_expr(table, "objref");

    nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
    nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, counter);
}

/* ---- queues ------------------------------------------------------------------------------------------------------ */

#define XT_ALIGNED 8u /* netfilter wants the parameters of a target in multiples of this */

void ps_table_queue(struct nftnl_rule *rule, enum ps_table_queue_way way, uint16_t first, uint16_t n)
{
    struct nftnl_expr *e = need(nftnl_expr_alloc(way == PS_TABLE_QUEUE_NATIVE ? "queue" : "target"));

    nftnl_rule_add_expr(rule, e);
    if (way == PS_TABLE_QUEUE_NATIVE) {
        nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, first);
        nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, n);
        return;
    }
    struct xt_NFQ_info_v3 *info = need(calloc(1, XT_ALIGNED)); /* the expression frees it */
    info->queuenum = first;
    info->queues_total = n;
    nftnl_expr_set_str(e, NFTNL_EXPR_TG_NAME, "NFQUEUE");
    nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, 3);
    nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, XT_ALIGNED);
}
