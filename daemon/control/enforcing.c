/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforcing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "json.h"
#include "lock.h"
#include "push.h"
#include "shape.h"
#include "steer.h"
#include "text.h"

#define LOOK_NS (100 * PS_NS_PER_S / 1000)  /* has anybody changed anything? */
#define COMPARE_NS (300 * PS_NS_PER_S / 1000) /* at the soonest, where others change things all the time */
#define ANYWAY_NS (10 * PS_NS_PER_S)        /* what goes without a transaction: chains of an interface that went */
#define COMPARE_REST 3u                     /* times as long as it took: rules of a large plant take seconds to read */
#define ANYWAY_REST 20u
#define AGAIN_NS PS_NS_PER_S                /* what the kernel did not take is tried again */
#define ALIVE_NS PS_NS_PER_S
#define TOLD_MAX 8u                         /* differences in one event */

/* ---- beginning --------------------------------------------------------------------------------------------------- */

bool ps_enforcing_shape(struct ps_daemon *daemon, struct ps_diags *diags)
{
    const struct ps_config *config = daemon->config;
    struct ps_src src = config->shape_src.line > 0 ? config->shape_src : config->io_src;
    unsigned asked = config->shape == PS_CONFIG_SHAPE_FOUND ? PS_NFT_N_SHAPES : config->shape - PS_CONFIG_SHAPE_BUMP;
    struct ps_shape_port ports[PS_IO_PORTS_MAX];
    struct ps_error err;

    if (ps_shape_look(config->ports, config->n_ports, ports, err.text, sizeof err.text))
        asked = ps_shape_choose(ports, config->n_ports, asked, err.text, sizeof err.text);
    else
        asked = PS_NFT_N_SHAPES;
    daemon->enforcing.shape = (uint8_t)asked;
    if (asked == PS_NFT_N_SHAPES)
        ps_diag_add(diags, PS_SEV_ERROR, NULL, ps_config_file(config, src), src.line, NULL, "%s", err.text);
    return asked != PS_NFT_N_SHAPES;
}

static struct ps_nft_ruleset table_of(unsigned shape)
{
    return (struct ps_nft_ruleset){.family = (uint8_t)ps_nft_shape_family(shape), .table = PS_NFT_TABLE};
}

/* Ours, in all families but that of the shape. */
static bool remove_tables(struct ps_push *push, const char *name, unsigned shape, struct ps_error *err)
{
    bool good = true;

    for (unsigned other = 0; other < PS_NFT_N_SHAPES && good; other++) {
        struct ps_nft_ruleset table = table_of(other);

        table.table = name;
        good = other == shape || ps_push_remove(push, &table, err->text, sizeof err->text);
    }
    return good;
}

/* Those of other shapes that the ports had before, and those that brought packets to queues that nobody reads any more. */
static void remove_others(struct ps_daemon *daemon)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    int queues = ps_lock_take(PS_STEER_LOCK);
    struct ps_error err;
    bool good = remove_tables(enforcing->push, PS_NFT_TABLE, enforcing->shape, &err);

    if (queues >= 0) {
        good = good && remove_tables(enforcing->push, PS_STEER_TABLE, PS_NFT_N_SHAPES, &err);
        close(queues);
    }
    if (!good)
        ps_journal_system(&daemon->journal, "rules", json_pack("{s:s, s:s}", "what", "rules of an earlier run stay beside those of now",
                                                               "error", err.text));
}

static bool is_there(struct ps_push *push, unsigned shape, bool *there, struct ps_error *err)
{
    struct ps_nft_ruleset table = table_of(shape);
    struct ps_push_drifts *drifts = malloc(sizeof *drifts);
    bool good = ps_push_compare(push, &table, ps_need(drifts), err->text, sizeof err->text);

    *there = good && (drifts->n != 1 || drifts->items[0].thing != PS_PUSH_TABLE || drifts->items[0].how != PS_PUSH_MISSING);
    free(drifts);
    return good;
}

