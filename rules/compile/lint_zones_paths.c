/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The plant as a graph: how many enforced conduits stand between the outside and the control system, and which
 * gateway enforces a conduit.
 */
#include "lint.h"

#include <stdlib.h>

#define KIND(kind) (1u << (kind))
#define KINDS_OUTSIDE (KIND(PS_ZONE_ENTERPRISE) | KIND(PS_ZONE_REMOTE))
#define KINDS_PLANT (KIND(PS_ZONE_CONTROL) | KIND(PS_ZONE_FIELD) | KIND(PS_ZONE_SAFETY))

/* ---- paths ----------------------------------------------------------------------------------------------------- */

/* A zone's best path from outside: the fewest enforced conduits, and of these the last one. */
struct reach {
    uint32_t n_enforced; /* PS_NONE: cannot be reached */
    uint32_t conduit;    /* by which the zone was reached; PS_NONE at an outside zone */
};

/* Conduits by the zone they start in: conduits[first[z]] .. conduits[first[z + 1] - 1]. */
struct graph {
    uint32_t *first;
    uint32_t *conduits;
};

static void graph_init(struct graph *graph, const struct ps_model *model)
{
    uint32_t *next = ps_lint_calloc((size_t)model->n_zones + 1, sizeof(*next));

    graph->first = ps_lint_calloc((size_t)model->n_zones + 1, sizeof(*graph->first));
    graph->conduits = ps_lint_calloc(model->n_conduits, sizeof(*graph->conduits));
    for (uint32_t i = 0; i < model->n_conduits; i++)
        graph->first[model->conduits[i].from + 1]++;
    for (uint32_t z = 0; z < model->n_zones; z++) {
        graph->first[z + 1] += graph->first[z];
        next[z] = graph->first[z];
    }
    for (uint32_t i = 0; i < model->n_conduits; i++)
        graph->conduits[next[model->conduits[i].from]++] = i;
    free(next);
}

static void graph_fini(struct graph *graph)
{
    free(graph->first);
    free(graph->conduits);
}

/* The walk over the graph. */
struct walk {
    const struct ps_model *model;
    const struct graph *graph;
    struct reach *reach;
    uint32_t *level[2]; /* zones to go on from: at the same cost, at one more */
    uint32_t n[2];
};

/* Goes along the conduits that start in zone. Improved zones are put into the level of their cost. */
static void step_from(struct walk *walk, uint32_t zone)
{
    struct reach *reach = walk->reach;

    for (uint32_t i = walk->graph->first[zone]; i < walk->graph->first[zone + 1]; i++) {
        uint32_t conduit = walk->graph->conduits[i];
        const struct ps_conduit *c = &walk->model->conduits[conduit];
        uint32_t cost = c->mode == PS_MODE_ENFORCE;

        if (c->n_rules == 0 || reach[zone].n_enforced + cost >= reach[c->to].n_enforced)
            continue;
        reach[c->to] = (struct reach){reach[zone].n_enforced + cost, conduit};
        walk->level[cost][walk->n[cost]++] = c->to;
    }
}

/* Breadth first by enforced conduits; conduits in monitor mode cost nothing. Stops behind the second level, since two
 * are enough. A zone improves at most three times: to two, to one, to none. */
static void find_reach(const struct ps_model *model, const struct graph *graph, struct reach *reach)
{
    size_t room = 4 * (size_t)model->n_zones;
    struct walk walk = {.model = model, .graph = graph, .reach = reach};

    walk.level[0] = ps_lint_calloc(room, sizeof(uint32_t));
    walk.level[1] = ps_lint_calloc(room, sizeof(uint32_t));
    for (uint32_t z = 0; z < model->n_zones; z++) {
        bool outside = KIND(model->zones[z].kind) & KINDS_OUTSIDE;

        reach[z] = (struct reach){outside ? 0 : PS_NONE, PS_NONE};
        if (outside)
            walk.level[0][walk.n[0]++] = z;
    }
    for (uint32_t cost = 0; cost < 2; cost++) {
        uint32_t *done = walk.level[0];

        for (uint32_t i = 0; i < walk.n[0]; i++)
            if (reach[walk.level[0][i]].n_enforced == cost)
                step_from(&walk, walk.level[0][i]);
        walk.level[0] = walk.level[1];
        walk.level[1] = done;
        walk.n[0] = walk.n[1];
        walk.n[1] = 0;
    }
    free(walk.level[0]);
    free(walk.level[1]);
}

