/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In the kernel, in a namespace of its own. That what is pushed does what the text does, tests/net/nft_property.py tries.
 */
#include "push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../match/plant.h"
#include "alone.h"
#include "nft.h"
#include "nft_put.h"

static char err[600];
static struct ps_push_drifts drifts;

/* Ports that netdev chains lie at have to be there; the others are but names. */
static const char *const devices[PS_NFT_N_SHAPES][8] = {
    [PS_NFT_BUMP] = {"lo", "lo"},
    [PS_NFT_ROUTED] = {"eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"},
    [PS_NFT_BRIDGED] = {"eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"},
};

/* NULL: it cannot be tried here. */
static struct ps_push *open_alone(void)
{
    const struct ps_nft_ruleset nothing = {.family = PS_NFT_INET, .table = "nothing"};
    struct ps_push *push = unit_alone() ? ps_push_open(err, sizeof err) : NULL;

    if (push == NULL || ps_push_set(push, &nothing, err, sizeof err))
        return push;
    fprintf(stderr, "%s: not tried\n", err);
    ps_push_close(push);
    return NULL;
}

static void load(struct plant *plant, const char *file)
{
    struct ps_diags diags;
    char path[512];

    snprintf(path, sizeof path, "%s/%s", SOURCE_ROOT, file);
    ps_diags_init(&diags);
    *plant = (struct plant){.model = ps_policy_load(path, &diags)};
    ck_assert_msg(plant->model != NULL, "%s", path);
    plant->data = ps_compile(plant->model, &diags, &plant->len);
    ck_assert(plant->data != NULL);
    ck_assert_ptr_null(ps_image_open(plant->data, plant->len, &plant->image));
    ps_diags_fini(&diags);
}

static void compile(const struct plant *plant, unsigned shape, struct ps_nft *nft)
{
    const struct ps_nft_options options = {
        .shape = (uint8_t)shape, .log_group = PS_NFT_LOG_GROUP, .queue = 3, .devices = devices[shape]};

    ps_nft_compile(&plant->image, &options, nft);
}

static void check_same(struct ps_push *push, const struct ps_nft_ruleset *ruleset, const char *what)
{
    ck_assert_msg(ps_push_compare(push, ruleset, &drifts, err, sizeof err), "%s: %s", what, err);
    ck_assert_msg(drifts.n == 0, "%s: %u: %s", what, drifts.n, drifts.items[0].text);
}

/* In each shape that the plant can have, twice. */
static void push_shapes(struct ps_push *push, const char *file)
{
    struct plant plant;

    load(&plant, file);
    for (unsigned shape = 0; shape < PS_NFT_N_SHAPES; shape++) {
        struct ps_nft nft;

        if (ps_nft_shape_refuses(&plant.image, 0, shape) != NULL)
            continue;
        compile(&plant, shape, &nft);
        for (int i = 0; i < 2; i++) {
            if (!ps_push_set(push, &nft.ruleset, err, sizeof err)) { /* not every kernel has a way to a queue in each family */
                ck_assert_msg(strstr(err, "NFQUEUE") != NULL, "%s %s: %s", file, ps_nft_shape_name(shape), err);
                fprintf(stderr, "%s %s: %s: not tried\n", file, ps_nft_shape_name(shape), err);
                break;
            }
            check_same(push, &nft.ruleset, file);
        }
        ck_assert_msg(ps_push_remove(push, &nft.ruleset, err, sizeof err), "%s", err);
        ps_nft_fini(&nft);
    }
    plant_close(&plant);
}

START_TEST(test_ps_push_set__plants_in_all_shapes__read_back_the_same)
{
    static const char *const files[] = {
        "tests/golden/nft/line.conf", "tests/golden/nft/fallback.conf", "packaging/examples/production-cell/plant.conf",
        "packaging/examples/pump-station/plant.conf", "packaging/examples/substation/plant.conf"};
    struct ps_push *push = open_alone();

    for (size_t i = 0; push != NULL && i < sizeof files / sizeof files[0]; i++)
        push_shapes(push, files[i]);
    ps_push_close(push);
}
END_TEST