static void deny(struct ps_daemon *daemon, struct ps_nft *nft)
{
    const char *devices[PS_IO_PORTS_MAX];
    const struct ps_nft_options options = {.shape = daemon->enforcing.shape, .log_group = PS_NFT_LOG_GROUP, .devices = devices};

    for (uint32_t i = 0; i < daemon->config->n_ports; i++)
        devices[i] = daemon->config->ports[i].device;
    ps_nft_deny(&options, daemon->config->n_ports, nft);
}

static bool put(struct ps_daemon *daemon, struct ps_nft *nft, uint32_t policy, struct ps_error *err);

bool ps_enforcing_begin(struct ps_daemon *daemon, struct ps_error *err)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    struct ps_nft nft;
    char who[32];
    bool there;

    enforcing->lock = ps_lock_take("nft");
    if (enforcing->lock < 0 && errno == EADDRINUSE)
        return ps_error_say(err, "another penstockd%s has io = \"nft\", and one is for all ports of a host; stop it first",
                            ps_lock_owner_text("nft", who));
    if (enforcing->lock < 0)
        return ps_error_errno(err, "the kernel's rules cannot be locked");
    enforcing->push = ps_push_open(err->text, sizeof err->text);
    if (enforcing->push == NULL || !is_there(enforcing->push, enforcing->shape, &there, err))
        return false;
    if (there) /* closed until the first policy is there would be a gap */
        return true;
    deny(daemon, &nft);
    return put(daemon, &nft, 0, err);
}

void ps_enforcing_none(struct ps_daemon *daemon)
{
    struct ps_error err;
    struct ps_push *push;
    bool there = false;

    if (!ps_push_is_built)
        return;
    daemon->enforcing.lock = ps_lock_take("nft");
    if (daemon->enforcing.lock < 0)
        return; /* who has it has other ports */
    push = ps_push_open(err.text, sizeof err.text);
    for (unsigned shape = 0; push != NULL && shape < PS_NFT_N_SHAPES && !there; shape++)
        (void)is_there(push, shape, &there, &err); /* who may not look has put none there */
    if (there && !remove_tables(push, PS_NFT_TABLE, PS_NFT_N_SHAPES, &err))
        fprintf(stderr, "penstockd: rules that an earlier run with io = \"nft\" left behind stay: %s\n", err.text);
    ps_push_close(push);
    close(daemon->enforcing.lock);
    daemon->enforcing.lock = -1;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static bool is_closed(const void *ctx, uint32_t conduit)
{
    return ps_policy_slot_is_closed(((const struct ps_policy *)ctx)->slots[0], conduit);
}

static uint8_t mode_of(const void *ctx, uint32_t conduit)
{
    return ps_policy_slot_mode(((const struct ps_policy *)ctx)->slots[0], conduit);
}

/* Netdevs in the order of the plant file. */
static bool find_devices(const struct ps_config *config, const struct ps_image *image, const char *devices[PS_IO_PORTS_MAX],
                         struct ps_error *err)
{
    uint32_t gateway = ps_image_gateway_by_name(image, config->gateway), n = ps_image_gateway_n_ports(image, gateway);

    if (n > PS_IO_PORTS_MAX)
        return ps_error_say(err, "gateway \"%s\" of the plant file has %u ports; there may be %u", config->gateway, n, PS_IO_PORTS_MAX);
    memset(devices, 0, PS_IO_PORTS_MAX * sizeof *devices);
    for (uint32_t i = 0; i < config->n_ports; i++)
        devices[ps_image_gateway_port_by_name(image, gateway, config->ports[i].name)] = config->ports[i].device;
    for (uint32_t i = 0; i < n; i++)
        if (devices[i] == NULL)
            return ps_error_say(err, "gateway \"%s\" of the plant file has port \"%s\", and ports of penstockd.conf does not; "
                                "with io = \"nft\" all are needed", config->gateway,
                                ps_image_gateway_port_name(image, gateway, i));
    return true;
}

bool ps_enforcing_fits(const struct ps_config *config, const struct ps_image *image, struct ps_error *err)
{
    const char *devices[PS_IO_PORTS_MAX];

    return find_devices(config, image, devices, err);
}

static bool compile(const struct ps_daemon *daemon, const struct ps_policy *policy, struct ps_nft *nft, struct ps_error *err)
{
    const struct ps_image *image = &policy->loaded.image;
    const char *devices[PS_IO_PORTS_MAX];
    const struct ps_nft_options options = {
        .gateway = ps_image_gateway_by_name(image, daemon->config->gateway), .shape = daemon->enforcing.shape,
        .log_group = PS_NFT_LOG_GROUP, .devices = devices, .no_queue = true, .dead_man_s = daemon->config->dead_man_s,
        .is_closed = is_closed, .mode = mode_of, .ctx = policy};

    if (!find_devices(daemon->config, image, devices, err))
        return false;
    ps_nft_compile(image, &options, nft);
    return true;
}

static uint32_t find_alive(const struct ps_nft_ruleset *ruleset)
{
    for (uint32_t i = 0; i < ruleset->n_sets; i++)
        if (strcmp(ruleset->sets[i].name, PS_NFT_ALIVE) == 0)
            return i;
    return PS_NFT_NONE;
}

/* In place of what is there; takes *nft in any case. */
static bool put(struct ps_daemon *daemon, struct ps_nft *nft, uint32_t policy, struct ps_error *err)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;

    ps_enforcing_count(daemon);
    if (!ps_push_set(enforcing->push, &nft->ruleset, err->text, sizeof err->text)) {
        ps_nft_fini(nft);
        return false;
    }
    ps_enforcing_carry(enforcing, nft);
    ps_nft_fini(&enforcing->nft);
    enforcing->nft = *nft;
    enforcing->has_rules = enforcing->in_force = true;
    enforcing->late = enforcing->compared = false;
    enforcing->policy = policy;
    enforcing->alive = find_alive(&nft->ruleset);
    enforcing->refreshed_ns = ps_clock_steady();
    return true;
}