/* The outside zone where the path to zone begins. */
static uint32_t path_origin(const struct ps_model *model, const struct reach *reach, uint32_t zone)
{
    while (reach[zone].conduit != PS_NONE)
        zone = model->conduits[reach[zone].conduit].from;
    return zone;
}

static void lint_paths(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;
    struct reach *reach = ps_lint_calloc(model->n_zones, sizeof(*reach));
    struct graph graph;

    graph_init(&graph, model);
    find_reach(model, &graph, reach);
    for (uint32_t z = 0; z < model->n_zones; z++) {
        uint32_t origin;
        uint32_t n = reach[z].n_enforced;

        if (!(KIND(model->zones[z].kind) & KINDS_PLANT) || n >= 2 || reach[z].conduit == PS_NONE)
            continue;
        origin = path_origin(model, reach, z);
        /* One conduit from outside straight in: ZL-021 and ZL-063 say that already. */
        if (model->conduits[reach[z].conduit].from == origin)
            continue;
        ps_lint_zone(lint, PS_SEV_WARNING, "ZL-012", z,
                     "zone \"%s\" can be reached from \"%s\" over %s enforced conduit, the last is \"%s\"; two should "
                     "stand between them: set mode = \"enforce\" on the way",
                     model->zones[z].name, model->zones[origin].name, n == 0 ? "no" : "only one",
                     model->conduits[reach[z].conduit].name);
    }
    graph_fini(&graph);
    free(reach);
}

/* ---- gateways -------------------------------------------------------------------------------------------------- */

/* A zone behind a port of a gateway. */
struct seat {
    uint32_t zone, gateway, port;
};

static int compare_seats(const void *a, const void *b)
{
    const struct seat *x = a;
    const struct seat *y = b;

    if (x->zone != y->zone)
        return x->zone < y->zone ? -1 : 1;
    if (x->gateway != y->gateway)
        return x->gateway < y->gateway ? -1 : 1;
    return x->port < y->port ? -1 : x->port > y->port;
}

/* All seats of a plant, sorted, with the first of each zone. */
struct seats {
    struct seat *items;
    uint32_t *first; /* of zone z: first[z] .. first[z + 1] - 1 */
};

static void seats_init(struct seats *seats, const struct ps_model *model)
{
    size_t n = 0;

    for (uint32_t g = 0; g < model->n_gateways; g++)
        for (uint32_t p = 0; p < model->gateways[g].n_ports; p++)
            n += model->gateways[g].ports[p].n_zones;
    seats->items = ps_lint_calloc(n, sizeof(*seats->items));
    seats->first = ps_lint_calloc((size_t)model->n_zones + 1, sizeof(*seats->first));
    n = 0;
    for (uint32_t g = 0; g < model->n_gateways; g++) {
        for (uint32_t p = 0; p < model->gateways[g].n_ports; p++) {
            const struct ps_gateway_port *port = &model->gateways[g].ports[p];

            for (uint32_t z = 0; z < port->n_zones; z++) {
                seats->items[n++] = (struct seat){port->zones[z], g, p};
                seats->first[port->zones[z] + 1]++;
            }
        }
    }
    for (uint32_t z = 0; z < model->n_zones; z++)
        seats->first[z + 1] += seats->first[z];
    qsort(seats->items, n, sizeof(*seats->items), compare_seats);
}

static void seats_fini(struct seats *seats)
{
    free(seats->items);
    free(seats->first);
}

