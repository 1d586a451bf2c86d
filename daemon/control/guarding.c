/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guarding.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon.h"
#include "json.h"
#include "lock.h"
#include "netdev.h"

#define MARK_FORWARDED UINT32_C(0x50454e46) /* "PENF": what the kernel forwards for open conduits */

/* ---- beginning ----------------------------------------------------------------------------------------------------- */

static bool take_lock(struct ps_guarding *guarding, const char *instance, struct ps_error *err)
{
    char name[64], who[32];

    snprintf(name, sizeof name, "guard-%s", instance);
    guarding->lock = ps_lock_take(name);
    if (guarding->lock >= 0)
        return true;
    if (errno != EADDRINUSE)
        return ps_error_errno(err, "instance: it cannot be locked");
    return ps_error_say(err, "instance: another penstockd%s is called \"%s\"; give each a name of its own",
                        ps_lock_owner_text(name, who), instance);
}

static bool open_guard(struct ps_daemon *daemon, struct ps_error *err)
{
    struct ps_guarding *guarding = &daemon->guarding;
    const struct ps_config *config = daemon->config;
    struct ps_guard_netdev netdevs[PS_IO_PORTS_MAX];
    char why[sizeof err->text - 32];

    for (uint32_t i = 0; i < config->n_ports; i++)
        netdevs[i] = (struct ps_guard_netdev){guarding->names[i], guarding->indices[i]};
    const struct ps_guard_config guard = {.instance = config->instance, .netdevs = netdevs, .n_netdevs = config->n_ports,
                                          .mark = PS_NETDEV_MARK, .forwarded = MARK_FORWARDED, .uid = geteuid()};

    if (!take_lock(guarding, config->instance, err))
        return false;
    guarding->guard = ps_guard_open(&guard, why, sizeof why);
    if (guarding->guard == NULL || !ps_guard_set(guarding->guard, NULL, why, sizeof why))
        return ps_error_say(err, "guard: %s", why);
    guarding->in_force = true;
    return true;
}

static bool has_netdevs(const struct ps_guarding *guarding, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (guarding->indices[i] != 0)
            return true;
    return false;
}

/* NULL: there is one. */
static const char *why_none(const struct ps_daemon *daemon)
{
    if (daemon->config->guard == PS_CONFIG_GUARD_OFF)
        return "switched off";
    if (!has_netdevs(&daemon->guarding, daemon->config->n_ports))
        return "the kernel sees none of the ports";
    return ps_guard_is_built ? NULL : "built without libnftnl";
}

bool ps_guarding_begin(struct ps_daemon *daemon, const struct ps_io_netdev *netdevs, struct ps_diags *diags)
{
    struct ps_guarding *guarding = &daemon->guarding;
    const struct ps_config *config = daemon->config;
    struct ps_error err;

    for (uint32_t i = 0; i < config->n_ports; i++) {
        guarding->indices[i] = netdevs[i].index;
        guarding->names[i] = netdevs[i].name;
    }
    guarding->why_none = why_none(daemon);
    if (guarding->why_none == NULL && !open_guard(daemon, &err)) {
        ps_diag_add(diags, PS_SEV_ERROR, NULL, ps_config_file(config, config->guard_src), config->guard_src.line, NULL, "%s",
                    err.text);
        return false;
    }
    if (guarding->why_none != NULL && has_netdevs(guarding, config->n_ports))
        fprintf(stderr, "penstockd: no guard (%s): the kernel sees what comes by the ports, and may answer and forward it\n",
                guarding->why_none);
    /* one that an earlier run has left behind would go on without anybody who looks after it */
    if (config->guard == PS_CONFIG_GUARD_OFF && take_lock(guarding, config->instance, &err))
        (void)ps_guard_remove(config->instance, err.text, sizeof err.text);
    return true;
}

