/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_read.c - messages of nf_tables as records that can be compared: the kernel answers with the same kinds of messages
 * that it is told with, so that one reader does for both.
 */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push_private.h"

#define EXPR_TEXT_MAX 1024u
#define KIND_TEXT_MAX 64u
#define TARGET_OCTETS 8u /* of the target's parameters that NFQUEUE has */

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

static void add(struct ps_push_records *records, enum ps_push_thing thing, const char *owner, const char *name, const char *body)
{
    size_t n_owner = strlen(owner) + 1, n_name = strlen(name) + 1, n_body = strlen(body) + 1;
    char *text = need(malloc(n_owner + n_name + n_body));
    struct ps_push_record *record;

    records->items = ps_push_grow(records->items, records->n, &records->capacity, sizeof *records->items);
    record = &records->items[records->n++];
    memcpy(text, owner, n_owner);
    memcpy(text + n_owner, name, n_name);
    memcpy(text + n_owner + n_name, body, n_body);
    *record = (struct ps_push_record){.thing = (uint8_t)thing, .text = text};
    record->owner = text;
    record->name = text + n_owner;
    record->body = text + n_owner + n_name;
}

void ps_push_records_init(struct ps_push_records *records, const struct ps_nft_ruleset *ruleset)
{
    *records = (struct ps_push_records){.table = ruleset->table};
}

void ps_push_records_fini(struct ps_push_records *records)
{
    for (size_t i = 0; i < records->n; i++)
        free(records->items[i].text);
    free(records->items);
    free(records->fixed);
    *records = (struct ps_push_records){0};
}

static bool is_ours(const struct ps_push_records *records, const char *table)
{
    return strcmp(or_empty(table), records->table) == 0;
}

/* Octets in hexadecimal behind what is in text. */
static void put_hex(char *text, size_t size, const void *data, uint32_t len)
{
    const uint8_t *octets = data;
    size_t at = strlen(text);

    for (uint32_t i = 0; i < len && at + 3 <= size; i++, at += 2)
        snprintf(text + at, size - at, "%02x", octets[i]);
}

/* ---- tables, chains, counters ------------------------------------------------------------------------------------ */

static void take_table(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_table *t = need(nftnl_table_alloc());
    char body[KIND_TEXT_MAX];

    if (nftnl_table_nlmsg_parse(nlh, t) == 0 && is_ours(records, nftnl_table_get_str(t, NFTNL_TABLE_NAME))) {
        snprintf(body, sizeof body, "flags %x", nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS)); /* dormant, say */
        add(records, PS_PUSH_TABLE, "", records->table, body);
    }
    nftnl_table_free(t);
}

static void take_chain(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_chain *c = need(nftnl_chain_alloc());
    char body[EXPR_TEXT_MAX] = "";

    if (nftnl_chain_nlmsg_parse(nlh, c) == 0 && is_ours(records, nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE))) {
        if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
            snprintf(body, sizeof body, "%s %u %d %u %s", or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE)),
                     nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM), nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO),
                     nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY), or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_DEV)));
        add(records, PS_PUSH_CHAIN, "", or_empty(nftnl_chain_get_str(c, NFTNL_CHAIN_NAME)), body);
    }
    nftnl_chain_free(c);
}

static void take_object(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_obj *o = need(nftnl_obj_alloc());
    char body[KIND_TEXT_MAX];

    if (nftnl_obj_nlmsg_parse(nlh, o) == 0 && is_ours(records, nftnl_obj_get_str(o, NFTNL_OBJ_TABLE))) {
        snprintf(body, sizeof body, "type %u", nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE));
        add(records, PS_PUSH_COUNTER, "", or_empty(nftnl_obj_get_str(o, NFTNL_OBJ_NAME)), body);
    }
    nftnl_obj_free(o);
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

static void write_set(const struct nftnl_set *s, uint32_t flags, char *body, size_t size)
{
    uint32_t len = 0;
    const void *lens = (flags & NFT_SET_CONCAT) != 0 ? nftnl_set_get_data(s, NFTNL_SET_DESC_CONCAT, &len) : NULL;

    snprintf(body, size, "flags %x key %x %u data %x size %u timeout %llu fields ", flags,
             nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE), nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
             nftnl_set_get_u32(s, NFTNL_SET_DATA_TYPE), nftnl_set_get_u32(s, NFTNL_SET_DESC_SIZE),
             (unsigned long long)nftnl_set_get_u64(s, NFTNL_SET_TIMEOUT));
    if (lens != NULL)
        put_hex(body, size, lens, len);
}