/* ---- a table by hand --------------------------------------------------------------------------------------------- */

/* What the table in the kernel has other than it should have. */
enum change {
    NOTHING,
    NO_ELEMENT,
    OTHER_VERDICT,
    NO_RULE,
    OTHER_RULE,
    ONE_RULE_MORE,
    OTHER_POLICY,
    NO_SET,
    CHAIN_MORE,
    NO_COUNTER,
    NO_INTERFACE,
    BAD_RULE,
};

static void add_hosts(struct ps_nft_ruleset *r, uint32_t n)
{
    const struct ps_nft_key keys[] = {ps_nft_key(PS_NFT_IP_SADDR), ps_nft_key(PS_NFT_TH_DPORT)};
    uint32_t set = ps_nft_set_add(r, keys, 2, "hosts");
    struct ps_nft_element element = {0};

    for (uint32_t i = 0; i < n; i++) {
        ps_nft_element_numbers(&element, keys[0], 0, 0x0a000000 + 2 * i, 0x0a000000 + 2 * i + 1);
        ps_nft_element_numbers(&element, keys[1], 1, 502, 502 + i % 3);
        ps_nft_set_put(r, set, &element, NULL);
    }
    ps_nft_set_close(r, set);
}

static void add_zones(struct ps_nft_ruleset *r, uint32_t chain, enum change change)
{
    const struct ps_nft_key key = ps_nft_key(PS_NFT_IP_SADDR);
    const struct ps_nft_verdict verdicts[] = {
        {.kind = PS_NFT_GOTO, .chain = chain}, {.kind = change == OTHER_VERDICT ? PS_NFT_ACCEPT : PS_NFT_DROP}};
    uint32_t map = ps_nft_set_add(r, &key, 1, "zones");
    struct ps_nft_element element = {0};

    r->sets[map].is_map = true;
    for (uint32_t i = 0; i < 2; i++) { /* one behind the other, the last up to the highest address */
        ps_nft_element_numbers(&element, key, 0, i ? 0xc0000000 : 0x80000000, i ? 0xffffffff : 0xbfffffff);
        ps_nft_set_put(r, map, &element, &verdicts[i]);
    }
    ps_nft_set_close(r, map);
}

static void add_asked(struct ps_nft_ruleset *r)
{
    const struct ps_nft_key keys[] = {ps_nft_key(PS_NFT_IP6_SADDR), ps_nft_key(PS_NFT_IP6_DADDR)};
    uint32_t set = ps_nft_set_add(r, keys, 2, "asked");

    r->sets[set].dynamic = true;
    r->sets[set].timeout_s = 180;
    r->sets[set].max_elements = 1000;
}

/* Elements that live for a while. */
static uint32_t add_alive(struct ps_nft_ruleset *r, uint32_t seconds)
{
    uint32_t set = ps_nft_set_add(r, (const struct ps_nft_key[]){ps_nft_key(PS_NFT_IIFNAME)}, 1, "alive");
    struct ps_nft_element element = {0};

    r->sets[set].timeout_s = seconds;
    for (unsigned i = 0; i < 2; i++) {
        ps_nft_element_device(&element, devices[PS_NFT_ROUTED][i]);
        ps_nft_set_put(r, set, &element, NULL);
    }
    ps_nft_set_close(r, set);
    return set;
}

static void add_rules(struct ps_nft_ruleset *r, uint32_t chain, enum change change)
{
    ps_nft_rule_add(r, chain);
    ps_nft_put_masked(r, ps_nft_key(PS_NFT_CT_STATE), 8, 0, true);
    ps_nft_put_match(r, ps_nft_key(PS_NFT_CT_DIRECTION), 1, false);
    ps_nft_put_count(r, 0);
    ps_nft_put_verdict(r, PS_NFT_ACCEPT, 0);
    ps_nft_rule_add(r, chain);
    ps_nft_put_match(r, ps_nft_key(PS_NFT_L4PROTO), change == OTHER_RULE ? 17 : 6, false);
    ps_nft_put_lookup(r, 0, false);
    ps_nft_put_vmap(r, 1);
    if (change != NO_RULE) {
        ps_nft_rule_add(r, chain);
        ps_nft_put_match(r, ps_nft_raw(PS_NFT_RAW_IH, 7, 1), 3, true);
        ps_nft_put_update(r, 2);
    }
    ps_nft_rule_add(r, chain);
    ps_nft_put_limit(r, 100);
    ps_nft_put_log(r, "penstock c policy ");
    if (change == BAD_RULE)
        ps_nft_put_fwd(r, "lo"); /* which the family does not have */
    else
        ps_nft_put_reject(r);
    if (change == ONE_RULE_MORE)
        ps_nft_rule_add(r, chain);
}