void ps_guarding_none(struct ps_daemon *daemon)
{
    struct ps_error err;

    daemon->guarding.why_none = daemon->enforcing.push != NULL ? "the kernel judges" : "the kernel forwards, and asks";
    if (take_lock(&daemon->guarding, daemon->config->instance, &err) &&
        ps_guard_remove(daemon->config->instance, err.text, sizeof err.text))
        return;
    fprintf(stderr, "penstockd: a guard that an earlier run left behind would let nothing pass, and stays: %s\n", err.text);
}

/* ---- while it lives ------------------------------------------------------------------------------------------------ */

static void tell(struct ps_daemon *daemon, const char *what)
{
    json_t *o = json_pack("{s:s}", "what", what);

    if (!daemon->guarding.in_force)
        ps_json_put_any(o, "error", daemon->guarding.err.text);
    ps_journal_system(&daemon->journal, "guard", o);
}

/* What came of it; told where it was otherwise before. */
static void turn(struct ps_daemon *daemon, bool good, const char *what)
{
    bool before = daemon->guarding.in_force;

    daemon->guarding.in_force = good;
    if (before != good)
        tell(daemon, what);
}

static bool is_shut(const void *ctx, uint32_t conduit)
{
    const struct ps_policy *policy = ctx;

    return ps_policy_slot_is_closed(policy->slots[0], conduit);
}

static bool make_plan(struct ps_daemon *daemon, const struct ps_policy *policy, struct ps_guard_plan *plan)
{
    const struct ps_image *image = &policy->loaded.image;
    uint16_t ports[PS_IO_PORTS_MAX];
    const struct ps_guard_plan_config config = {
        .image = image, .gateway = ps_image_gateway_by_name(image, daemon->config->gateway), .ports = ports,
        .indices = daemon->guarding.indices, .n_ports = daemon->config->n_ports, .is_shut = is_shut,
        .ctx = policy};

    for (uint32_t i = 0; i < config.n_ports; i++)
        ports[i] = (uint16_t)ps_image_gateway_port_by_name(image, config.gateway, daemon->config->ports[i].name);
    return ps_guard_plan_init(plan, &config);
}

static json_t *names_of(const struct ps_image *image, const uint32_t *conduits, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(ps_image_conduit_name(image, conduits[i])));
    return list;
}

/* Without the open conduits, where the kernel does not take them. */
static bool set_plan(struct ps_daemon *daemon, const struct ps_image *image, struct ps_guard_plan *plan)
{
    struct ps_guarding *guarding = &daemon->guarding;
    char *why = guarding->err.text;

    if (ps_guard_set(guarding->guard, plan, why, sizeof guarding->err.text))
        return true;
    ps_journal_system(&daemon->journal, "guard",
                      json_pack("{s:s, s:s}", "what", "conduits with on_failure = \"open\" stay closed", "error", why));
    for (size_t i = 0; i < plan->n_open; i++)
        json_array_append_new(guarding->closed, json_string(ps_image_conduit_name(image, plan->open[i])));
    plan->n_open = 0;
    return ps_guard_set(guarding->guard, NULL, why, sizeof guarding->err.text);
}

static void tell_closed(struct ps_daemon *daemon)
{
    ps_journal_system(&daemon->journal, "guard",
                      json_pack("{s:s, s:O}", "what", "these conduits with on_failure = \"open\" stay closed: the kernel cannot "
                                "forward between their ports, or they have too many rules", "conduits",
                                daemon->guarding.closed));
}

