/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match.h"

#include "grant.h"
#include "image_layout.h"
#include "where.h"

enum { IP_TCP = 6, IP_UDP = 17 };

/* ---- the rules that may concern a flow -------------------------------------------------------------------------- */

/* Two lists of a conduit, each in source order: the rules that name this server, and the rules for any server. */
struct walk {
    const struct ps_image_pick *named, *named_end;
    const struct ps_image_pick *any, *any_end;
};

/* The first pick in [from, end) whose rule is not below rule. */
static const struct ps_image_pick *skip_to(const struct ps_image_pick *from, const struct ps_image_pick *end,
                                           uint32_t rule)
{
    while (from < end) {
        const struct ps_image_pick *middle = from + (end - from) / 2;
        if (middle->rule < rule)
            from = middle + 1;
        else
            end = middle;
    }
    return end;
}

static const struct ps_image_group *find_group(const struct ps_image *image, const struct ps_image_conduit *conduit,
                                               uint32_t server)
{
    const struct ps_image_group *groups = ps_image_at_GROUPS(image) + conduit->first_group;
    uint32_t low = 0, n = conduit->n_groups;
    while (n > 1) {
        uint32_t half = n / 2;
        low += groups[low + half].server <= server ? half : 0;
        n -= half;
    }
    return n > 0 && groups[low].server == server ? &groups[low] : NULL;
}

/* Starts at the first rule that is not below first. */
static struct walk walk_from(const struct ps_image *image, uint32_t conduit, uint32_t server, uint32_t first)
{
    const struct ps_image_conduit *c = &ps_image_at_CONDUITS(image)[conduit];
    const struct ps_image_pick *picks = ps_image_at_PICKS(image);
    struct walk walk = {.any_end = picks + c->first_pick + c->n_picks};
    walk.any = skip_to(picks + c->first_pick, walk.any_end, first);
    const struct ps_image_group *group = find_group(image, c, server);
    if (group) {
        walk.named_end = picks + group->first_pick + group->n_picks;
        walk.named = skip_to(picks + group->first_pick, walk.named_end, first);
    }
    return walk;
}

/* In source order; NULL at the end. A rule is in one of the lists only. */
static const struct ps_image_pick *walk_next(struct walk *walk)
{
    bool has_named = walk->named != walk->named_end;
    bool has_any = walk->any != walk->any_end;
    if (!has_named && !has_any)
        return NULL;
    if (has_named && (!has_any || walk->named->rule < walk->any->rule))
        return walk->named++;
    return walk->any++;
}

/* The next rule that grants the flow, PS_NONE at the end. */
static uint32_t walk_granting(const struct ps_image *image, const struct ps_talk *talk, struct walk *walk)
{
    for (const struct ps_image_pick *pick = walk_next(walk); pick; pick = walk_next(walk)) {
        bool is_client = pick->client == PS_NONE || pick->client == talk->client;
        if (is_client && ps_grant_flow(image, pick->rule, talk) == PS_MISS_NOTHING)
            return pick->rule;
    }
    return PS_NONE;
}

/* ---- paths ----------------------------------------------------------------------------------------------------- */

static void path_init(struct ps_path *path)
{
    *path = (struct ps_path){.conduit = PS_NONE,
                             .client_asset = PS_NONE,
                             .server_asset = PS_NONE,
                             .client_zone = PS_NONE,
                             .server_zone = PS_NONE};
}

/* The first candidate says which protocol judges the flow, but an inspected one goes before an uninspected one. A
 * protocol that another one carries is read by that one's dissector: rules of both are candidates. */
static void path_add(const struct ps_image *image, struct ps_path *path, uint32_t rule)
{
    const struct ps_image_rule *r = &ps_image_at_RULES(image)[rule];
    const struct ps_image_reach *reach = &ps_image_at_REACHES(image)[rule];
    bool is_first = !path->granted;
    if (is_first || (r->protocol < PS_N_DISSECTORS && path->protocol >= PS_N_DISSECTORS)) {
        path->granted = true;
        path->protocol = (uint8_t)ps_protocol_carrier(r->protocol);
        path->timeout_ms = path->max_outstanding = path->n_rules = 0;
        path->more = false;
    }
    if (ps_protocol_carrier(r->protocol) != path->protocol)
        return;
    if (reach->timeout_ms > path->timeout_ms)
        path->timeout_ms = reach->timeout_ms;
    if (reach->max_outstanding > path->max_outstanding)
        path->max_outstanding = (uint16_t)reach->max_outstanding;
    if (path->n_rules < PS_PATH_RULES)
        path->rules[path->n_rules++] = rule;
    else
        path->more = true;
}

