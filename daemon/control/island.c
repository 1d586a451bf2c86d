/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "island.h"

#include <stdlib.h>

#include "clock.h"
#include "daemon.h"
#include "json.h"
#include "words.h"

#define STATE_MAX ((size_t)1 << 20)

json_t *ps_island_json(const struct ps_island *island)
{
    return json_pack("{s:b, s:O, s:O}", "all", island->all, "zones", island->zones, "conduits", island->conduits);
}

bool ps_island_is_on(const struct ps_island *island)
{
    return island->all || json_array_size(island->zones) > 0 || json_array_size(island->conduits) > 0;
}

void ps_island_fini(struct ps_island *island)
{
    json_decref(island->zones);
    json_decref(island->conduits);
    json_decref(island->modes);
}

/* ---- what is remembered ------------------------------------------------------------------------------------------ */

static bool is_names(const json_t *list)
{
    bool good = json_is_array(list);

    for (size_t i = 0; i < json_array_size(list); i++)
        good = good && json_is_string(json_array_get(list, i));
    return good;
}

static bool read_state(struct ps_island *island, const char *text)
{
    json_t *o = json_loads(text, 0, NULL), *zones = json_object_get(o, "zones"), *conduits = json_object_get(o, "conduits");
    bool good = json_is_boolean(json_object_get(o, "all")) && is_names(zones) && is_names(conduits);

    if (good) {
        island->all = json_is_true(json_object_get(o, "all"));
        json_array_extend(island->zones, zones);
        json_array_extend(island->conduits, conduits);
    }
    json_decref(o);
    return good;
}

void ps_island_init(struct ps_daemon *daemon)
{
    struct ps_island *island = &daemon->island;
    struct ps_error err;
    size_t len = 0;
    char *text = (char *)ps_statedir_get(&daemon->state, PS_STATEDIR_ISLAND, STATE_MAX, &len, &err);

    *island = (struct ps_island){.zones = json_array(), .conduits = json_array(), .modes = json_object()};
    if (text == NULL && err.text[0] == '\0')
        return; /* nothing was closed */
    if (text == NULL || !read_state(island, text)) {
        island->all = true;
        ps_journal_system(&daemon->journal, "island",
                          json_pack("{s:s, s:s}", "what", "everything is closed", "error",
                                    "what was closed before the restart cannot be read; penstock island off opens"));
    }
    free(text);
}