/* The table is written anew only when some conduit is open, or was: else it says the same for every policy. */
void ps_guarding_policy(struct ps_daemon *daemon, const struct ps_policy *policy)
{
    struct ps_guarding *guarding = &daemon->guarding;
    struct ps_guard_plan plan = {0};
    bool had_open = json_array_size(guarding->open) > 0;

    if (guarding->guard == NULL)
        return;
    if (!make_plan(daemon, policy, &plan)) { /* no memory: closed is always right */
        ps_guard_plan_fini(&plan);
        plan = (struct ps_guard_plan){0};
    }
    json_decref(guarding->closed);
    guarding->closed = names_of(&policy->loaded.image, plan.closed, plan.n_closed);
    if (had_open || plan.n_open > 0 || !guarding->in_force)
        turn(daemon, set_plan(daemon, &policy->loaded.image, &plan), "cannot be put in place");
    json_decref(guarding->open);
    guarding->open = names_of(&policy->loaded.image, plan.open, plan.n_open);
    if (json_array_size(guarding->closed) > 0)
        tell_closed(daemon);
    ps_guard_plan_fini(&plan);
}

void ps_guarding_second(struct ps_daemon *daemon, bool alive)
{
    struct ps_guarding *guarding = &daemon->guarding;
    char *why = guarding->err.text;

    if (guarding->guard == NULL)
        return;
    if (alive)
        (void)ps_guard_refresh(guarding->guard, why, sizeof guarding->err.text);
    if (guarding->in_force && ps_guard_look(guarding->guard) == PS_GUARD_SAME)
        return;
    if (guarding->in_force)
        ps_journal_system(&daemon->journal, "guard", json_pack("{s:s, s:s}", "what", "found changed", "error",
                                                               "somebody has changed or deleted its table"));
    if (!ps_guard_repair(guarding->guard, why, sizeof guarding->err.text)) {
        turn(daemon, false, "cannot be repaired");
        return;
    }
    guarding->n_repairs++;
    guarding->in_force = true;
    tell(daemon, "repaired");
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

bool ps_guarding_end(struct ps_daemon *daemon)
{
    struct ps_guarding *guarding = &daemon->guarding;

    if (guarding->guard == NULL || json_array_size(guarding->open) == 0)
        return false;
    if (!ps_guard_release(guarding->guard, guarding->err.text, sizeof guarding->err.text))
        fprintf(stderr, "penstockd: guard: %s\n", guarding->err.text);
    return true;
}

void ps_guarding_undo(struct ps_guarding *guarding, const struct ps_config *config)
{
    struct ps_error err;

    if (guarding->guard != NULL && !ps_guard_was_there(guarding->guard))
        (void)ps_guard_remove(config->instance, err.text, sizeof err.text);
    ps_guard_close(guarding->guard);
    guarding->guard = NULL;
}

void ps_guarding_fini(struct ps_guarding *guarding)
{
    ps_guard_close(guarding->guard);
    json_decref(guarding->open);
    json_decref(guarding->closed);
    if (guarding->lock >= 0)
        close(guarding->lock);
    *guarding = (struct ps_guarding){.lock = -1, .why_none = "not yet"};
}

bool ps_guarding_remove(const struct ps_config *config, struct ps_error *err)
{
    struct ps_guarding guarding = {.lock = -1};
    char why[sizeof err->text - 32];
    bool good = take_lock(&guarding, config->instance, err);

    if (good && !ps_guard_remove(config->instance, why, sizeof why))
        good = ps_error_say(err, "guard: %s", why);
    ps_guarding_fini(&guarding);
    return good;
}

/* ---- status ---------------------------------------------------------------------------------------------------------- */

json_t *ps_guarding_json(const struct ps_guarding *guarding)
{
    json_t *o = json_object();

    ps_json_put(o, "state", guarding->guard == NULL ? "none" : guarding->in_force ? "in force" : "broken");
    json_object_set_new(o, "why", json_null());
    if (guarding->guard == NULL)
        ps_json_put_any(o, "why", guarding->why_none != NULL ? guarding->why_none : "");
    else if (!guarding->in_force)
        ps_json_put_any(o, "why", guarding->err.text);
    json_object_set_new(o, "open", guarding->open != NULL ? json_incref(guarding->open) : json_array());
    json_object_set_new(o, "closed", guarding->closed != NULL ? json_incref(guarding->closed) : json_array());
    ps_json_put_n(o, "repairs", guarding->n_repairs);
    return o;
}
