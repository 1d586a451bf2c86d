/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_look.c - the guard as the kernel has it, as one number: whatever is changed in it changes that number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "guard_private.h"

#define SETS_MAX 24u
#define ATTRS_MAX 32

/* One answer: every message is counted and added up, so that their order does not matter. */
struct reading {
    const struct ps_guard *guard;
    struct ps_guard_seen *seen;
    uint16_t name_attr;  /* of the table's name */
    uint16_t last_attr;  /* higher ones are left out: counts of what comes and goes by itself */
    uint32_t n;
    char sets[SETS_MAX][16]; /* whose elements stay as they are */
    uint32_t n_sets;
};

/* FNV-1a. No secret: who may change the table may do anything. */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *octets = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#define SEED UINT64_C(0xcbf29ce484222325)

struct attrs {
    const struct nlattr *items[ATTRS_MAX];
};

static int keep_attr(const struct nlattr *attr, void *ctx)
{
    struct attrs *attrs = ctx;

    if (mnl_attr_get_type(attr) < ATTRS_MAX)
        attrs->items[mnl_attr_get_type(attr)] = attr;
    return MNL_CB_OK;
}

static const char *text_of(const struct attrs *attrs, uint16_t type)
{
    const struct nlattr *attr = attrs->items[type];

    return attr != NULL && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 ? mnl_attr_get_str(attr) : "";
}

static void take_set(struct reading *reading, const struct attrs *attrs)
{
    const char *name = text_of(attrs, NFTA_SET_NAME);
    const struct nlattr *flags = attrs->items[NFTA_SET_FLAGS];
    bool comes_and_goes = flags != NULL && (ntohl(mnl_attr_get_u32(flags)) & NFT_SET_TIMEOUT) != 0;

    if (comes_and_goes || reading->n_sets == SETS_MAX || strlen(name) >= sizeof reading->sets[0])
        return;
    memcpy(reading->sets[reading->n_sets++], name, strlen(name) + 1);
}

static int take_thing(const struct nlmsghdr *nlh, void *ctx)
{
    struct reading *reading = ctx;
    uint16_t type = nlh->nlmsg_type & 0xff;
    struct attrs attrs = {0};
    uint64_t hash = mix(SEED, &type, sizeof type);

    if (mnl_attr_parse(nlh, sizeof(struct nfgenmsg), keep_attr, &attrs) < 0)
        return MNL_CB_ERROR;
    if (strcmp(text_of(&attrs, reading->name_attr), reading->guard->name) != 0)
        return MNL_CB_OK; /* somebody else's */
    for (uint16_t i = 0; i <= reading->last_attr; i++)
        if (attrs.items[i] != NULL)
            hash = mix(hash, attrs.items[i], attrs.items[i]->nla_len);
    reading->seen->digest += hash;
    reading->n++;
    if (type == NFT_MSG_NEWSET)
        take_set(reading, &attrs);
    return MNL_CB_OK;
}

static int take_elem(const struct nlattr *attr, void *ctx)
{
    struct reading *reading = ctx;

    reading->seen->digest += mix(SEED + 1, attr, attr->nla_len);
    return MNL_CB_OK;
}

static int take_elems(const struct nlmsghdr *nlh, void *ctx)
{
    struct attrs attrs = {0};

    if (mnl_attr_parse(nlh, sizeof(struct nfgenmsg), keep_attr, &attrs) < 0)
        return MNL_CB_ERROR;
    if (attrs.items[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL)
        return MNL_CB_OK;
    return mnl_attr_parse_nested(attrs.items[NFTA_SET_ELEM_LIST_ELEMENTS], take_elem, ctx);
}

/* All things of one kind. */
static int read_things(struct ps_guard *guard, struct reading *reading, uint16_t question, uint32_t *n)
{
    struct nlmsghdr *nlh = ps_nft_question(guard->nft, question, NFPROTO_NETDEV, NLM_F_DUMP);
    int wrong;

    /* the kernel leaves out other tables' where it can, and ignores this where it cannot */
    if (question != NFT_MSG_GETTABLE)
        mnl_attr_put_strz(nlh, reading->name_attr, guard->name);
    reading->n = 0;
    wrong = ps_nft_ask(guard->nft, take_thing, reading);
    *n = reading->n;
    return wrong;
}

static int read_elems(struct ps_guard *guard, struct reading *reading, const char *set)
{
    struct nlmsghdr *nlh = ps_nft_question(guard->nft, NFT_MSG_GETSETELEM, NFPROTO_NETDEV, NLM_F_DUMP);

    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, guard->name);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
    reading->seen->digest += mix(SEED, set, strlen(set));
    return ps_nft_ask(guard->nft, take_elems, reading);
}

int ps_guard_read(struct ps_guard *guard, struct ps_guard_seen *seen)
{
    struct reading reading = {.guard = guard, .seen = seen, .name_attr = NFTA_TABLE_NAME, .last_attr = ATTRS_MAX - 1};
    uint32_t n_tables = 0;
    int wrong;

    *seen = (struct ps_guard_seen){0};
    wrong = read_things(guard, &reading, NFT_MSG_GETTABLE, &n_tables);
    reading.name_attr = NFTA_CHAIN_TABLE;
    wrong = wrong != 0 ? wrong : read_things(guard, &reading, NFT_MSG_GETCHAIN, &seen->n_chains);
    reading.name_attr = NFTA_RULE_TABLE;
    wrong = wrong != 0 ? wrong : read_things(guard, &reading, NFT_MSG_GETRULE, &seen->n_rules);
    reading.name_attr = NFTA_SET_TABLE;
    reading.last_attr = NFTA_SET_EXPR;
    wrong = wrong != 0 ? wrong : read_things(guard, &reading, NFT_MSG_GETSET, &seen->n_sets);
    for (uint32_t i = 0; i < reading.n_sets && wrong == 0; i++)
        wrong = read_elems(guard, &reading, reading.sets[i]);
    return wrong == 0 && n_tables == 0 ? ENOENT : wrong;
}
