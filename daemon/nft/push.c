/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "push.h"

#include <errno.h>
#include <libnftnl/object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "push_private.h"

#define READS_MAX 8 /* while others change the kernel's tables */

const bool ps_push_is_built = true;

struct ps_push {
    struct ps_nft *nft;
};

void *ps_push_grow(void *items, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return items;
    *capacity = *capacity > 0 ? 2 * *capacity : 64;
    items = realloc(items, *capacity * size);
    if (items == NULL)
        abort();
    return items;
}

struct ps_push *ps_push_open(char *err, size_t err_size)
{
    struct ps_push *push = calloc(1, sizeof *push);

    if (push == NULL)
        abort();
    push->nft = ps_nft_open(err, err_size);
    if (push->nft != NULL)
        return push;
    free(push);
    return NULL;
}

void ps_push_close(struct ps_push *push)
{
    if (push != NULL)
        ps_nft_close(push->nft);
    free(push);
}

/* ---- putting it there -------------------------------------------------------------------------------------------- */

/* What may help. */
static const char *remedy(int code)
{
    switch (code) {
    case EPERM:
        return "; it takes CAP_NET_ADMIN";
    case ENOENT:
        return "; an interface is not there, or the kernel lacks a part of nf_tables: the log has its name";
    case EOPNOTSUPP:
        return "; this kernel has no such thing in this family: another shape may do";
    case EMSGSIZE:
    case ENOBUFS:
        return "; the ruleset is larger than one transaction may be";
    case ELOOP:
    case EMLINK:
        return "; chains lie deeper in each other than the kernel allows";
    default:
        return "";
    }
}

static void write_faults(const struct ps_nft_ruleset *ruleset, const struct ps_nft_faults *faults, char *err, size_t err_size)
{
    char text[400];

    ps_nft_faults_text(faults, text, sizeof text);
    snprintf(err, err_size, "the kernel does not take table %s %s, and keeps what it had: %s%s",
             ps_nft_family_name(ruleset->family), ruleset->table, text, remedy(faults->items[0].code));
}

static bool has_queue(const struct ps_nft_ruleset *ruleset)
{
    for (uint32_t i = 0; i < ruleset->n_exprs; i++)
        if (ruleset->exprs[i].kind == PS_NFT_QUEUE)
            return true;
    return false;
}

/* In place of the table that is there, of which stays what both have. false: it cannot be done that way. */
static bool renew(struct ps_push *push, const struct ps_push_build *whole)
{
    struct ps_push_renew kept;
    struct ps_push_build build = {.ruleset = whole->ruleset, .way = whole->way, .renew = &kept};
    struct ps_nft_faults faults;
    char ignored[8];
    bool good = ps_push_renew_init(&kept, push->nft, whole);

    if (good) {
        good = ps_push_build_init(&build, ignored, sizeof ignored) && ps_batch_send(push->nft, &build.batch, &faults);
        ps_push_build_fini(&build);
    }
    ps_push_renew_fini(&kept);
    return good;
}

static bool set(struct ps_push *push, const struct ps_nft_ruleset *ruleset, enum ps_table_queue_way way, char *err,
                size_t err_size)
{
    struct ps_nft_faults faults;
    struct ps_push_build build = {.ruleset = ruleset, .way = way};
    bool good = ps_push_build_init(&build, err, err_size);

    if (good && !renew(push, &build) && !ps_batch_send(push->nft, &build.batch, &faults)) {
        write_faults(ruleset, &faults, err, err_size);
        good = false;
    }
    ps_push_build_fini(&build);
    return good;
}

bool ps_push_set(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size)
{
    char ignored[8];

    if (set(push, ruleset, PS_TABLE_QUEUE_NATIVE, err, err_size))
        return true;
    if (!has_queue(ruleset))
        return false;
    /* what the kernel says of the first way is told: of a target it says where a chain ends that leads to one */
    if (set(push, ruleset, PS_TABLE_QUEUE_TARGET, ignored, sizeof ignored))
        return true;
    size_t len = strlen(err);
    snprintf(err + len, err_size - len, "; with the target NFQUEUE in place of the expression it does not either");
    return false;
}

bool ps_push_refresh(struct ps_push *push, const struct ps_nft_ruleset *ruleset, uint32_t set, char *err, size_t err_size)
{
    struct ps_nft_faults faults;
    struct ps_push_build build = {.ruleset = ruleset};
    bool good;

    ps_push_build_refresh(&build, set);
    good = ps_batch_send(push->nft, &build.batch, &faults);
    if (!good)
        write_faults(ruleset, &faults, err, err_size);
    ps_push_build_fini(&build);
    return good;
}

int ps_push_generation(struct ps_push *push, uint32_t *generation)
{
    return ps_nft_generation(push->nft, generation);
}

