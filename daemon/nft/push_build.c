/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_build.c - a description as messages: the table, its counters, chains, sets with their elements, then the rules.
 */
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push_private.h"

#define VLAN_ID_BITS UINT16_C(0x0fff) /* of the tag's two octets; the rest is priority */

uint8_t ps_push_family(const struct ps_nft_ruleset *ruleset)
{
    switch ((enum ps_nft_family)ruleset->family) {
    case PS_NFT_NETDEV:
        return NFPROTO_NETDEV;
    case PS_NFT_INET:
        return NFPROTO_INET;
    case PS_NFT_BRIDGE:
        return NFPROTO_BRIDGE;
    }
    return NFPROTO_UNSPEC;
}

/* What faults call the messages that follow. */
__attribute__((format(printf, 2, 3))) static void call(struct ps_push_build *b, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    b->texts = ps_push_grow(b->texts, b->n_texts, &b->texts_capacity, sizeof *b->texts);
    b->texts[b->n_texts] = strdup(text);
    if (b->texts[b->n_texts] == NULL)
        abort();
    b->table.what = b->texts[b->n_texts++];
}

/* ---- verdicts, values -------------------------------------------------------------------------------------------- */

static int verdict_of(struct ps_nft_verdict verdict)
{
    switch ((enum ps_nft_verdict_kind)verdict.kind) {
    case PS_NFT_ACCEPT:
        return NF_ACCEPT;
    case PS_NFT_RETURN:
        return NFT_RETURN;
    case PS_NFT_JUMP:
        return NFT_JUMP;
    case PS_NFT_GOTO:
        return NFT_GOTO;
    case PS_NFT_DROP:
        break;
    }
    return NF_DROP;
}

static const char *chain_of(const struct ps_push_build *b, struct ps_nft_verdict verdict)
{
    bool goes = verdict.kind == PS_NFT_JUMP || verdict.kind == PS_NFT_GOTO;

    return goes ? b->ruleset->chains[verdict.chain].name : NULL;
}

/* As the kernel holds the value of a key that the description has in network order. */
static void put_value(struct ps_nft_key key, const uint8_t *value, uint8_t *out)
{
    uint32_t len = ps_nft_key_len(key), number = 0;

    memcpy(out, value, len);
    if (!ps_nft_key_kinds[key.id].host_order || len != sizeof number)
        return;
    for (uint32_t i = 0; i < len; i++)
        number = number << 8 | value[i];
    memcpy(out, &number, sizeof number);
}