static void take_set(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_set *s = need(nftnl_set_alloc());
    char body[EXPR_TEXT_MAX];

    if (nftnl_set_nlmsg_parse(nlh, s) == 0 && is_ours(records, nftnl_set_get_str(s, NFTNL_SET_TABLE))) {
        uint32_t flags = nftnl_set_get_u32(s, NFTNL_SET_FLAGS);

        write_set(s, flags, body, sizeof body);
        add(records, PS_PUSH_SET, "", or_empty(nftnl_set_get_str(s, NFTNL_SET_NAME)), body);
        records->passing = (flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT)) != 0;
        if (!records->passing) {
            records->fixed = ps_push_grow(records->fixed, records->n_fixed, &records->fixed_capacity, sizeof *records->fixed);
            records->fixed[records->n_fixed++] = records->items[records->n - 1].name;
        }
    }
    nftnl_set_free(s);
}

static void take_elem(struct nftnl_set_elem *elem, const char *set, struct ps_push_records *records)
{
    char name[4 * PS_TABLE_KEY_MAX + KIND_TEXT_MAX] = "", body[EXPR_TEXT_MAX] = "";
    uint32_t len = 0, flags = 0;
    const void *data = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);

    put_hex(name, sizeof name, data, data != NULL ? len : 0);
    data = nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_KEY_END) ? nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY_END, &len) : NULL;
    if (data != NULL) {
        snprintf(name + strlen(name), sizeof name - strlen(name), " to ");
        put_hex(name, sizeof name, data, len);
    }
    if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS))
        flags = nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS);
    if ((flags & NFT_SET_ELEM_INTERVAL_END) != 0)
        snprintf(name + strlen(name), sizeof name - strlen(name), " (where a range ends)");
    snprintf(body, sizeof body, "flags %x ", flags);
    if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_VERDICT))
        snprintf(body, sizeof body, "flags %x verdict %x %s", flags, nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_VERDICT),
                 or_empty(nftnl_set_elem_get_str(elem, NFTNL_SET_ELEM_CHAIN)));
    else if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_DATA))
        put_hex(body, sizeof body, nftnl_set_elem_get(elem, NFTNL_SET_ELEM_DATA, &len), len);
    add(records, PS_PUSH_ELEMENT, set, name, body);
}

static void take_elems(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_set *s = need(nftnl_set_alloc());

    if (nftnl_set_elems_nlmsg_parse(nlh, s) == 0 && is_ours(records, nftnl_set_get_str(s, NFTNL_SET_TABLE)) &&
        !records->passing) {
        struct nftnl_set_elems_iter *each = need(nftnl_set_elems_iter_create(s));
        struct nftnl_set_elem *elem;

        while ((elem = nftnl_set_elems_iter_next(each)) != NULL)
            take_elem(elem, or_empty(nftnl_set_get_str(s, NFTNL_SET_NAME)), records);
        nftnl_set_elems_iter_destroy(each);
    }
    nftnl_set_free(s);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

struct body {
    char *text;
    size_t len, capacity;
};

static void append(struct body *body, const char *text)
{
    for (; *text != '\0'; text++) {
        body->text = ps_push_grow(body->text, body->len + 1, &body->capacity, 1);
        body->text[body->len++] = *text;
    }
    body->text = ps_push_grow(body->text, body->len, &body->capacity, 1);
    body->text[body->len] = '\0';
}

static void write_expr(const struct nftnl_expr *expr, struct body *body)
{
    char text[EXPR_TEXT_MAX] = "";
    const char *name = or_empty(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME));
    uint32_t len = 0;

    append(body, name);
    append(body, " ");
    nftnl_expr_snprintf(text, sizeof text, expr, NFTNL_OUTPUT_DEFAULT, 0);
    append(body, text);
    if (strcmp(name, "target") == 0) { /* its parameters are not in the text */
        const void *info = nftnl_expr_get(expr, NFTNL_EXPR_TG_INFO, &len);

        text[0] = '\0';
        put_hex(text, sizeof text, info, info == NULL ? 0 : len < TARGET_OCTETS ? len : TARGET_OCTETS);
        append(body, text);
    }
    append(body, "\n");
}

