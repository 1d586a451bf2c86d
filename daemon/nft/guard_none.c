/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_none.c - the guard where libnftnl or libmnl was not there when penstock was built.
 */
#include <stdio.h>

#include "guard.h"

const bool ps_guard_is_built = false;

static bool fail(char *err, size_t err_size)
{
    snprintf(err, err_size, "this penstockd was built without libnftnl; build it with, or write guard = \"off\"");
    return false;
}

void ps_guard_name(const char *instance, char name[PS_GUARD_NAME_MAX])
{
    snprintf(name, PS_GUARD_NAME_MAX, "penstock-guard-%s", instance);
}

struct ps_guard *ps_guard_open(const struct ps_guard_config *config, char *err, size_t err_size)
{
    (void)config;
    fail(err, err_size);
    return NULL;
}

void ps_guard_close(struct ps_guard *guard)
{
    (void)guard;
}

bool ps_guard_was_there(const struct ps_guard *guard)
{
    (void)guard;
    return false;
}

bool ps_guard_set(struct ps_guard *guard, const struct ps_guard_plan *plan, char *err, size_t err_size)
{
    (void)guard;
    (void)plan;
    return fail(err, err_size);
}

bool ps_guard_repair(struct ps_guard *guard, char *err, size_t err_size)
{
    (void)guard;
    return fail(err, err_size);
}

bool ps_guard_refresh(struct ps_guard *guard, char *err, size_t err_size)
{
    (void)guard;
    return fail(err, err_size);
}

bool ps_guard_release(struct ps_guard *guard, char *err, size_t err_size)
{
    (void)guard;
    return fail(err, err_size);
}

enum ps_guard_state ps_guard_look(struct ps_guard *guard)
{
    (void)guard;
    return PS_GUARD_CHANGED;
}

bool ps_guard_remove(const char *instance, char *err, size_t err_size)
{
    (void)instance;
    return fail(err, err_size);
}
