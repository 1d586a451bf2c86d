/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusals_none.c - where libmnl is not there: nothing is heard.
 */
#include <stdio.h>

#include "refusals.h"

struct ps_refusals *ps_refusals_open(const struct ps_refusals_config *config, char *err, size_t err_size)
{
    (void)config;
    snprintf(err, err_size, "this program was built without libmnl and libnftnl");
    return NULL;
}

void ps_refusals_close(struct ps_refusals *refusals)
{
    (void)refusals;
}

int ps_refusals_fd(const struct ps_refusals *refusals)
{
    (void)refusals;
    return -1;
}

bool ps_refusals_read(struct ps_refusals *refusals, const struct ps_policy_slot *slot,
                      void (*tell)(void *ctx, const struct ps_event *event), void *ctx)
{
    (void)refusals;
    (void)slot;
    (void)tell;
    (void)ctx;
    return false;
}

const struct ps_refusals_stats *ps_refusals_stats(const struct ps_refusals *refusals)
{
    static const struct ps_refusals_stats none;
    (void)refusals;
    return &none;
}