static void path_handle(struct ps_path *path, const struct ps_image_conduit *conduit)
{
    path->mode = conduit->mode;
    path->on_deny = conduit->on_deny;
    path->answer_code = conduit->answer_code;
    path->whole_segments = conduit->segments == PS_SEGMENTS_WHOLE;
    path->hold_ms = (uint16_t)conduit->hold_ms;
}

/* Zones are known: conduit and rules. */
static enum ps_reason path_resolve(const struct ps_image *image, const struct ps_talk *talk, struct ps_path *path)
{
    path->server_port = talk->code;
    if (path->client_zone == PS_NONE || path->server_zone == PS_NONE)
        return PS_REASON_NO_ZONE;
    path->conduit = ps_where_conduit(image, path->client_zone, path->server_zone);
    if (path->conduit == PS_NONE && path->client_zone == path->server_zone) {
        path->not_ours = true;
        path->granted = path->intra_allow = ps_image_at_ZONES(image)[path->client_zone].intra_allow;
        return path->intra_allow ? PS_REASON_NONE : PS_REASON_INTRA_ZONE;
    }
    if (path->conduit == PS_NONE)
        return PS_REASON_NO_CONDUIT;
    path_handle(path, &ps_image_at_CONDUITS(image)[path->conduit]);
    struct walk walk = walk_from(image, path->conduit, talk->server, 0);
    for (uint32_t rule; (rule = walk_granting(image, talk, &walk)) != PS_NONE;)
        path_add(image, path, rule);
    if (!path->granted)
        return PS_REASON_NO_RULE;
    if (path->server_asset != PS_NONE && path->protocol < PS_N_DISSECTORS)
        path->relax = ps_image_at_ASSETS(image)[path->server_asset].relax[path->protocol];
    return PS_REASON_NONE;
}

enum ps_reason ps_match_path(const struct ps_image *image, const struct ps_ends *ends, struct ps_path *path)
{
    path_init(path);
    ps_match_address(image, ends->client, &path->client_asset, &path->client_zone);
    ps_match_address(image, ends->server, &path->server_asset, &path->server_zone);
    struct ps_talk talk = {.client = path->client_asset,
                           .server = path->server_asset,
                           .code = ends->server_port,
                           .ip_proto = ends->ip_proto};
    return path_resolve(image, &talk, path);
}

static uint32_t zone_of(const struct ps_image *image, uint32_t asset)
{
    return asset == PS_NONE ? PS_NONE : ps_image_asset_zone(image, asset);
}

enum ps_reason ps_match_frame(const struct ps_image *image, struct ps_mac src, struct ps_mac dst, uint16_t code,
                              struct ps_path *path)
{
    path_init(path);
    path->client_asset = ps_where_mac(image, src);
    path->server_asset = ps_where_mac(image, dst);
    path->client_zone = zone_of(image, path->client_asset);
    path->server_zone = zone_of(image, path->server_asset);
    struct ps_talk talk = {.client = path->client_asset, .server = path->server_asset, .code = code, .is_frame = true};
    return path_resolve(image, &talk, path);
}

enum ps_reason ps_match_neighbour(const struct ps_image *image, struct ps_addr sender, struct ps_mac sender_mac,
                                  struct ps_addr target, struct ps_path *path)
{
    path_init(path);
    ps_match_address(image, sender, &path->client_asset, &path->client_zone);
    ps_match_address(image, target, &path->server_asset, &path->server_zone);
    if (path->client_zone == PS_NONE || path->server_zone == PS_NONE)
        return PS_REASON_NO_ZONE;
    if (!ps_match_mac(image, path->client_asset, sender_mac))
        return PS_REASON_MAC_BINDING;
    path->conduit = ps_where_conduit(image, path->client_zone, path->server_zone);
    if (path->conduit == PS_NONE)
        path->conduit = ps_where_conduit(image, path->server_zone, path->client_zone);
    if (path->conduit != PS_NONE)
        path->mode = ps_image_conduit_mode(image, path->conduit);
    path->granted = path->conduit != PS_NONE || path->client_zone == path->server_zone;
    return path->granted ? PS_REASON_NONE : PS_REASON_NO_CONDUIT;
}

