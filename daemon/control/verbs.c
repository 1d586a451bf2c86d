/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verbs.c - what can be asked for on the control socket, a function each (docs/control.md).
 */
#include <limits.h>

#include "clock.h"
#include "daemon.h"
#include "flows.h"
#include "json.h"
#include "show.h"
#include "stats_json.h"
#include "tracing.h"

struct verb {
    const char *name;
    bool changes; /* only who may change may say it */
    bool asks_engine;
    /* Answers, or puts a sentence into err and returns false. */
    bool (*run)(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err);
};

/* ---- parts of requests ------------------------------------------------------------------------------------------ */

/* A number of the request; missing: *out stays. */
static bool get_number(const struct ps_server_request *request, const char *key, uint32_t max, uint32_t *out,
                       struct ps_error *err)
{
    const json_t *value = json_object_get(request->json, key);

    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return ps_error_say(err, "\"%s\" is a number from 0 to %u", key, max);
    *out = (uint32_t)json_integer_value(value);
    return true;
}

static const char *get_text(const struct ps_server_request *request, const char *key)
{
    return json_string_value(json_object_get(request->json, key));
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static bool run_status(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    (void)err;
    ps_server_reply(daemon->server, request->client, ps_show_status(daemon), -1);
    return true;
}

static bool run_conduits(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    if (daemon->policies.current == NULL)
        return ps_error_say(err, "no policy is in force; penstock status says why");
    ps_server_reply(daemon->server, request->client, ps_show_conduits(daemon), -1);
    return true;
}

static bool run_counters(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    (void)err;
    ps_server_reply(daemon->server, request->client, ps_show_counters(daemon), -1);
    return true;
}

static bool run_reasons(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    (void)err;
    ps_server_reply(daemon->server, request->client, ps_show_reasons(daemon), -1);
    return true;
}

static bool run_flows(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    uint32_t max = 1000;
    json_t *o;

    if (!get_number(request, "max", PS_FLOWS_MAX, &max, err))
        return false;
    o = ps_flows_json(daemon, max, get_text(request, "conduit"), err);
    if (o != NULL)
        ps_server_reply(daemon->server, request->client, o, -1);
    return o != NULL;
}

static bool run_events(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    json_t *o = json_object();

    (void)err;
    json_object_set_new(o, "last", ps_journal_last(&daemon->journal));
    if (json_is_true(json_object_get(request->json, "follow")))
        ps_server_follow(daemon->server, request->client);
    ps_server_reply(daemon->server, request->client, o, -1);
    return true;
}

/* The image itself goes to the client, which explains with the code that explains plant files. */
static bool run_explain(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    const struct ps_policy *policy = daemon->policies.current;

    if (policy == NULL)
        return ps_error_say(err, "no policy is in force; penstock status says why");
    ps_server_reply(daemon->server, request->client,
                    json_pack("{s:s, s:I, s:s, s:o}", "digest", policy->loaded.digest, "generation",
                              (json_int_t)policy->generation, "origin", policy->origin, "island",
                              ps_island_json(&daemon->island)),
                    policy->loaded.fd);
    return true;
}

static bool run_trace(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    struct ps_tracing_wish wish = {.n = 10, .seconds = 30, .conduit = get_text(request, "conduit"),
                                   .asset = get_text(request, "asset")};

    return get_number(request, "packets", PS_TRACES_MAX, &wish.n, err) &&
           get_number(request, "seconds", 3600, &wish.seconds, err) &&
           ps_tracing_begin(daemon, request->client, &wish, err);
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

static bool run_reload(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    uint32_t confirm_s = 0;

    return get_number(request, "confirm", 86400, &confirm_s, err) &&
           ps_reload_begin(daemon, request, confirm_s, err);
}

static bool run_confirm(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    if (!ps_reload_confirm(daemon, request->peer, err))
        return false;
    ps_server_reply(daemon->server, request->client,
                    json_pack("{s:s, s:I}", "digest", daemon->policies.current->loaded.digest, "generation",
                              (json_int_t)daemon->policies.current->generation), -1);
    return true;
}

static bool run_island(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    const json_t *on = json_object_get(request->json, "on");
    struct ps_island_change change = {.on = json_is_true(on), .zone = get_text(request, "zone"),
                                      .conduit = get_text(request, "conduit")};

    if (!json_is_boolean(on))
        return ps_error_say(err, "\"on\" is true or false");
    if (change.zone != NULL && change.conduit != NULL)
        return ps_error_say(err, "name a zone or a conduit, not both");
    return ps_island_set(daemon, request, &change, err);
}

static bool run_mode(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    const char *conduit = get_text(request, "conduit"), *mode = get_text(request, "mode");

    if (conduit == NULL || mode == NULL)
        return ps_error_say(err, "\"conduit\" and \"mode\" are needed");
    return ps_island_set_mode(daemon, request, conduit, mode, err);
}

static bool run_shutdown(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    (void)err;
    ps_journal_mode(&daemon->journal, request->peer, "shutdown", json_object());
    ps_server_reply(daemon->server, request->client, json_object(), -1);
    daemon->stopping = true;
    return true;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct verb verbs[] = {
    {"status", false, false, run_status},     {"conduits", false, false, run_conduits}, {"flows", false, true, run_flows},
    {"counters", false, false, run_counters}, {"reasons", false, false, run_reasons},   {"events", false, false, run_events},
    {"explain", false, false, run_explain},   {"trace", false, true, run_trace},        {"reload", true, false, run_reload},
    {"confirm", true, false, run_confirm},    {"island", true, false, run_island},      {"mode", true, false, run_mode},
    {"shutdown", true, false, run_shutdown},
};

void ps_daemon_request(void *ctx, const struct ps_server_request *request)
{
    struct ps_daemon *daemon = ctx;
    struct ps_error err = {""};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, request->verb) != 0)
            continue;
        if (verbs[i].changes && !request->peer->may_change)
            ps_server_refuse(daemon->server, request->client,
                             "user %s may look but not change: only root and members of the group penstock-admin",
                             request->peer->name);
        else if (verbs[i].asks_engine && daemon->policies.n_workers == 0)
            ps_server_refuse(daemon->server, request->client,
                             "not with io = \"%s\": the kernel judges alone, and %s asks penstockd's own engine",
                             ps_io_backend(), verbs[i].name);
        else if (!verbs[i].run(daemon, request, &err))
            ps_server_refuse(daemon->server, request->client, "%s", err.text);
        return;
    }
    ps_server_refuse(daemon->server, request->client, "there is no verb \"%s\"", request->verb);
}
