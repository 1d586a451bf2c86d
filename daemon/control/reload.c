/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "event_text.h"
#include "flows.h"
#include "json.h"

#define SETTLE_NS (30 * PS_NS_PER_S) /* then the answer says that flows are still being judged */

void ps_reload_init(struct ps_reload *reload)
{
    memset(reload, 0, sizeof *reload);
    reload->fallback_fd = -1;
}

static void forget_fallback(struct ps_reload *reload)
{
    if (reload->fallback_fd >= 0)
        close(reload->fallback_fd);
    free(reload->fallback_origin);
    reload->fallback_fd = -1;
    reload->fallback_origin = NULL;
    reload->confirm_by_ns = 0;
}

void ps_reload_fini(struct ps_reload *reload)
{
    forget_fallback(reload);
    json_decref(reload->findings);
    free(reload->broken);
}

uint32_t ps_reload_confirm_left(const struct ps_reload *reload)
{
    uint64_t now = ps_clock_steady();

    if (reload->confirm_by_ns == 0)
        return 0;
    return now >= reload->confirm_by_ns ? 1 : (uint32_t)((reload->confirm_by_ns - now) / PS_NS_PER_S) + 1;
}

int ps_reload_fd(const struct ps_reload *reload)
{
    return reload->state == PS_RELOAD_LOADING ? reload->loader.said_fd : -1;
}

/* ---- what is remembered ------------------------------------------------------------------------------------------ */

static void tell_trouble(struct ps_daemon *daemon, const char *what, const struct ps_error *err)
{
    json_t *o = json_pack("{s:s, s:s}", "what", what, "error", err->text);

    ps_journal_system(&daemon->journal, "state", o);
}

/* The image in force, for the next start. */
static void remember_good(struct ps_daemon *daemon, const struct ps_policy *policy)
{
    const struct ps_image *image = &policy->loaded.image;
    struct ps_error err;

    if (!ps_statedir_put(&daemon->state, PS_STATEDIR_IMAGE, image->data, (size_t)image->len, &err))
        tell_trouble(daemon, "the policy in force cannot be kept for the next start", &err);
    ps_statedir_remove(&daemon->state, PS_STATEDIR_UNCONFIRMED);
}

static void remember_unconfirmed(struct ps_daemon *daemon, const struct ps_policy *policy)
{
    struct ps_error err;

    if (!ps_statedir_put(&daemon->state, PS_STATEDIR_UNCONFIRMED, policy->loaded.digest,
                         strlen(policy->loaded.digest), &err))
        tell_trouble(daemon, "it cannot be remembered that this policy is not confirmed", &err);
}

static bool was_unconfirmed(const struct ps_daemon *daemon, const struct ps_loaded *loaded)
{
    struct ps_error err;
    size_t len = 0;
    char *digest = (char *)ps_statedir_get(&daemon->state, PS_STATEDIR_UNCONFIRMED, 64, &len, &err);
    bool same = digest != NULL && strcmp(digest, loaded->digest) == 0;

    free(digest);
    return same;
}

/* ---- the first policy -------------------------------------------------------------------------------------------- */

static void set_broken(struct ps_reload *reload, const char *why)
{
    free(reload->broken);
    reload->broken = why != NULL ? strdup(why) : NULL;
}

static bool publish_last_good(struct ps_daemon *daemon, struct ps_error *err)
{
    struct ps_loaded loaded;
    int fd = ps_statedir_get_fd(&daemon->state, PS_STATEDIR_IMAGE, PS_LOADED_MAX, err);

    if (fd < 0) {
        if (err->text[0] == '\0')
            ps_error_say(err, "there is no last good policy");
        return false;
    }
    return ps_loaded_open(&loaded, fd, err) &&
           ps_policies_publish(&daemon->policies, &loaded, "last good policy", err) != NULL;
}

static void fall_back(struct ps_daemon *daemon, const char *why)
{
    struct ps_error err;
    json_t *o = json_pack("{s:s, s:s}", "plant", daemon->config->plant, "error", why);

    set_broken(&daemon->reload, why);
    if (publish_last_good(daemon, &err)) {
        ps_json_put(o, "what", "the plant file is not in force; the last good policy is");
        ps_json_put(o, "after", daemon->policies.current->loaded.digest);
    } else {
        ps_json_put(o, "what", "no policy is in force, and nothing passes");
        ps_json_put(o, "last_good", err.text);
    }
    ps_journal_policy(&daemon->journal, NULL, "start", o);
}

