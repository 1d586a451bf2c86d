/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_private.h"

const bool ps_guard_is_built = true;

static bool fail(const char *what, int code, char *err, size_t err_size)
{
    const char *remedy = "";

    if (code == EPERM)
        remedy = "; this needs CAP_NET_ADMIN";
    else if (code == EOPNOTSUPP || code == EPROTONOSUPPORT || code == EINVAL)
        remedy = "; the kernel needs NF_TABLES, NF_TABLES_NETDEV, NETFILTER_INGRESS, NETFILTER_EGRESS (Linux 5.16) and, for "
                 "open conduits, NFT_FWD_NETDEV; without them write guard = \"off\"";
    snprintf(err, err_size, "%s: %s%s", what, strerror(code), remedy);
    return false;
}

static bool send_batch(struct ps_nft *nft, struct ps_batch *batch, char *err, size_t err_size)
{
    struct ps_nft_faults faults;
    char what[200];

    if (ps_batch_send(nft, batch, &faults))
        return true;
    ps_nft_faults_text(&faults, what, sizeof what);
    what[strcspn(what, ":")] = '\0'; /* of the first: what; fail() says why */
    return fail(what, faults.items[0].code, err, err_size);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

void ps_guard_name(const char *instance, char name[PS_GUARD_NAME_MAX])
{
    snprintf(name, PS_GUARD_NAME_MAX, "penstock-guard-%s", instance);
}

static bool open_all(struct ps_guard *guard, char *err, size_t err_size)
{
    int wrong;

    guard->nft = ps_nft_open(err, err_size);
    if (guard->nft == NULL)
        return false;
    if (!ps_batch_init(&guard->alive))
        return fail("heartbeat", ENOMEM, err, err_size);
    wrong = ps_guard_read(guard, &guard->seen);
    guard->was_there = wrong == 0;
    return wrong == 0 || wrong == ENOENT || fail("nftables does not answer", wrong, err, err_size);
}

struct ps_guard *ps_guard_open(const struct ps_guard_config *config, char *err, size_t err_size)
{
    struct ps_guard *guard = calloc(1, sizeof *guard);

    if (guard == NULL || config->n_netdevs > PS_GUARD_PORTS_MAX) {
        free(guard);
        fail("guard", ENOMEM, err, err_size);
        return NULL;
    }
    guard->config = *config;
    memcpy(guard->netdevs, config->netdevs, config->n_netdevs * sizeof *config->netdevs);
    guard->config.netdevs = guard->netdevs;
    ps_guard_name(config->instance, guard->name);
    if (open_all(guard, err, err_size)) {
        ps_guard_build_alive(guard, true, &guard->alive);
        return guard;
    }
    ps_guard_close(guard);
    return NULL;
}

void ps_guard_close(struct ps_guard *guard)
{
    if (guard == NULL)
        return;
    ps_batch_fini(&guard->table);
    ps_batch_fini(&guard->alive);
    ps_nft_close(guard->nft);
    free(guard);
}

bool ps_guard_was_there(const struct ps_guard *guard)
{
    return guard->was_there;
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

/* What the kernel says now is what is expected from here on. Somebody else's change in between does not go unseen: it does
 * not have as many things, or the next look sees a later generation. */
static bool remember(struct ps_guard *guard, char *err, size_t err_size)
{
    struct ps_guard_seen sent = guard->seen;
    int wrong = ps_nft_generation(guard->nft, &guard->generation);

    if (wrong == 0)
        wrong = ps_guard_read(guard, &guard->seen);
    if (wrong != 0)
        return fail("the guard cannot be read back", wrong, err, err_size);
    if (sent.n_rules == guard->seen.n_rules && sent.n_chains == guard->seen.n_chains && sent.n_sets == guard->seen.n_sets)
        return true;
    guard->seen = sent;
    snprintf(err, err_size, "the guard was changed as soon as it was there");
    return false;
}

/* Of the batch: what the kernel should have. */
static void count_sent(struct ps_guard *guard)
{
    struct ps_guard_seen *seen = &guard->seen;
    size_t at = 0;

    *seen = (struct ps_guard_seen){0};
    for (uint32_t i = 0; i <= guard->table.n; i++) { /* one more: the batch's own */
        const struct nlmsghdr *nlh = (const void *)(guard->table.data + at);

        seen->n_rules += (nlh->nlmsg_type & 0xff) == NFT_MSG_NEWRULE;
        seen->n_chains += (nlh->nlmsg_type & 0xff) == NFT_MSG_NEWCHAIN;
        seen->n_sets += (nlh->nlmsg_type & 0xff) == NFT_MSG_NEWSET;
        at += (nlh->nlmsg_len + (size_t)3) & ~(size_t)3;
    }
}

bool ps_guard_repair(struct ps_guard *guard, char *err, size_t err_size)
{
    if (!send_batch(guard->nft, &guard->table, err, err_size))
        return false;
    guard->has_table = true;
    count_sent(guard);
    return remember(guard, err, err_size);
}

bool ps_guard_set(struct ps_guard *guard, const struct ps_guard_plan *plan, char *err, size_t err_size)
{
    ps_batch_fini(&guard->table);
    if (!ps_batch_init(&guard->table))
        return fail("guard", ENOMEM, err, err_size);
    guard->has_open = plan != NULL && plan->n_open > 0;
    ps_guard_build(guard, plan, &guard->table);
    return ps_guard_repair(guard, err, err_size);
}

/* ---- the heartbeat --------------------------------------------------------------------------------------------------- */

bool ps_guard_refresh(struct ps_guard *guard, char *err, size_t err_size)
{
    uint32_t now;

    if (!guard->has_open)
        return true;
    if (!send_batch(guard->nft, &guard->alive, err, err_size))
        return false;
    if (ps_nft_generation(guard->nft, &now) == 0 && now == guard->generation + 1)
        guard->generation = now; /* that was this one: nobody else has changed anything */
    return true;
}

bool ps_guard_release(struct ps_guard *guard, char *err, size_t err_size)
{
    struct ps_batch batch;
    bool good = ps_batch_init(&batch);

    if (good && guard->has_open) {
        ps_guard_build_alive(guard, false, &batch);
        good = send_batch(guard->nft, &batch, err, err_size);
    }
    ps_batch_fini(&batch);
    return good;
}

/* ---- looking --------------------------------------------------------------------------------------------------------- */

enum ps_guard_state ps_guard_look(struct ps_guard *guard)
{
    struct ps_guard_seen now;
    uint32_t generation;
    int wrong;

    if (!guard->has_table)
        return PS_GUARD_SAME;
    if (ps_nft_generation(guard->nft, &generation) == 0 && generation == guard->generation)
        return PS_GUARD_SAME;
    for (int tries = 0; (wrong = ps_guard_read(guard, &now)) == EINTR && tries < 8;)
        tries++;
    if (wrong != 0 || memcmp(&now.digest, &guard->seen.digest, sizeof now.digest) != 0)
        return PS_GUARD_CHANGED;
    guard->generation = generation;
    return PS_GUARD_SAME;
}

bool ps_guard_remove(const char *instance, char *err, size_t err_size)
{
    struct ps_nft *nft = ps_nft_open(err, err_size);
    struct ps_batch batch;
    char name[PS_GUARD_NAME_MAX];
    bool good = nft != NULL && ps_batch_init(&batch);

    ps_guard_name(instance, name);
    if (good) {
        ps_table_remove(&batch, NFPROTO_NETDEV, name);
        good = send_batch(nft, &batch, err, err_size);
        ps_batch_fini(&batch);
    }
    ps_nft_close(nft);
    return good;
}