void ps_push_records_rule(struct ps_push_records *records, const struct nftnl_rule *rule)
{
    const struct ps_push_record *last = records->n > 0 ? &records->items[records->n - 1] : NULL;
    const char *chain = or_empty(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
    struct nftnl_expr_iter *each = need(nftnl_expr_iter_create(rule));
    struct body body = {0};
    struct nftnl_expr *expr;
    uint32_t at = 1;

    if (last != NULL && last->thing == PS_PUSH_RULE && strcmp(last->owner, chain) == 0)
        at = last->at + 1;
    append(&body, "");
    while ((expr = nftnl_expr_iter_next(each)) != NULL)
        write_expr(expr, &body);
    nftnl_expr_iter_destroy(each);
    add(records, PS_PUSH_RULE, chain, "", body.text);
    records->items[records->n - 1].at = at;
    free(body.text);
}

static void take_rule(const struct nlmsghdr *nlh, struct ps_push_records *records)
{
    struct nftnl_rule *rule = need(nftnl_rule_alloc());

    if (nftnl_rule_nlmsg_parse(nlh, rule) == 0 && is_ours(records, nftnl_rule_get_str(rule, NFTNL_RULE_TABLE)))
        ps_push_records_rule(records, rule);
    nftnl_rule_free(rule);
}

/* ---- both sides -------------------------------------------------------------------------------------------------- */

static int take(const struct nlmsghdr *nlh, void *ctx)
{
    struct ps_push_records *records = ctx;

    switch (nlh->nlmsg_type & 0xff) {
    case NFT_MSG_NEWTABLE:
        take_table(nlh, records);
        break;
    case NFT_MSG_NEWCHAIN:
        take_chain(nlh, records);
        break;
    case NFT_MSG_NEWOBJ:
        take_object(nlh, records);
        break;
    case NFT_MSG_NEWSET:
        take_set(nlh, records);
        break;
    case NFT_MSG_NEWSETELEM:
        take_elems(nlh, records);
        break;
    case NFT_MSG_NEWRULE:
        take_rule(nlh, records);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

struct built {
    struct ps_push_records *records;
    bool begun; /* what was there before has been deleted */
};

static int take_built(const struct nlmsghdr *nlh, void *ctx)
{
    struct built *built = ctx;
    unsigned type = nlh->nlmsg_type & 0xff;

    if (built->begun && type != NFT_MSG_NEWRULE)
        take(nlh, built->records);
    built->begun = built->begun || type == NFT_MSG_DELTABLE;
    return MNL_CB_OK;
}

void ps_push_records_build(struct ps_push_records *records, const struct ps_push_build *build)
{
    struct built built = {.records = records};

    (void)ps_batch_each(&build->batch, take_built, &built);
}

/* All of one kind. The kernel leaves out other tables' where it can. */
static int read_kind(struct ps_push_records *records, struct ps_nft *nft, uint8_t family, uint16_t question, uint16_t table_attr)
{
    struct nlmsghdr *nlh = ps_nft_question(nft, question, family, NLM_F_DUMP);

    if (question != NFT_MSG_GETTABLE)
        mnl_attr_put_strz(nlh, table_attr, records->table);
    return ps_nft_ask(nft, take, records);
}

static int read_elems(struct ps_push_records *records, struct ps_nft *nft, uint8_t family, const char *set)
{
    struct nlmsghdr *nlh = ps_nft_question(nft, NFT_MSG_GETSETELEM, family, NLM_F_DUMP);

    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, records->table);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
    return ps_nft_ask(nft, take, records);
}

int ps_push_records_look(struct ps_push_records *records, struct ps_nft *nft, const struct ps_nft_ruleset *ruleset)
{
    static const struct {
        uint16_t question, table_attr;
    } kinds[] = {{NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE}, {NFT_MSG_GETOBJ, NFTA_OBJ_TABLE}, {NFT_MSG_GETSET, NFTA_SET_TABLE}};
    uint8_t family = ps_push_family(ruleset);
    int wrong;

    wrong = read_kind(records, nft, family, NFT_MSG_GETTABLE, NFTA_TABLE_NAME);
    if (wrong == 0 && records->n == 0)
        return ENOENT;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && wrong == 0; i++)
        wrong = read_kind(records, nft, family, kinds[i].question, kinds[i].table_attr);
    records->passing = false; /* only those that stay are asked for */
    for (size_t i = 0; i < records->n_fixed && wrong == 0; i++)
        wrong = read_elems(records, nft, family, records->fixed[i]);
    return wrong;
}

int ps_push_records_read(struct ps_push_records *records, struct ps_nft *nft, const struct ps_nft_ruleset *ruleset)
{
    int wrong = ps_push_records_look(records, nft, ruleset);

    return wrong != 0 ? wrong : read_kind(records, nft, ps_push_family(ruleset), NFT_MSG_GETRULE, NFTA_RULE_TABLE);
}