/* ---- facts ----------------------------------------------------------------------------------------------------- */

/* Who talks on an inspected path. */
static struct ps_talk path_talk(const struct ps_image *image, const struct ps_path *path)
{
    bool udp = (ps_image_at_RULES(image)[path->rules[0]].flags & PS_RULE_UDP) != 0;
    return (struct ps_talk){.client = path->client_asset, .server = path->server_asset, .code = path->server_port,
                            .ip_proto = udp ? IP_UDP : IP_TCP};
}

/* The candidates behind the ones that the path holds. */
static uint32_t grant_more(const struct ps_image *image, const struct ps_path *path, const struct ps_fact *fact)
{
    const struct ps_image_rule *rules = ps_image_at_RULES(image);
    struct ps_talk talk = path_talk(image, path);
    struct walk walk = walk_from(image, path->conduit, talk.server, path->rules[PS_PATH_RULES - 1] + 1);
    for (uint32_t rule; (rule = walk_granting(image, &talk, &walk)) != PS_NONE;)
        if (ps_grant_fact(image, &rules[rule], fact) == PS_MISS_NOTHING)
            return rule;
    return PS_NONE;
}

enum ps_reason ps_match_fact(const struct ps_image *image, const struct ps_path *path, const struct ps_fact *fact,
                             uint32_t *rule)
{
    const struct ps_image_rule *rules = ps_image_at_RULES(image);
    for (unsigned i = 0; i < path->n_rules; i++) {
        *rule = path->rules[i];
        if (ps_grant_fact(image, &rules[*rule], fact) == PS_MISS_NOTHING)
            return PS_REASON_NONE;
    }
    *rule = path->more ? grant_more(image, path, fact) : PS_NONE;
    return *rule == PS_NONE ? PS_REASON_NO_RULE : PS_REASON_NONE;
}

static enum ps_miss later_miss(enum ps_miss a, enum ps_miss b)
{
    return a > b ? a : b;
}

enum ps_miss ps_match_nearest(const struct ps_image *image, const struct ps_path *path, const struct ps_fact *fact)
{
    const struct ps_image_rule *rules = ps_image_at_RULES(image);
    enum ps_miss nearest = PS_MISS_PROTOCOL;
    for (unsigned i = 0; i < path->n_rules; i++)
        nearest = later_miss(nearest, ps_grant_fact(image, &rules[path->rules[i]], fact));
    if (!path->more)
        return nearest;
    struct ps_talk talk = path_talk(image, path);
    struct walk walk = walk_from(image, path->conduit, talk.server, path->rules[PS_PATH_RULES - 1] + 1);
    for (uint32_t rule; (rule = walk_granting(image, &talk, &walk)) != PS_NONE;)
        nearest = later_miss(nearest, ps_grant_fact(image, &rules[rule], fact));
    return nearest;
}

void ps_match_prefetch(const struct ps_image *image, const struct ps_path *path)
{
    if (path->n_rules == 0)
        return;
    const struct ps_image_rule *rule = &ps_image_at_RULES(image)[path->rules[0]];
    __builtin_prefetch(rule);
    __builtin_prefetch(rule->room);
}

/* ---- explanation ----------------------------------------------------------------------------------------------- */

enum ps_miss ps_match_explain(const struct ps_image *image, const struct ps_path *path, const struct ps_ends *ends,
                              uint32_t rule, const struct ps_fact *fact)
{
    struct ps_talk talk = {.client = path->client_asset, .server = path->server_asset, .code = path->server_port};
    talk.is_frame = ends == NULL;
    if (ends) {
        talk.code = ends->server_port;
        talk.ip_proto = ends->ip_proto;
    }
    enum ps_miss miss = ps_grant_flow(image, rule, &talk);
    if (miss != PS_MISS_NOTHING || !fact)
        return miss;
    return ps_grant_fact(image, &ps_image_at_RULES(image)[rule], fact);
}
