/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard_plan.h - what the kernel lets through by itself when penstockd does not judge: the conduits with
 * on_failure = "open", as flat lists that a ruleset is made of.
 *
 * Never more than the conduit grants: only its rules' clients, servers, protocols and ports, from the port behind which the
 * client's zone lies to that of the server's, in the zones' VLANs, with the MACs that assets are bound to. Zones behind
 * several ports, and rules that are not of IP, stay closed; of ICMP echo alone is opened.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

#define PS_GUARD_PORTS_MAX 16u
#define PS_GUARD_PASSES_MAX 8192u /* what a plan may hold; conduits that do not fit any more stay closed */

/* An asset or a zone, as one number. 0: nobody. */
#define PS_GUARD_ASSET UINT32_C(0x80000000)

struct ps_guard_range {
    struct ps_addr first, last; /* of one family */
    uint32_t id;
};

/* A client may open to a server. ports: of TCP and UDP, else 0..0. */
struct ps_guard_pass {
    uint32_t client, server; /* ids */
    uint8_t protocol;        /* of IP */
    uint16_t first, last;
    uint8_t client_port, server_port; /* of the gateway: behind which they are */
};

/* Frames may go from one zone to another, in these VLANs: what they may carry is another question. */
struct ps_guard_joint {
    uint32_t from, to; /* ids of zones; each pair in both orders */
    uint8_t in, out;   /* ports of the gateway */
    uint16_t first_vlan, last_vlan; /* 0: without a tag; a pair of zones may have several */
};

struct ps_guard_bound {
    struct ps_addr addr;
    struct ps_mac mac;
};

struct ps_guard_plan {
    struct ps_guard_range *zones, *assets; /* by address, ascending */
    struct ps_guard_pass *passes;          /* by client, server, protocol, port; disjoint */
    struct ps_guard_joint *joints;         /* by from, to, VLAN */
    struct ps_guard_bound *bounds;
    size_t n_zones, n_assets, n_passes, n_joints, n_bounds;
    uint32_t *open;   /* conduits that open */
    uint32_t *closed; /* those that should, and cannot */
    size_t n_open, n_closed;
};

struct ps_guard_plan_config {
    const struct ps_image *image;
    uint32_t gateway;       /* of the image */
    const uint16_t *ports;  /* of the image's gateway, for each port */
    const int *indices;     /* of netdevs, for each port; 0: the kernel does not see it */
    uint32_t n_ports;
    bool (*is_shut)(const void *ctx, uint32_t conduit); /* closed by hand; NULL: none */
    const void *ctx;
};

/* false: no memory. An empty one opens nothing. ps_guard_plan_fini() in either case. */
bool ps_guard_plan_init(struct ps_guard_plan *plan, const struct ps_guard_plan_config *config);
void ps_guard_plan_fini(struct ps_guard_plan *plan);
