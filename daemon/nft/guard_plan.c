/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_plan.h"

#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "model.h"

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58, ICMP_ECHO = 8, ICMPV6_ECHO = 128 };

struct work {
    const struct ps_guard_plan_config *config;
    struct ps_guard_plan *plan;
    bool *zones, *assets; /* that some pass is about */
    bool failed;          /* no memory */
};

/* Where one conduit's ends are. */
struct span {
    uint32_t conduit;
    uint8_t from, to; /* ports */
};

/* ---- lists ----------------------------------------------------------------------------------------------------- */

/* One more element of a list that grows by powers of two; NULL: no memory. */
static void *add(struct work *work, void *list, size_t *n, size_t size)
{
    void **base = list;
    if ((*n & (*n - 1)) == 0) {
        void *more = realloc(*base, (*n > 0 ? 2 * *n : 1) * size);
        if (!more) {
            work->failed = true;
            return NULL;
        }
        *base = more;
    }
    return (uint8_t *)*base + (*n)++ * size;
}

static void add_id(struct work *work, uint32_t **list, size_t *n, uint32_t id)
{
    uint32_t *to = add(work, list, n, sizeof *to);
    if (to)
        *to = id;
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

static bool lists_code(const struct ps_rule_view *view, uint32_t code)
{
    for (uint32_t i = 0; i < view->n_codes; i++)
        if (view->codes[i].first <= code && code <= view->codes[i].last)
            return true;
    return view->n_codes == 0;
}

/* Client i of a rule, in the order of its list; a rule without a list is for the whole zone. */
static uint32_t end_of(const uint32_t *ids, uint32_t n, uint32_t i, uint32_t zone)
{
    return n > 0 ? PS_GUARD_ASSET | ids[i] : zone + 1;
}

static void add_pass(struct work *work, const struct span *span, const struct ps_rule_view *view,
                     const struct ps_guard_pass *what)
{
    const struct ps_image *image = work->config->image;
    uint32_t from = ps_image_conduit_from(image, span->conduit), to = ps_image_conduit_to(image, span->conduit);
    for (uint32_t c = 0; c == 0 || c < view->n_clients; c++) {
        for (uint32_t s = 0; s == 0 || s < view->n_servers; s++) {
            if (work->plan->n_passes >= PS_GUARD_PASSES_MAX)
                return;
            struct ps_guard_pass *pass = add(work, &work->plan->passes, &work->plan->n_passes, sizeof *pass);
            if (!pass)
                return;
            *pass = *what;
            pass->client = end_of(view->clients, view->n_clients, c, from);
            pass->server = end_of(view->servers, view->n_servers, s, to);
            pass->client_port = span->from;
            pass->server_port = span->to;
        }
    }
}

static void add_ports(struct work *work, const struct span *span, const struct ps_rule_view *view, uint8_t protocol)
{
    struct ps_guard_pass what = {.protocol = protocol, .last = UINT16_MAX};
    for (uint32_t i = 0; i == 0 || i < view->n_ports; i++) {
        if (view->n_ports > 0) {
            what.first = (uint16_t)view->ports[i].first;
            what.last = (uint16_t)view->ports[i].last;
        }
        add_pass(work, span, view, &what);
    }
}

/* Headers that other headers of IPv6 stand behind, and protocols with rules of their own, are no protocol here. */
static bool is_plain(uint32_t protocol)
{
    static const uint8_t others[] = {0, IP_ICMP, IP_TCP, IP_UDP, 43, 44, 51, IP_ICMPV6, 60, 135, 139, 140, 253, 254};
    return protocol < 255 && !memchr(others, (int)protocol, sizeof others);
}

static void add_protocols(struct work *work, const struct span *span, const struct ps_rule_view *view)
{
    for (uint32_t protocol = 0; protocol < 256; protocol++) {
        const struct ps_guard_pass what = {.protocol = (uint8_t)protocol};
        if (is_plain(protocol) && view->n_codes > 0 && lists_code(view, protocol))
            add_pass(work, span, view, &what);
    }
}

static void add_rule(struct work *work, const struct span *span, uint32_t rule)
{
    struct ps_rule_view view;
    ps_image_rule_view(work->config->image, rule, &view);
    if (view.protocol < PS_N_DISSECTORS)
        add_ports(work, span, &view, view.udp ? IP_UDP : IP_TCP);
    else if (view.protocol == PS_PROTOCOL_TCP)
        add_ports(work, span, &view, IP_TCP);
    else if (view.protocol == PS_PROTOCOL_UDP)
        add_ports(work, span, &view, IP_UDP);
    else if (view.protocol == PS_PROTOCOL_IP)
        add_protocols(work, span, &view);
    else if (view.protocol == PS_PROTOCOL_ICMP) {
        if (lists_code(&view, ICMP_ECHO))
            add_pass(work, span, &view, &(struct ps_guard_pass){.protocol = IP_ICMP});
        if (lists_code(&view, ICMPV6_ECHO))
            add_pass(work, span, &view, &(struct ps_guard_pass){.protocol = IP_ICMPV6});
    }
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_passes(const void *one, const void *other)
{
    const struct ps_guard_pass *a = one, *b = other;
    int order = compare(a->client, b->client);
    order = order ? order : compare(a->server, b->server);
    order = order ? order : compare(a->protocol, b->protocol);
    return order ? order : compare(a->first, b->first);
}

/* Ports that overlap or follow each other become one range: sets of ranges want them apart. */
static void merge_passes(struct ps_guard_plan *plan)
{
    size_t n = 0;
    if (plan->n_passes > 0)
        qsort(plan->passes, plan->n_passes, sizeof *plan->passes, compare_passes);
    for (size_t i = 0; i < plan->n_passes; i++) {
        const struct ps_guard_pass *next = &plan->passes[i];
        struct ps_guard_pass *last = n > 0 ? &plan->passes[n - 1] : NULL;
        if (last && last->client == next->client && last->server == next->server &&
            last->protocol == next->protocol && next->first <= (uint32_t)last->last + 1)
            last->last = next->last > last->last ? next->last : last->last;
        else
            plan->passes[n++] = *next;
    }
    plan->n_passes = n;
}

/* ---- conduits -------------------------------------------------------------------------------------------------- */

/* The only port behind which a zone lies, if the kernel sees it. */
static bool port_of(const struct work *work, uint32_t zone, uint8_t *out)
{
    const struct ps_guard_plan_config *config = work->config;
    uint32_t n = 0;
    for (uint32_t i = 0; i < config->n_ports; i++) {
        if (!ps_match_port(config->image, config->gateway, config->ports[i], zone))
            continue;
        *out = (uint8_t)i;
        n++;
    }
    return n == 1 && config->indices[*out] != 0;
}

static void add_joint(struct work *work, const struct span *span, uint16_t first_vlan, uint16_t last_vlan)
{
    const struct ps_image *image = work->config->image;
    uint32_t from = ps_image_conduit_from(image, span->conduit) + 1, to = ps_image_conduit_to(image, span->conduit) + 1;
    const struct ps_guard_joint both[2] = {{from, to, span->from, span->to, first_vlan, last_vlan},
                                           {to, from, span->to, span->from, first_vlan, last_vlan}};
    for (unsigned i = 0; i < 2; i++) {
        struct ps_guard_joint *joint = add(work, &work->plan->joints, &work->plan->n_joints, sizeof *joint);
        if (joint)
            *joint = both[i];
    }
}

/* As ps_match_vlan() has it: untagged always; where neither zone lists VLANs, every one; else those of either. */
static void add_joints(struct work *work, const struct span *span)
{
    const struct ps_image *image = work->config->image;
    uint32_t n_from, n_to;
    const uint32_t *from = ps_image_zone_vlans(image, ps_image_conduit_from(image, span->conduit), &n_from);
    const uint32_t *to = ps_image_zone_vlans(image, ps_image_conduit_to(image, span->conduit), &n_to);
    add_joint(work, span, 0, n_from == 0 && n_to == 0 ? 4095 : 0);
    for (uint32_t i = 0; i < n_from; i++)
        add_joint(work, span, (uint16_t)from[i], (uint16_t)from[i]);
    for (uint32_t i = 0; i < n_to; i++)
        add_joint(work, span, (uint16_t)to[i], (uint16_t)to[i]);
}

static int compare_joints(const void *one, const void *other)
{
    const struct ps_guard_joint *a = one, *b = other;
    int order = compare(a->from, b->from);
    order = order ? order : compare(a->to, b->to);
    return order ? order : compare(a->first_vlan, b->first_vlan);
}

/* Two conduits join the same zones, in either direction; zones list the same VLAN. */
static void merge_joints(struct ps_guard_plan *plan)
{
    size_t n = 0;
    if (plan->n_joints > 0)
        qsort(plan->joints, plan->n_joints, sizeof *plan->joints, compare_joints);
    for (size_t i = 0; i < plan->n_joints; i++)
        if (n == 0 || compare_joints(&plan->joints[n - 1], &plan->joints[i]) != 0)
            plan->joints[n++] = plan->joints[i];
    plan->n_joints = n;
}

static void add_conduit(struct work *work, uint32_t conduit)
{
    const struct ps_image *image = work->config->image;
    struct ps_guard_plan *plan = work->plan;
    struct span span = {.conduit = conduit};
    size_t before = plan->n_passes;
    if (ps_image_conduit_on_failure(image, conduit) != PS_ON_FAILURE_OPEN)
        return;
    if (work->config->is_shut && work->config->is_shut(work->config->ctx, conduit))
        return;
    bool fits = port_of(work, ps_image_conduit_from(image, conduit), &span.from) &&
                port_of(work, ps_image_conduit_to(image, conduit), &span.to) && span.from != span.to;
    for (uint32_t i = 0; fits && i < ps_image_conduit_n_rules(image, conduit); i++)
        add_rule(work, &span, ps_image_conduit_first_rule(image, conduit) + i);
    if (plan->n_passes == before || plan->n_passes >= PS_GUARD_PASSES_MAX) {
        plan->n_passes = before;
        add_id(work, &plan->closed, &plan->n_closed, conduit);
        return;
    }
    add_joints(work, &span);
    add_id(work, &plan->open, &plan->n_open, conduit);
}

/* ---- addresses ------------------------------------------------------------------------------------------------- */

static void note(struct work *work, uint32_t id)
{
    if (id & PS_GUARD_ASSET)
        work->assets[id & ~PS_GUARD_ASSET] = true;
    else
        work->zones[id - 1] = true;
}

static void note_all(struct work *work)
{
    for (size_t i = 0; i < work->plan->n_passes; i++) {
        note(work, work->plan->passes[i].client);
        note(work, work->plan->passes[i].server);
    }
    for (size_t i = 0; i < work->plan->n_joints; i++)
        note(work, work->plan->joints[i].from);
}

static bool follows(const struct ps_guard_range *last, const struct ps_guard_range *next)
{
    struct ps_addr behind = {last->last.hi + (last->last.lo == UINT64_MAX), last->last.lo + 1};
    return last->id == next->id && ps_addr_equal(behind, next->first) &&
           ps_addr_is_v4(last->last) == ps_addr_is_v4(next->first);
}

static void add_range(struct work *work, struct ps_guard_range **list, size_t *n, struct ps_guard_range range)
{
    if (*n > 0 && follows(&(*list)[*n - 1], &range)) {
        (*list)[*n - 1].last = range.last;
        return;
    }
    struct ps_guard_range *to = add(work, list, n, sizeof *to);
    if (to)
        *to = range;
}

static void add_ranges(struct work *work)
{
    const struct ps_image *image = work->config->image;
    for (uint32_t i = 0; i < ps_image_n_intervals(image); i++) {
        struct ps_interval in = ps_image_interval(image, i);
        struct ps_guard_range range = {.first = in.first, .last = in.last};
        if (ps_addr_is_v4(in.first) != ps_addr_is_v4(in.last))
            continue; /* both families: nobody has that */
        range.id = in.zone + 1;
        if (in.zone != PS_NONE && work->zones[in.zone])
            add_range(work, &work->plan->zones, &work->plan->n_zones, range);
        range.id = PS_GUARD_ASSET | in.asset;
        if (in.asset != PS_NONE && work->assets[in.asset])
            add_range(work, &work->plan->assets, &work->plan->n_assets, range);
    }
}

/* Every asset of a zone that is open: a whole zone may be. */
static void add_bounds(struct work *work)
{
    const struct ps_image *image = work->config->image;
    for (uint32_t a = 0; a < ps_image_n_assets(image); a++) {
        struct ps_guard_bound bound;
        if (!work->zones[ps_image_asset_zone(image, a)] || !ps_image_asset_mac(image, a, &bound.mac))
            continue;
        for (uint32_t i = 0; i < ps_image_asset_n_addresses(image, a); i++) {
            struct ps_guard_bound *to = add(work, &work->plan->bounds, &work->plan->n_bounds, sizeof *to);
            bound.addr = ps_image_asset_address(image, a, i);
            if (to)
                *to = bound;
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

bool ps_guard_plan_init(struct ps_guard_plan *plan, const struct ps_guard_plan_config *config)
{
    struct work work = {.config = config, .plan = plan};
    *plan = (struct ps_guard_plan){0};
    for (uint32_t c = 0; c < ps_image_n_conduits(config->image) && !work.failed; c++)
        add_conduit(&work, c);
    work.zones = calloc(ps_image_n_zones(config->image) + (size_t)1, sizeof *work.zones);
    work.assets = calloc(ps_image_n_assets(config->image) + (size_t)1, sizeof *work.assets);
    work.failed = work.failed || !work.zones || !work.assets;
    if (!work.failed) {
        merge_passes(plan);
        merge_joints(plan);
        note_all(&work);
        add_ranges(&work);
        add_bounds(&work);
    }
    free(work.zones);
    free(work.assets);
    return !work.failed;
}

void ps_guard_plan_fini(struct ps_guard_plan *plan)
{
    free(plan->zones);
    free(plan->assets);
    free(plan->passes);
    free(plan->joints);
    free(plan->bounds);
    free(plan->open);
    free(plan->closed);
    *plan = (struct ps_guard_plan){0};
}
