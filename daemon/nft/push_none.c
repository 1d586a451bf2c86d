/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * push_none.c - rulesets where libnftnl or libmnl was not there when penstock was built.
 */
#include <errno.h>
#include <stdio.h>

#include "push.h"

const bool ps_push_is_built = false;

static bool fail(char *err, size_t err_size)
{
    snprintf(err, err_size, "this penstockd was built without libnftnl");
    return false;
}

struct ps_push *ps_push_open(char *err, size_t err_size)
{
    fail(err, err_size);
    return NULL;
}

void ps_push_close(struct ps_push *push)
{
    (void)push;
}

bool ps_push_set(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size)
{
    (void)push;
    (void)ruleset;
    return fail(err, err_size);
}

bool ps_push_refresh(struct ps_push *push, const struct ps_nft_ruleset *ruleset, uint32_t set, char *err, size_t err_size)
{
    (void)push;
    (void)ruleset;
    (void)set;
    return fail(err, err_size);
}

int ps_push_generation(struct ps_push *push, uint32_t *generation)
{
    (void)push;
    (void)generation;
    return EOPNOTSUPP;
}

bool ps_push_remove(struct ps_push *push, const struct ps_nft_ruleset *ruleset, char *err, size_t err_size)
{
    (void)push;
    (void)ruleset;
    return fail(err, err_size);
}

bool ps_push_compare(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_drifts *drifts, char *err,
                     size_t err_size)
{
    (void)push;
    (void)ruleset;
    (void)drifts;
    return fail(err, err_size);
}

bool ps_push_count(struct ps_push *push, const struct ps_nft_ruleset *ruleset, struct ps_push_count *counts, char *err,
                   size_t err_size)
{
    (void)push;
    (void)ruleset;
    (void)counts;
    return fail(err, err_size);
}