/* It is in force by now, whatever becomes of this: who is told of a failure must not think that nothing was done. */
static bool remember(struct ps_daemon *daemon, struct ps_error *err)
{
    json_t *o = ps_island_json(&daemon->island);
    char *text = json_dumps(o, JSON_COMPACT);
    struct ps_error why = {""};
    bool good;

    json_decref(o);
    if (ps_island_is_on(&daemon->island))
        good = text != NULL && ps_statedir_put(&daemon->state, PS_STATEDIR_ISLAND, text, strlen(text), &why);
    else
        good = ps_statedir_remove(&daemon->state, PS_STATEDIR_ISLAND) || ps_error_errno(&why, PS_STATEDIR_ISLAND);
    free(text);
    return good || ps_error_say(err, "done, but a restart undoes it: %.400s", why.text);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static bool names(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
            return true;
    return false;
}

static bool is_closed(const struct ps_island *island, const struct ps_image *image, uint32_t conduit)
{
    return names(island->conduits, ps_image_conduit_name(image, conduit)) ||
           names(island->zones, ps_image_zone_name(image, ps_image_conduit_from(image, conduit))) ||
           names(island->zones, ps_image_zone_name(image, ps_image_conduit_to(image, conduit)));
}

static uint8_t mode_of(const struct ps_island *island, const struct ps_image *image, uint32_t conduit)
{
    const char *mode = json_string_value(json_object_get(island->modes, ps_image_conduit_name(image, conduit)));

    if (mode == NULL)
        return PS_MODE_OF_IMAGE;
    return strcmp(mode, "monitor") == 0 ? PS_MODE_MONITOR : PS_MODE_ENFORCE;
}

void ps_island_apply(const struct ps_island *island, struct ps_policy *policy, uint32_t n_slots)
{
    const struct ps_image *image = &policy->loaded.image;
    bool some = json_array_size(island->zones) + json_array_size(island->conduits) + json_object_size(island->modes) > 0;

    for (uint32_t w = 0; w < n_slots; w++) {
        if (policy->all_closed != island->all)
            ps_policy_slot_island(policy->slots[w], island->all);
        for (uint32_t c = 0; c < ps_image_n_conduits(image) && (some || policy->touched); c++) {
            ps_policy_slot_close(policy->slots[w], c, is_closed(island, image, c));
            ps_policy_slot_set_mode(policy->slots[w], c, mode_of(island, image, c));
        }
    }
    policy->all_closed = island->all;
    policy->touched = some;
}

/* ---- changes ----------------------------------------------------------------------------------------------------- */

static void put_name(json_t *list, const char *name, bool on)
{
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
            json_array_remove(list, i);
    if (on)
        json_array_append_new(list, json_string(name));
}

/* Takes effect, and the client waits. false and a sentence: the kernel's rules do not follow yet. */
static bool begin(struct ps_daemon *daemon, const struct ps_server_request *request, struct ps_error *err)
{
    struct ps_island *island = &daemon->island;

    island->began_ns = ps_clock_steady();
    island->client = request->client;
    if (daemon->policies.current == NULL)
        return true;
    ps_island_apply(island, daemon->policies.current, ps_policies_n_slots(&daemon->policies));
    ps_guarding_policy(daemon, daemon->policies.current);
    ps_carrying_policy(daemon, daemon->policies.current);
    if (ps_enforcing_changed(daemon, err))
        return true;
    island->client = 0; /* who is told so now */
    return false;
}

static bool is_known(const struct ps_policy *policy, const char *zone, const char *conduit, struct ps_error *err)
{
    const struct ps_image *image;

    if (policy == NULL)
        return zone == NULL && conduit == NULL ? true : ps_error_say(err, "no policy is in force that names it");
    image = &policy->loaded.image;
    if (zone != NULL && ps_image_zone_by_name(image, zone) == PS_NONE)
        return ps_error_say(err, "there is no zone \"%s\" in the policy in force", zone);
    if (conduit != NULL && ps_image_conduit_by_name(image, conduit) == PS_NONE)
        return ps_error_say(err, "there is no conduit \"%s\" in the policy in force; penstock conduits lists them",
                            conduit);
    return true;
}

bool ps_island_set(struct ps_daemon *daemon, const struct ps_server_request *request,
                   const struct ps_island_change *change, struct ps_error *err)
{
    struct ps_island *island = &daemon->island;
    json_t *now = ps_island_json(island), *before = json_deep_copy(now); /* its lists are about to change */
    bool good = island->began_ns == 0 || ps_error_say(err, "another change is under way; try again");

    json_decref(now);
    if (good && change->on) /* what a policy no longer names may still be opened */
        good = is_known(daemon->policies.current, change->zone, change->conduit, err);
    if (good && change->zone != NULL) {
        put_name(island->zones, change->zone, change->on);
    } else if (good && change->conduit != NULL) {
        put_name(island->conduits, change->conduit, change->on);
    } else if (good) {
        island->all = change->on;
        if (!change->on) {
            json_array_clear(island->zones);
            json_array_clear(island->conduits);
        }
    }
    /* Closing takes effect even when it cannot be remembered; the answer then says so. */
    if (good) {
        struct ps_error too = {""};
        good = begin(daemon, request, err);
        good = remember(daemon, good ? err : &too) && good;
        ps_journal_mode(&daemon->journal, request->peer, change->on ? "island on" : "island off",
                        json_pack("{s:O, s:o}", "before", before, "after", ps_island_json(island)));
        if (!good)
            island->client = 0;
    }
    json_decref(before);
    return good;
}

bool ps_island_set_mode(struct ps_daemon *daemon, const struct ps_server_request *request, const char *conduit,
                        const char *mode, struct ps_error *err)
{
    struct ps_island *island = &daemon->island;
    const char *before;
    json_t *o;

    if (island->began_ns != 0)
        return ps_error_say(err, "another change is under way; try again");
    if (strcmp(mode, "enforce") != 0 && strcmp(mode, "monitor") != 0 && strcmp(mode, "plant") != 0)
        return ps_error_say(err, "a mode is enforce, monitor or plant (what the plant file says), not \"%s\"", mode);
    if (daemon->policies.current == NULL || !is_known(daemon->policies.current, NULL, conduit, err))
        return false;
    before = json_string_value(json_object_get(island->modes, conduit));
    o = json_pack("{s:s, s:s, s:s}", "conduit", conduit, "before", before != NULL ? before : "plant", "after", mode);
    daemon->policies.current->touched = true;
    if (strcmp(mode, "plant") == 0)
        json_object_del(island->modes, conduit);
    else
        json_object_set_new(island->modes, conduit, json_string(mode));
    bool good = begin(daemon, request, err);
    ps_journal_mode(&daemon->journal, request->peer, "mode", o);
    return good;
}

void ps_island_step(struct ps_daemon *daemon)
{
    struct ps_island *island = &daemon->island;
    const struct ps_policy *policy = daemon->policies.current;
    json_t *reply;

    if (island->began_ns == 0 || (policy != NULL && !ps_policy_is_taken_up(&daemon->policies, policy)))
        return;
    reply = json_pack("{s:o, s:O}", "island", ps_island_json(island), "modes", island->modes);
    json_object_set_new(reply, "in_force_ms", json_real((double)(ps_clock_steady() - island->began_ns) / 1e6));
    island->began_ns = 0;
    ps_server_reply(daemon->server, island->client, reply, -1);
}