bool ps_enforcing_policy(struct ps_daemon *daemon, const struct ps_policy *policy, struct ps_error *err)
{
    struct ps_nft nft;

    return daemon->enforcing.push == NULL ||
           (compile(daemon, policy, &nft, err) && put(daemon, &nft, policy->generation, err));
}

bool ps_enforcing_changed(struct ps_daemon *daemon, struct ps_error *err)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;

    if (enforcing->push == NULL || ps_enforcing_policy(daemon, daemon->policies.current, err))
        return true;
    enforcing->late = true;
    enforcing->tried_ns = ps_clock_steady();
    enforcing->err = *err;
    return false;
}

void ps_enforcing_first(struct ps_daemon *daemon)
{
    struct ps_nft nft;
    struct ps_error err;

    if (daemon->enforcing.push == NULL)
        return;
    deny(daemon, &nft);
    if (daemon->enforcing.has_rules)
        ps_nft_fini(&nft);
    else if (!put(daemon, &nft, 0, &err))
        ps_journal_system(&daemon->journal, "rules",
                          json_pack("{s:s, s:s}", "what", "no policy is in force, and the kernel goes on with its rules of before",
                                    "error", err.text));
    remove_others(daemon);
}

/* ---- looking after them ------------------------------------------------------------------------------------------ */

static json_t *differs_json(const struct ps_push_drifts *drifts)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < drifts->n && i < TOLD_MAX; i++)
        json_array_append_new(list, json_string(drifts->items[i].text));
    return list;
}

/* The same rules again. */
static bool put_back(struct ps_daemon *daemon)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;

    ps_enforcing_count(daemon);
    ps_io_again(daemon->io);
    enforcing->tried_ns = ps_clock_steady();
    if (!ps_push_set(enforcing->push, &enforcing->nft.ruleset, enforcing->err.text, sizeof enforcing->err.text))
        return false;
    enforcing->in_force = true;
    enforcing->compared = false;
    enforcing->n_repairs++;
    return true;
}