static void make(struct ps_nft_ruleset *r, uint32_t n_hosts, enum change change)
{
    *r = (struct ps_nft_ruleset){.family = PS_NFT_INET, .table = "t", .log_group = 7};
    uint32_t forward = ps_nft_chain_add(r, "forward"), other = ps_nft_chain_add(r, "other/1");

    r->chains[forward].hook = PS_NFT_FORWARD;
    r->chains[forward].policy_accept = change == OTHER_POLICY;
    if (change == CHAIN_MORE)
        ps_nft_rule_add(r, ps_nft_chain_add(r, "more"));
    ps_nft_counter_add(r, "pass/c");
    if (change != NO_COUNTER)
        ps_nft_counter_add(r, "refuse/c");
    add_hosts(r, n_hosts - (change == NO_ELEMENT));
    add_zones(r, other, change);
    add_asked(r);
    if (change != NO_SET)
        ps_nft_set_add(r, (const struct ps_nft_key[]){ps_nft_key(PS_NFT_IIFNAME)}, 1, "ports");
    add_rules(r, forward, change);
    if (change == NO_INTERFACE) {
        ps_nft_rule_add(r, forward);
        ps_nft_put_fwd(r, "none-such");
    }
}

/* What is put there has changed; what is looked for has not. */
START_TEST(test_ps_push_compare__one_object_differs__named)
{
    static const struct {
        enum change change;
        enum ps_push_how how;
        const char *text;
    } cases[] = {
        {NO_ELEMENT, PS_PUSH_MISSING, "element 0a00000401f60000 to 0a00000501f80000 of set hosts is missing"},
        {OTHER_VERDICT, PS_PUSH_CHANGED, "element c0000000 of set zones has changed"},
        {NO_RULE, PS_PUSH_MISSING, "rule 3 of chain forward is missing"},
        {OTHER_RULE, PS_PUSH_CHANGED, "rule 2 of chain forward has changed"},
        {ONE_RULE_MORE, PS_PUSH_ADDED, "rule 5 of chain forward was added"},
        {OTHER_POLICY, PS_PUSH_CHANGED, "chain forward has changed"},
        {NO_SET, PS_PUSH_MISSING, "set ports is missing"},
        {CHAIN_MORE, PS_PUSH_ADDED, "chain more was added"},
        {NO_COUNTER, PS_PUSH_MISSING, "counter refuse/c is missing"},
    };
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset wanted, other;

    make(&wanted, 3, NOTHING);
    for (size_t i = 0; push != NULL && i < sizeof cases / sizeof cases[0]; i++) {
        make(&other, 3, cases[i].change);
        ck_assert_msg(ps_push_set(push, &other, err, sizeof err), "%zu: %s", i, err);
        check_same(push, &other, cases[i].text);
        ck_assert_msg(ps_push_compare(push, &wanted, &drifts, err, sizeof err), "%s", err);
        ck_assert_msg(drifts.n == 1, "%s: %u drifts, %s", cases[i].text, drifts.n, drifts.items[0].text);
        ck_assert_str_eq(drifts.items[0].text, cases[i].text);
        ck_assert_uint_eq(drifts.items[0].how, cases[i].how);
        ps_nft_ruleset_fini(&other);
    }
    ps_nft_ruleset_fini(&wanted);
    ps_push_close(push);
}
END_TEST