/* Do the two zones lie behind different ports of one gateway? Both lists are in order of gateway. */
static bool gateway_between(const struct seats *seats, uint32_t from, uint32_t to)
{
    uint32_t a = seats->first[from];
    uint32_t b = seats->first[to];

    while (a < seats->first[from + 1] && b < seats->first[to + 1]) {
        const struct seat *x = &seats->items[a];
        const struct seat *y = &seats->items[b];

        if (x->gateway == y->gateway && x->port != y->port)
            return true;
        /* The same port: the next port of either zone at this gateway would differ. */
        if (x->gateway < y->gateway)
            a++;
        else if (x->gateway > y->gateway)
            b++;
        else if (a + 1 < seats->first[from + 1] && x[1].gateway == x->gateway)
            a++;
        else
            b++;
    }
    return false;
}

static void lint_enforced(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;
    struct seats seats;

    seats_init(&seats, model);
    for (uint32_t i = 0; i < model->n_conduits; i++) {
        const struct ps_conduit *c = &model->conduits[i];

        if (c->from != c->to && !gateway_between(&seats, c->from, c->to))
            ps_lint_conduit(lint, PS_SEV_WARNING, "ZL-008", i,
                            "conduit \"%s\" is enforced nowhere: no gateway has zones \"%s\" and \"%s\" behind two of "
                            "its ports; add the zones to `gateways`",
                            c->name, model->zones[c->from].name, model->zones[c->to].name);
    }
    seats_fini(&seats);
}

/* ---- shared ports ---------------------------------------------------------------------------------------------- */

/* A zone of the port whose kind is among kinds, or PS_NONE. */
static uint32_t zone_of_kind(const struct ps_model *model, const struct ps_gateway_port *port, unsigned kinds)
{
    for (uint32_t i = 0; i < port->n_zones; i++)
        if (KIND(model->zones[port->zones[i]].kind) & kinds)
            return port->zones[i];
    return PS_NONE;
}

static void lint_port(const struct ps_lint *lint, const struct ps_gateway *gateway, const struct ps_gateway_port *port)
{
    const unsigned all = (1u << PS_N_ZONE_KINDS) - 1;
    const unsigned outside = KINDS_OUTSIDE | KIND(PS_ZONE_DMZ) | KIND(PS_ZONE_TEMPORARY);
    const struct ps_model *model = lint->model;
    uint32_t one = zone_of_kind(model, port, KIND(PS_ZONE_SAFETY));
    uint32_t other = zone_of_kind(model, port, all & ~KIND(PS_ZONE_SAFETY) & ~KIND(PS_ZONE_UNSET));
    unsigned rdf = 0;

    if (one == PS_NONE || other == PS_NONE) {
        one = zone_of_kind(model, port, KINDS_PLANT | KIND(PS_ZONE_OPERATIONS));
        other = zone_of_kind(model, port, outside);
    }
    for (uint32_t i = 0; i < port->n_zones; i++) {
        const struct ps_zone *zone = &model->zones[port->zones[i]];

        rdf = zone->has_sl_t && zone->sl_t[PS_FR_RDF] > rdf ? zone->sl_t[PS_FR_RDF] : rdf;
    }
    if (one == PS_NONE || other == PS_NONE || rdf < 2)
        return;
    ps_lint_zone(
        lint, PS_SEV_ERROR, "ZL-092", one,
        "%s zone \"%s\" shares port \"%s\" of gateway \"%s\" with %s zone \"%s\", and RDF %u asks for separate "
        "networks; give it a port of its own",
        ps_zone_kind_name(model->zones[one].kind), model->zones[one].name, port->name, gateway->name,
        ps_zone_kind_name(model->zones[other].kind), model->zones[other].name, rdf);
}

void ps_lint_zone_paths(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;

    lint_paths(lint);
    /* Without any gateway the plant file does not speak about enforcement at all. */
    if (model->n_gateways > 0)
        lint_enforced(lint);
    for (uint32_t g = 0; g < model->n_gateways; g++)
        for (uint32_t p = 0; p < model->gateways[g].n_ports; p++)
            lint_port(lint, &model->gateways[g], &model->gateways[g].ports[p]);
}