bool ps_push_remove(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size)
{
    struct ps_nft_faults faults;
    struct ps_batch batch;
    bool good;

    if (!ps_batch_init(&batch))
        abort();
    ps_table_remove(&batch, ps_push_family(ruleset), ruleset->table);
    good = ps_batch_send(push->nft, &batch, &faults);
    if (!good)
        write_faults(ruleset, &faults, err, err_size);
    ps_batch_fini(&batch);
    return good;
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static bool cannot_read(const struct ps_nft_ruleset *ruleset, int wrong, char *err, size_t err_size)
{
    snprintf(err, err_size, "table %s %s cannot be read: %s%s", ps_nft_family_name(ruleset->family), ruleset->table,
             wrong == EINTR ? "others are changing the kernel's tables; try again" : strerror(wrong),
             wrong == EPERM ? remedy(wrong) : "");
    return false;
}

/* As it was at one moment. */
static int read_all(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_records *records)
{
    int wrong = EINTR;

    ps_push_records_init(records, ruleset);
    for (int i = 0; i < READS_MAX && wrong == EINTR; i++) {
        uint32_t before = 0, after = 0;

        ps_push_records_fini(records);
        ps_push_records_init(records, ruleset);
        wrong = ps_nft_generation(push->nft, &before);
        wrong = wrong != 0 ? wrong : ps_push_records_read(records, push->nft, ruleset);
        if (wrong == 0)
            wrong = ps_nft_generation(push->nft, &after);
        if (wrong == 0 && before != after)
            wrong = EINTR;
    }
    return wrong;
}

static void say_gone(const struct ps_nft_ruleset *ruleset, struct ps_push_drifts *drifts)
{
    *drifts = (struct ps_push_drifts){.n = 1, .items[0] = {.how = PS_PUSH_MISSING, .thing = PS_PUSH_TABLE}};
    snprintf(drifts->items[0].text, sizeof drifts->items[0].text, "table %s is missing", ruleset->table);
}

/* As it would be by one of the ways to a queue. false: see err. */
static bool diff(const struct ps_push_build *how, struct ps_push_records *seen, struct ps_push_drifts *drifts, char *err,
                 size_t err_size)
{
    struct ps_push_build build = *how;
    struct ps_push_records wanted;
    bool good;

    ps_push_records_init(&wanted, how->ruleset);
    build.rules = &wanted;
    good = ps_push_build_init(&build, err, err_size);
    if (good) {
        ps_push_records_build(&wanted, &build);
        ps_push_diff(&wanted, seen, drifts);
    }
    ps_push_build_fini(&build);
    ps_push_records_fini(&wanted);
    return good;
}

/* The less is wrong with it: that way it was pushed. */
static bool diff_ways(const struct ps_nft_ruleset *ruleset, struct ps_push_records *seen, struct ps_push_drifts *drifts,
                      char *err, size_t err_size)
{
    struct ps_push_drifts other;

    if (!diff(&(struct ps_push_build){.ruleset = ruleset}, seen, drifts, err, err_size))
        return false;
    if (drifts->n == 0 || !has_queue(ruleset))
        return true;
    if (!diff(&(struct ps_push_build){.ruleset = ruleset, .way = PS_TABLE_QUEUE_TARGET}, seen, &other, err, err_size))
        return false;
    if (other.n < drifts->n)
        *drifts = other;
    return true;
}

bool ps_push_compare(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_drifts *drifts, char *err,
                     size_t err_size)
{
    struct ps_push_records seen;
    int wrong = read_all(push, ruleset, &seen);
    bool good = wrong == 0 || wrong == ENOENT;

    *drifts = (struct ps_push_drifts){0};
    if (!good)
        cannot_read(ruleset, wrong, err, err_size);
    else if (wrong == ENOENT)
        say_gone(ruleset, drifts);
    else
        good = diff_ways(ruleset, &seen, drifts, err, err_size);
    ps_push_records_fini(&seen);
    return good;
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

struct reading {
    const struct ps_nft_ruleset *ruleset;
    const struct ps_nft_counter **by_name;
    struct ps_push_count *counts;
};

static int compare_counters(const void *a, const void *b)
{
    return strcmp((*(const struct ps_nft_counter *const *)a)->name, (*(const struct ps_nft_counter *const *)b)->name);
}

static int take_count(const struct nlmsghdr *nlh, void *ctx)
{
    struct reading *reading = ctx;
    struct nftnl_obj *o = nftnl_obj_alloc();

    if (o == NULL)
        abort();
    if (nftnl_obj_nlmsg_parse(nlh, o) == 0 && nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER &&
        strcmp(nftnl_obj_get_str(o, NFTNL_OBJ_TABLE), reading->ruleset->table) == 0) {
        struct ps_nft_counter named = {.name = (char *)(uintptr_t)nftnl_obj_get_str(o, NFTNL_OBJ_NAME)};
        const struct ps_nft_counter *key = &named, **found;

        found = bsearch(&key, reading->by_name, reading->ruleset->n_counters, sizeof *reading->by_name, compare_counters);
        if (found != NULL)
            reading->counts[*found - reading->ruleset->counters] = (struct ps_push_count){
                .packets = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS), .octets = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_BYTES),
                .is_there = true};
    }
    nftnl_obj_free(o);
    return MNL_CB_OK;
}

bool ps_push_count(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_count *counts, char *err,
                   size_t err_size)
{
    struct reading reading = {.ruleset = ruleset, .counts = counts};
    uint32_t n = ruleset->n_counters;
    int wrong = EINTR;

    if (n == 0)
        return true;
    reading.by_name = malloc(n * sizeof *reading.by_name);
    if (reading.by_name == NULL)
        abort();
    for (uint32_t i = 0; i < n; i++)
        reading.by_name[i] = &ruleset->counters[i];
    qsort(reading.by_name, n, sizeof *reading.by_name, compare_counters);
    for (int i = 0; i < READS_MAX && wrong == EINTR; i++) {
        struct nlmsghdr *nlh = ps_nft_question(push->nft, NFT_MSG_GETOBJ, ps_push_family(ruleset), NLM_F_DUMP);

        memset(counts, 0, n * sizeof *counts);
        mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, ruleset->table);
        wrong = ps_nft_ask(push->nft, take_count, &reading);
    }
    free(reading.by_name);
    return wrong == 0 || wrong == ENOENT || cannot_read(ruleset, wrong, err, err_size);
}