void ps_reload_first(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;
    struct ps_loaded loaded;
    struct ps_error err;
    struct ps_policy *policy;

    if (!ps_loader_run(NULL, daemon->config->plant, &loaded, &reload->findings, &err)) {
        fall_back(daemon, err.text);
        return;
    }
    if (was_unconfirmed(daemon, &loaded)) {
        ps_loaded_fini(&loaded);
        fall_back(daemon, "what it says was put in force before and never confirmed; reload puts it in force");
        return;
    }
    policy = ps_policies_publish(&daemon->policies, &loaded, daemon->config->plant, &err);
    if (policy == NULL) {
        fall_back(daemon, err.text);
        return;
    }
    remember_good(daemon, policy);
    ps_journal_policy(&daemon->journal, NULL, "start", json_pack("{s:s, s:I}", "after", policy->loaded.digest,
                                                                  "generation", (json_int_t)policy->generation));
}

/* ---- a reload ---------------------------------------------------------------------------------------------------- */

bool ps_reload_begin(struct ps_daemon *daemon, const struct ps_server_request *request, uint32_t confirm_s,
                     struct ps_error *err)
{
    struct ps_reload *reload = &daemon->reload;

    if (reload->state != PS_RELOAD_IDLE)
        return ps_error_say(err, "a reload is under way; try again when it is done");
    if (confirm_s > 0 && daemon->policies.current == NULL)
        return ps_error_say(err, "no policy is in force that could come back; reload without confirmation");
    if (!ps_loader_start(&reload->loader, NULL, daemon->config->plant, err))
        return false;
    reload->state = PS_RELOAD_LOADING;
    reload->client = request != NULL ? request->client : 0;
    memset(&reload->peer, 0, sizeof reload->peer);
    if (request != NULL)
        reload->peer = *request->peer;
    reload->confirm_s = confirm_s;
    reload->began_ns = ps_clock_steady();
    return true;
}

static void finish(struct ps_daemon *daemon, json_t *reply, const char *wrong)
{
    struct ps_reload *reload = &daemon->reload;

    if (wrong != NULL && reload->client != 0)
        ps_server_refuse_with(daemon->server, reload->client, reply, "%s", wrong);
    else if (reload->client != 0)
        ps_server_reply(daemon->server, reload->client, reply, -1);
    else
        json_decref(reply);
    reload->client = 0;
    reload->state = PS_RELOAD_IDLE;
}

static void fail(struct ps_daemon *daemon, const char *why)
{
    struct ps_reload *reload = &daemon->reload;
    const struct ps_policy *current = daemon->policies.current;
    json_t *o = json_pack("{s:s, s:s, s:s}", "what", "reload failed", "plant", daemon->config->plant, "error", why);
    json_t *reply = json_object();

    set_broken(reload, why);
    if (reload->findings != NULL)
        json_object_set(reply, "findings", json_object_get(reload->findings, "findings"));
    if (current != NULL) {
        ps_json_put(o, "before", current->loaded.digest);
        ps_json_put(reply, "digest", current->loaded.digest);
        ps_json_put_n(reply, "generation", current->generation);
    }
    ps_journal_policy(&daemon->journal, &reload->peer, "reload", o);
    finish(daemon, reply, why);
}

/* The policy in force is what is gone back to, unless one is awaited already. */
static void keep_fallback(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;
    const struct ps_policy *current = daemon->policies.current;

    if (reload->fallback_fd >= 0 || current == NULL)
        return;
    reload->fallback_fd = fcntl(current->loaded.fd, F_DUPFD_CLOEXEC, 0);
    reload->fallback_origin = strdup(current->origin);
}

static void publish(struct ps_daemon *daemon, struct ps_loaded *loaded)
{
    struct ps_reload *reload = &daemon->reload;
    struct ps_error err;
    struct ps_policy *policy;
    json_t *before = daemon->policies.current != NULL ? json_string(daemon->policies.current->loaded.digest) : NULL;
    if (reload->confirm_s > 0)
        keep_fallback(daemon);
    policy = ps_policies_publish(&daemon->policies, loaded, daemon->config->plant, &err);
    if (policy == NULL) {
        if (reload->confirm_by_ns == 0)
            forget_fallback(reload);
        json_decref(before);
        fail(daemon, err.text);
        return;
    }
    set_broken(reload, NULL);
    policy->took_ns = ps_clock_steady() - reload->began_ns;
    if (reload->confirm_s > 0) {
        reload->confirm_by_ns = ps_clock_steady() + reload->confirm_s * PS_NS_PER_S;
        remember_unconfirmed(daemon, policy);
    } else {
        forget_fallback(reload);
        remember_good(daemon, policy);
    }
    ps_journal_policy(&daemon->journal, &reload->peer, "reload",
                      json_pack("{s:o*, s:s, s:I, s:I}", "before", before, "after", policy->loaded.digest, "generation",
                                (json_int_t)policy->generation, "confirm_s", (json_int_t)reload->confirm_s));
    reload->state = PS_RELOAD_SETTLING;
}