/* A mask of a key of len octets, likewise. */
static void put_mask(struct ps_nft_key key, uint32_t mask, uint8_t *out)
{
    uint8_t octets[sizeof mask];
    uint32_t len = ps_nft_key_len(key);

    for (uint32_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(mask >> (8 * (sizeof octets - 1 - i)));
    put_value(key, octets + sizeof octets - len, out);
}

static uint32_t registers_of(uint32_t len)
{
    return (len + 3) / 4;
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

static enum ps_table_kind kind_of(struct ps_nft_key key)
{
    switch ((enum ps_nft_format)ps_nft_key_kinds[key.id].format) {
    case PS_NFT_ADDR4:
        return PS_TABLE_IPV4;
    case PS_NFT_ADDR6:
        return PS_TABLE_IPV6;
    case PS_NFT_MAC:
        return PS_TABLE_MAC;
    case PS_NFT_IFNAME:
        return PS_TABLE_IFNAME;
    case PS_NFT_IP_PROTO:
        return PS_TABLE_PROTOCOL;
    case PS_NFT_CT_STATE_BITS:
        return PS_TABLE_CT_STATE;
    case PS_NFT_CT_DIRECTION_WORD:
        return PS_TABLE_CT_DIRECTION;
    case PS_NFT_NUMBER:
    case PS_NFT_HEX:
        break;
    }
    if (key.id == PS_NFT_ETHERTYPE)
        return PS_TABLE_ETHERTYPE;
    return key.id == PS_NFT_TH_SPORT || key.id == PS_NFT_TH_DPORT ? PS_TABLE_PORT : PS_TABLE_INTEGER;
}

static void add_set(struct ps_push_build *b, const struct ps_nft_set *set)
{
    struct ps_table_set s = {.name = set->name, .has_verdicts = set->is_map};
    struct nftnl_udata_buf *kinds = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

    if (kinds == NULL)
        abort();
    ps_push_typeof(set, kinds);
    s.note = nftnl_udata_buf_data(kinds);
    s.note_len = nftnl_udata_buf_len(kinds);
    for (unsigned k = 0; k < set->n_keys; k++) {
        s.fields[k] = kind_of(set->keys[k]);
        s.lens[k] = (uint8_t)ps_nft_key_len(set->keys[k]);
    }
    s.flags = set->is_map ? NFT_SET_MAP : 0;
    if (set->interval)
        s.flags |= set->n_keys > 1 ? NFT_SET_INTERVAL | NFT_SET_CONCAT : NFT_SET_INTERVAL;
    if (set->dynamic || set->timeout_s > 0) {
        s.flags |= set->dynamic ? NFT_SET_EVAL | NFT_SET_TIMEOUT : NFT_SET_TIMEOUT;
        s.timeout_ms = UINT64_C(1000) * set->timeout_s;
        s.size = set->max_elements;
    }
    call(b, "%s %s", set->is_map ? "map" : "set", set->name);
    ps_table_set(&b->table, &s);
    nftnl_udata_buf_free(kinds);
}

/* The next number of len octets. false: there is none. */
static bool count_up(uint8_t *value, uint32_t len)
{
    while (len > 0)
        if (++value[--len] != 0)
            return true;
    return false;
}

/* Of one key: a range is where it begins and where it does not go on. */
static void add_end(struct ps_push_build *b, const struct ps_nft_set *set, uint32_t i)
{
    struct ps_table_elem end = {.flags = NFT_SET_ELEM_INTERVAL_END};
    const uint8_t *octets = set->octets + (size_t)i * set->stride;
    uint32_t len = set->stride / 2;
    uint8_t value[PS_NFT_OCTETS_MAX];

    memcpy(value, octets + len, len);
    if (!count_up(value, len))
        return;
    ps_table_elem_put(&end, value, NULL, len);
    end.len = len;
    ps_table_elem(&b->table, set->name, &end);
}

static void add_element(struct ps_push_build *b, const struct ps_nft_set *set, uint32_t i)
{
    struct ps_table_elem elem = {.has_verdict = set->is_map};
    const uint8_t *lo = set->octets + (size_t)i * set->stride, *hi = lo + set->stride / 2;
    uint8_t first[PS_NFT_OCTETS_MAX], last[PS_NFT_OCTETS_MAX];

    for (unsigned k = 0; k < set->n_keys; k++) {
        uint32_t len = ps_nft_key_len(set->keys[k]);

        put_value(set->keys[k], lo, first);
        put_value(set->keys[k], set->interval ? hi : lo, last);
        ps_table_elem_put(&elem, first, last, len);
        lo += len;
        hi += len;
    }
    if (set->is_map) {
        elem.verdict = verdict_of(set->verdicts[i]);
        elem.chain = chain_of(b, set->verdicts[i]);
    }
    if (set->n_keys == 1)
        elem.len = ps_nft_key_len(set->keys[0]);
    else if (set->interval)
        elem.end_len = elem.len;
    ps_table_elem(&b->table, set->name, &elem);
    if (set->n_keys == 1 && set->interval)
        add_end(b, set, i);
}

static void add_elements(struct ps_push_build *b, const struct ps_nft_set *set)
{
    call(b, "the elements of %s %s", set->is_map ? "map" : "set", set->name);
    for (uint32_t i = 0; i < set->n; i++)
        add_element(b, set, i);
    ps_table_elems_end(&b->table);
}

/* ---- expressions ------------------------------------------------------------------------------------------------- */

static uint32_t base_of(enum ps_nft_source source)
{
    switch (source) {
    case PS_NFT_LL:
        return NFT_PAYLOAD_LL_HEADER;
    case PS_NFT_TRANSPORT:
        return NFT_PAYLOAD_TRANSPORT_HEADER;
    case PS_NFT_INNER:
        return NFT_PAYLOAD_INNER_HEADER;
    case PS_NFT_NETWORK:
    case PS_NFT_META:
    case PS_NFT_CT:
        break;
    }
    return NFT_PAYLOAD_NETWORK_HEADER;
}

uint32_t ps_push_meta_of(struct ps_nft_key key)
{
    if (key.id == PS_NFT_IIFNAME)
        return NFT_META_IIFNAME;
    return key.id == PS_NFT_ETHERTYPE ? NFT_META_PROTOCOL : NFT_META_L4PROTO;
}

uint32_t ps_push_ct_of(struct ps_nft_key key)
{
    return key.id == PS_NFT_CT_STATE ? NFT_CT_STATE : NFT_CT_DIRECTION;
}

static void load_key(struct ps_push_build *b, struct ps_nft_key key, uint32_t reg)
{
    enum ps_nft_source source = ps_nft_key_kinds[key.id].source;
    uint8_t mask[PS_NFT_OCTETS_MAX];

    if (source == PS_NFT_CT) {
        ps_table_ct(&b->table, ps_push_ct_of(key), reg);
    } else if (source == PS_NFT_META) {
        ps_table_meta(&b->table, ps_push_meta_of(key), reg);
    } else {
        ps_table_payload(&b->table, base_of(source), ps_nft_key_offset(key), ps_nft_key_len(key), reg);
    }
    if (key.id == PS_NFT_VLAN_ID) {
        put_mask(key, VLAN_ID_BITS, mask);
        ps_table_mask(&b->table, reg, mask, ps_nft_key_len(key));
    }
}

/* The keys of an expression, one behind the other from the first register on. */
static void load_keys(struct ps_push_build *b, const struct ps_nft_expr *expr)
{
    uint32_t reg = 0;
    uint8_t mask[PS_NFT_OCTETS_MAX];

    for (unsigned k = 0; k < expr->n_keys; k++) {
        load_key(b, expr->keys[k], PS_REG(reg));
        reg += registers_of(ps_nft_key_len(expr->keys[k]));
    }
    if (expr->has_mask) {
        put_mask(expr->keys[0], expr->mask, mask);
        ps_table_mask(&b->table, PS_REG(0), mask, ps_nft_key_len(expr->keys[0]));
    }
}

static void add_match(struct ps_push_build *b, const struct ps_nft_expr *expr)
{
    uint8_t value[PS_NFT_OCTETS_MAX];

    load_keys(b, expr);
    put_value(expr->keys[0], expr->value, value);
    ps_table_compare(&b->table, expr->invert ? NFT_CMP_NEQ : NFT_CMP_EQ, PS_REG(0), value, ps_nft_key_len(expr->keys[0]));
}

static bool add_forward(struct ps_push_build *b, const struct ps_nft_expr *expr, char *err, size_t err_size)
{
    uint32_t index = if_nametoindex(expr->text);

    if (index == 0) {
        snprintf(err, err_size, "%s: there is no interface %s here; create it, or name another one for this port",
                 b->table.what, expr->text);
        return false;
    }
    ps_table_value(&b->table, PS_REG(0), &index, sizeof index);
    ps_table_forward(&b->table, PS_REG(0));
    return true;
}

static bool add_expr(struct ps_push_build *b, const struct ps_nft_expr *expr, char *err, size_t err_size)
{
    const struct ps_nft_ruleset *r = b->ruleset;

    switch ((enum ps_nft_expr_kind)expr->kind) {
    case PS_NFT_MATCH:
        add_match(b, expr);
        break;
    case PS_NFT_LOOKUP:
        load_keys(b, expr);
        ps_table_lookup(&b->table, PS_REG(0), r->sets[expr->index].name, expr->invert ? PS_TABLE_NOT_IN : PS_TABLE_IN);
        break;
    case PS_NFT_VMAP:
        load_keys(b, expr);
        ps_table_map(&b->table, PS_REG(0), r->sets[expr->index].name, NFT_REG_VERDICT);
        break;
    case PS_NFT_UPDATE:
        load_keys(b, expr);
        ps_table_update(&b->table, PS_REG(0), r->sets[expr->index].name);
        break;
    case PS_NFT_DELETE:
        load_keys(b, expr);
        ps_table_delete(&b->table, PS_REG(0), r->sets[expr->index].name);
        break;
    case PS_NFT_COUNT:
        ps_table_count(&b->table, r->counters[expr->index].name);
        break;
    case PS_NFT_LIMIT:
        ps_table_limit(&b->table, expr->index);
        break;
    case PS_NFT_LOG:
        ps_table_log(&b->table, r->log_group, expr->text);
        break;
    case PS_NFT_REJECT:
        ps_table_reset(&b->table);
        break;
    case PS_NFT_QUEUE:
        ps_table_queue(b->table.rule, b->way, (uint16_t)expr->index, 1);
        break;
    case PS_NFT_FWD:
        return add_forward(b, expr, err, err_size);
    case PS_NFT_VERDICT:
        ps_table_verdict(&b->table, verdict_of(expr->verdict), chain_of(b, expr->verdict));
        break;
    }
    return true;
}

/* ---- chains, all ------------------------------------------------------------------------------------------------- */

static void add_chain(struct ps_push_build *b, const struct ps_nft_chain *chain)
{
    static const uint32_t numbers[] = {[PS_NFT_INGRESS] = NF_NETDEV_INGRESS, [PS_NFT_PREROUTING] = NF_INET_PRE_ROUTING,
                                       [PS_NFT_FORWARD] = NF_INET_FORWARD}; /* a bridge's have the same */
    const struct ps_table_hook hook = {
        .number = numbers[chain->hook], .priority = chain->priority, .device = chain->device, .accepts = chain->policy_accept};

    call(b, "chain %s%s%s", chain->name, chain->device ? " at interface " : "", chain->device ? chain->device : "");
    if (chain->hook == PS_NFT_NO_HOOK)
        ps_table_chain(&b->table, chain->name);
    else
        ps_table_base_chain(&b->table, chain->name, &hook);
}

static bool add_rules(struct ps_push_build *b, const struct ps_nft_chain *chain, char *err, size_t err_size)
{
    bool good = true;

    for (uint32_t i = 0; i < chain->n_rules && good; i++) {
        const struct ps_nft_expr *exprs = &b->ruleset->exprs[chain->rules[i].first_expr];

        call(b, "rule %u of chain %s", i + 1, chain->name);
        ps_table_rule(&b->table, chain->name);
        for (uint32_t k = 0; k < chain->rules[i].n_exprs && good; k++)
            good = add_expr(b, &exprs[k], err, err_size);
        if (b->rules != NULL && good)
            ps_push_records_rule(b->rules, b->table.rule);
        ps_table_rule_end(&b->table);
    }
    return good;
}

bool ps_push_build_init(struct ps_push_build *b, char *err, size_t err_size)
{
    const struct ps_nft_ruleset *r = b->ruleset;
    bool good = true;

    if (!ps_batch_init(&b->batch))
        abort();
    if (b->renew != NULL)
        ps_push_renew_begin(b);
    else
        ps_table_replace(&b->table, &b->batch, ps_push_family(r), r->table);
    for (uint32_t i = 0; i < r->n_counters; i++) {
        if (b->renew != NULL && b->renew->counters[i])
            continue;
        call(b, "counter %s", r->counters[i].name);
        ps_table_counter(&b->table, r->counters[i].name);
    }
    for (uint32_t i = 0; i < r->n_chains; i++)
        if (b->renew == NULL || !b->renew->chains[i])
            add_chain(b, &r->chains[i]);
    for (uint32_t i = 0; i < r->n_sets; i++) {
        if (b->renew != NULL && b->renew->sets[i])
            continue;
        add_set(b, &r->sets[i]);
        add_elements(b, &r->sets[i]);
    }
    for (uint32_t i = 0; i < r->n_chains && good; i++)
        good = add_rules(b, &r->chains[i], err, err_size);
    return good;
}

/* In one transaction: a kernel before 6.12 does not start the time of an element anew that is there already. */
void ps_push_build_refresh(struct ps_push_build *b, uint32_t set)
{
    const struct ps_nft_ruleset *r = b->ruleset;
    struct nlmsghdr *nlh;

    if (!ps_batch_init(&b->batch))
        abort();
    b->table = (struct ps_table){.batch = &b->batch, .name = r->table, .family = ps_push_family(r)};
    call(b, "set %s", r->sets[set].name);
    nlh = ps_batch_add(&b->batch, NFT_MSG_DELSETELEM, ps_push_family(r), 0, b->table.what);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, r->table);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, r->sets[set].name);
    add_elements(b, &r->sets[set]);
}

void ps_push_build_fini(struct ps_push_build *b)
{
    for (size_t i = 0; i < b->n_texts; i++)
        free(b->texts[i]);
    free(b->texts);
    ps_batch_fini(&b->batch);
    *b = (struct ps_push_build){0};
}