START_TEST(test_ps_push_compare__table_gone__said_until_put_again)
{
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r;

    make(&r, 3, NOTHING);
    if (push != NULL) {
        ck_assert_msg(ps_push_compare(push, &r, &drifts, err, sizeof err), "%s", err);
        ck_assert_uint_eq(drifts.n, 1);
        ck_assert_str_eq(drifts.items[0].text, "table t is missing");
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        check_same(push, &r, "t");
        ck_assert_msg(ps_push_remove(push, &r, err, sizeof err), "%s", err);
        ck_assert_msg(ps_push_remove(push, &r, err, sizeof err), "%s", err); /* it is gone already */
        ck_assert(ps_push_compare(push, &r, &drifts, err, sizeof err));
        ck_assert_uint_eq(drifts.n, 1);
    }
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

START_TEST(test_ps_push_refresh__elements_that_expire__live_on_and_are_no_drift)
{
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r;
    uint32_t before = 0, after = 0;

    make(&r, 3, NOTHING);
    uint32_t set = add_alive(&r, 1);
    if (push != NULL) {
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        check_same(push, &r, "fresh");
        usleep(1500000);
        check_same(push, &r, "expired");
        ck_assert_int_eq(ps_push_generation(push, &before), 0);
        ck_assert_msg(ps_push_refresh(push, &r, set, err, sizeof err), "%s", err); /* there is nothing to take away */
        ck_assert_msg(ps_push_refresh(push, &r, set, err, sizeof err), "%s", err);
        ck_assert_int_eq(ps_push_generation(push, &after), 0);
        ck_assert_uint_eq(after, before + 2);
        check_same(push, &r, "refreshed");
        ck_assert_msg(ps_push_remove(push, &r, err, sizeof err), "%s", err);
        ck_assert(!ps_push_refresh(push, &r, set, err, sizeof err));
        ck_assert_ptr_nonnull(strstr(err, "set alive: No such file or directory"));
    }
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

/* Elements that the table's dynamic set has. */
static int count_asked(void)
{
    FILE *out = popen("nft -j list set inet t asked 2>/dev/null | grep -c fe80", "r");
    int n = -1;

    ck_assert_ptr_nonnull(out);
    if (fscanf(out, "%d", &n) != 1)
        n = -1;
    pclose(out);
    return n;
}

START_TEST(test_ps_push_set__there_already__what_packets_are_remembered_by_and_counts_stay)
{
    static const enum change changes[] = {NOTHING, NO_ELEMENT, OTHER_VERDICT, NO_RULE, OTHER_RULE, NO_SET, CHAIN_MORE};
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r;

    make(&r, 3, NOTHING);
    if (push == NULL || system("nft -v >/dev/null 2>&1") != 0) {
        ps_nft_ruleset_fini(&r);
        ps_push_close(push);
        return;
    }
    ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
    ck_assert_int_eq(system("nft add element inet t asked '{ fe80::1 . fe80::2 }'"), 0);
    ck_assert_int_eq(count_asked(), 1);
    ps_nft_ruleset_fini(&r);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        make(&r, 3, changes[i]);
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        check_same(push, &r, "renewed");
        ck_assert_int_eq(count_asked(), 1);
        ps_nft_ruleset_fini(&r);
    }
    make(&r, 3, OTHER_POLICY); /* and chains of another kind, foreign things, a table that sleeps */
    ck_assert_int_eq(system("nft 'add chain inet t more2; add rule inet t more2 drop; add quota inet t q { 10 mbytes };"
                            "add rule inet t forward quota name q; add flowtable inet t f { hook ingress priority 0; };"
                            "add map inet t m { type ipv4_addr : verdict; elements = { 1.2.3.4 : jump more2 }; }' 2>/dev/null || "
                            "nft 'add chain inet t more2; add rule inet t more2 drop'"), 0);
    ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
    check_same(push, &r, "with foreign things");
    ck_assert_int_eq(system("nft 'add table inet t { flags dormant; }'"), 0);
    ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
    check_same(push, &r, "asleep");
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

START_TEST(test_ps_push_set__kernel_refuses_one_rule__named_and_the_old_table_stays)
{
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r, bad;

    make(&r, 3, NOTHING);
    if (push != NULL) {
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        make(&bad, 5, BAD_RULE);
        ck_assert(!ps_push_set(push, &bad, err, sizeof err));
        ck_assert_msg(strstr(err, "inet t") != NULL && strstr(err, "rule 4 of chain forward: ") != NULL, "%s", err);
        check_same(push, &r, "behind a rule that is refused");
        ps_nft_ruleset_fini(&bad);
        make(&bad, 5, NO_INTERFACE);
        ck_assert(!ps_push_set(push, &bad, err, sizeof err));
        ck_assert_str_eq(err, "rule 5 of chain forward: there is no interface none-such here; create it, or name another one "
                              "for this port");
        check_same(push, &r, "behind an interface that is not there");
        ps_nft_ruleset_fini(&bad);
    }
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

START_TEST(test_ps_push_set__ten_thousand_elements__one_transaction_read_back_the_same)
{
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r, less;

    make(&r, 10000, NOTHING);
    make(&less, 9999, NOTHING);
    if (push != NULL) {
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        check_same(push, &r, "10000 elements");
        ck_assert(ps_push_compare(push, &less, &drifts, err, sizeof err));
        ck_assert_uint_eq(drifts.n, 1);
        ck_assert_uint_eq(drifts.items[0].how, PS_PUSH_ADDED);
    }
    ps_nft_ruleset_fini(&less);
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

/* Verdicts to chains with long names: a list of elements has to stay below 64 KiB. */
START_TEST(test_ps_push_set__map_of_long_names__read_back_the_same)
{
    const struct ps_nft_key key = ps_nft_key(PS_NFT_IP_SADDR);
    struct ps_nft_ruleset r = {.family = PS_NFT_INET, .table = "t"};
    struct ps_nft_element element = {0};
    struct ps_push *push = open_alone();
    uint32_t map = ps_nft_set_add(&r, &key, 1, "zones");

    r.sets[map].is_map = true;
    for (uint32_t i = 0; i < 300; i++) {
        struct ps_nft_verdict verdict = {.kind = PS_NFT_GOTO, .chain = ps_nft_chain_add(&r, "%0200u", i)};

        ps_nft_element_numbers(&element, key, 0, 4 * i, 4 * i + 2);
        ps_nft_set_put(&r, map, &element, &verdict);
    }
    ps_nft_set_close(&r, map);
    if (push != NULL) {
        ck_assert_msg(ps_push_set(push, &r, err, sizeof err), "%s", err);
        check_same(push, &r, "300 long names");
    }
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

START_TEST(test_ps_push_count__fresh_table__zeros_by_name)
{
    struct ps_push_count counts[2] = {{.packets = 9}, {.packets = 9}};
    struct ps_push *push = open_alone();
    struct ps_nft_ruleset r, one;

    make(&r, 3, NOTHING);
    make(&one, 3, NO_COUNTER);
    if (push != NULL) {
        ck_assert_msg(ps_push_count(push, &r, counts, err, sizeof err), "%s", err);
        ck_assert(!counts[0].is_there && !counts[1].is_there);
        ck_assert_msg(ps_push_set(push, &one, err, sizeof err), "%s", err);
        ck_assert_msg(ps_push_count(push, &r, counts, err, sizeof err), "%s", err);
        ck_assert(counts[0].is_there && !counts[1].is_there);
        ck_assert_uint_eq(counts[0].packets, 0);
    }
    ps_nft_ruleset_fini(&one);
    ps_nft_ruleset_fini(&r);
    ps_push_close(push);
}
END_TEST

UNIT_MAIN("nft/push", test_ps_push_set__plants_in_all_shapes__read_back_the_same,
          test_ps_push_compare__one_object_differs__named, test_ps_push_compare__table_gone__said_until_put_again,
          test_ps_push_refresh__elements_that_expire__live_on_and_are_no_drift,
          test_ps_push_set__there_already__what_packets_are_remembered_by_and_counts_stay,
          test_ps_push_set__kernel_refuses_one_rule__named_and_the_old_table_stays,
          test_ps_push_set__ten_thousand_elements__one_transaction_read_back_the_same,
          test_ps_push_set__map_of_long_names__read_back_the_same, test_ps_push_count__fresh_table__zeros_by_name)