static void repair(struct ps_daemon *daemon, const struct ps_push_drifts *drifts)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    bool good = put_back(daemon);
    json_t *o = json_pack("{s:s, s:o, s:I}", "what", good ? "found changed, and put back" : "found changed, and cannot be put back",
                          "differs", differs_json(drifts), "differences", (json_int_t)drifts->n);

    enforcing->in_force = good;
    if (!good)
        ps_json_put_any(o, "error", enforcing->err.text);
    ps_journal_system(&daemon->journal, "rules", o);
}

static void compare(struct ps_daemon *daemon, uint32_t generation)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    struct ps_push_drifts *drifts = ps_need(malloc(sizeof *drifts));

    uint64_t began_ns = ps_clock_steady();
    bool good = ps_push_compare(enforcing->push, &enforcing->nft.ruleset, drifts, enforcing->err.text, sizeof enforcing->err.text);
    enforcing->compared_ns = ps_clock_steady();
    enforcing->took_ns = enforcing->compared_ns - began_ns;
    if (!good) {
        enforcing->in_force = false; /* so far as is known: an interface is gone, say */
        ps_journal_system(&daemon->journal, "rules", json_pack("{s:s, s:s}", "what", "cannot be compared with the policy", "error",
                                                               enforcing->err.text));
    } else {
        enforcing->generation = generation;
        enforcing->compared = true;
        if (drifts->n > 0)
            repair(daemon, drifts);
    }
    free(drifts);
}

/* The element that expires lives on, and that was no change. */
static void refresh(struct ps_enforcing *enforcing, uint64_t now)
{
    uint32_t generation;
    struct ps_error err;

    if (enforcing->alive == PS_NFT_NONE || !enforcing->in_force || now - enforcing->refreshed_ns < ALIVE_NS)
        return;
    enforcing->refreshed_ns = now;
    if (ps_push_refresh(enforcing->push, &enforcing->nft.ruleset, enforcing->alive, err.text, sizeof err.text) &&
        ps_push_generation(enforcing->push, &generation) == 0 && generation == enforcing->generation + 1)
        enforcing->generation = generation;
}

static bool is_over(const struct ps_enforcing *enforcing, uint64_t now, uint64_t pause_ns, unsigned rest)
{
    uint64_t rest_ns = rest * enforcing->took_ns;

    return now - enforcing->compared_ns >= (pause_ns > rest_ns ? pause_ns : rest_ns);
}

static void look(struct ps_daemon *daemon, uint64_t now)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    uint32_t generation;

    if (ps_push_generation(enforcing->push, &generation) != 0)
        return;
    bool changed = generation != enforcing->generation && is_over(enforcing, now, COMPARE_NS, COMPARE_REST);
    if (!enforcing->compared || changed || is_over(enforcing, now, ANYWAY_NS, ANYWAY_REST))
        compare(daemon, generation);
}

/* What the kernel did not take; told when it does. */
static void try_again(struct ps_daemon *daemon)
{
    struct ps_error err;

    if (daemon->enforcing.late ? ps_enforcing_changed(daemon, &err) : put_back(daemon))
        ps_journal_system(&daemon->journal, "rules", json_pack("{s:s}", "what", "in force again"));
}

void ps_enforcing_step(struct ps_daemon *daemon)
{
    struct ps_enforcing *enforcing = &daemon->enforcing;
    uint64_t now = ps_clock_steady();

    if (enforcing->push == NULL || !enforcing->has_rules || now - enforcing->looked_ns < LOOK_NS)
        return;
    enforcing->looked_ns = now;
    if (!enforcing->in_force || enforcing->late) {
        if (now - enforcing->tried_ns >= AGAIN_NS)
            try_again(daemon);
        return;
    }
    refresh(enforcing, now);
    look(daemon, now);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

void ps_enforcing_fini(struct ps_enforcing *enforcing)
{
    ps_push_close(enforcing->push);
    ps_nft_fini(&enforcing->nft);
    free(enforcing->counts);
    if (enforcing->lock >= 0)
        close(enforcing->lock);
    *enforcing = (struct ps_enforcing){.lock = -1};
}
