/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * able_none.c - where libnftnl or libmnl was not there when penstock was built.
 */
#include "able.h"

#include <stdio.h>

static bool fail(char *err, size_t err_size)
{
    snprintf(err, err_size, "this penstockd was built without libnftnl");
    return false;
}

bool ps_able_guard(char *err, size_t err_size)
{
    return fail(err, err_size);
}

bool ps_able_queue(char *err, size_t err_size)
{
    return fail(err, err_size);
}

bool ps_able_rules(char *err, size_t err_size)
{
    return fail(err, err_size);
}