static void step_loading(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;
    struct ps_loaded loaded;
    struct ps_error err;

    if (!ps_loader_step(&reload->loader))
        return;
    json_decref(reload->findings);
    if (ps_loader_finish(&reload->loader, &loaded, &reload->findings, &err))
        publish(daemon, &loaded);
    else
        fail(daemon, err.text);
}

/* Of those that are no longer allowed, the first ones. */
static json_t *refused_json(const struct ps_daemon *daemon, const struct ps_policy *policy)
{
    json_t *list = json_array();

    for (uint32_t w = 0; w < daemon->policies.n_workers; w++) {
        struct ps_flow_info flows[PS_REFUSED_MAX];
        uint32_t n = ps_policy_slot_refused(policy->slots[w], flows);

        for (uint32_t i = 0; i < n && json_array_size(list) < PS_REFUSED_MAX; i++)
            json_array_append_new(list, ps_flow_json(daemon, &flows[i]));
    }
    return list;
}

static void step_settling(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;
    const struct ps_policy *policy = daemon->policies.current;
    struct ps_rejudged rejudged;
    uint64_t took = ps_clock_steady() - reload->began_ns;
    bool settled = ps_policy_is_settled(&daemon->policies, policy, &rejudged);
    json_t *reply;

    if (!settled && took < SETTLE_NS)
        return;
    reply = json_pack("{s:s, s:s, s:I, s:s, s:I}", "plant", daemon->config->plant, "site",
                      ps_image_site(&policy->loaded.image), "revision",
                      (json_int_t)ps_image_revision(&policy->loaded.image), "digest", policy->loaded.digest, "generation",
                      (json_int_t)policy->generation);
    json_object_set_new(reply, "in_force_ms", json_real((double)policy->took_ns / 1e6));
    json_object_set_new(reply, "took_ms", json_real((double)took / 1e6));
    ps_json_put_bool(reply, "settled", settled);
    ps_json_put_n(reply, "flows_rejudged", rejudged.flows);
    ps_json_put_n(reply, "flows_refused", rejudged.refused);
    ps_json_put_n(reply, "flows_reset", rejudged.reset);
    json_object_set_new(reply, "refused", refused_json(daemon, policy));
    ps_json_put_n(reply, "confirm_s", ps_reload_confirm_left(reload));
    if (reload->findings != NULL)
        json_object_set(reply, "findings", json_object_get(reload->findings, "findings"));
    finish(daemon, reply, NULL);
}

/* ---- confirmation ------------------------------------------------------------------------------------------------ */

bool ps_reload_confirm(struct ps_daemon *daemon, const struct ps_peer *peer, struct ps_error *err)
{
    const struct ps_policy *policy = daemon->policies.current;

    if (daemon->reload.confirm_by_ns == 0 || policy == NULL)
        return ps_error_say(err, "there is nothing to confirm");
    forget_fallback(&daemon->reload);
    remember_good(daemon, policy);
    ps_journal_policy(&daemon->journal, peer, "confirm", json_pack("{s:s}", "after", policy->loaded.digest));
    return true;
}

static void go_back(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;
    const struct ps_policy *old = daemon->policies.current;
    struct ps_loaded loaded;
    struct ps_error err;
    struct ps_policy *policy = NULL;
    json_t *o = json_pack("{s:s, s:s}", "what", "not confirmed in time", "before", old->loaded.digest);
    int fd = reload->fallback_fd;

    reload->fallback_fd = -1;
    if (fd >= 0 && ps_loaded_open(&loaded, fd, &err))
        policy = ps_policies_publish(&daemon->policies, &loaded, reload->fallback_origin, &err);
    if (policy != NULL)
        ps_json_put(o, "after", policy->loaded.digest);
    else
        ps_json_put(o, "error", fd >= 0 ? err.text : "there was no policy before");
    ps_journal_policy(&daemon->journal, NULL, "revert", o);
    set_broken(reload, "the last reload was not confirmed in time");
    forget_fallback(reload);
}

void ps_reload_step(struct ps_daemon *daemon)
{
    struct ps_reload *reload = &daemon->reload;

    if (reload->state == PS_RELOAD_LOADING)
        step_loading(daemon);
    if (reload->state == PS_RELOAD_SETTLING) /* with few flows workers are done by now */
        step_settling(daemon);
    else if (reload->state == PS_RELOAD_IDLE && reload->confirm_by_ns != 0 && ps_clock_steady() >= reload->confirm_by_ns)
        go_back(daemon);
}
