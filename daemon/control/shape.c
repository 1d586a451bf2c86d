/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shape.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "netdev.h"
#include "nft.h"

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static bool is_number(const struct sockaddr *address)
{
    if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return false;
    return address->sa_family == AF_INET ||
           !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool ps_shape_look(const struct ps_io_port *ports, uint32_t n, struct ps_shape_port *out, char *err, size_t err_size)
{
    struct ifaddrs *all;

    if (getifaddrs(&all) != 0) {
        snprintf(err, err_size, "the addresses of netdevs cannot be read: %s", strerror(errno));
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (struct ps_shape_port){.device = ports[i].device};
        ps_netdev_bridge(ports[i].device, out[i].bridge);
        for (const struct ifaddrs *a = all; a != NULL && !out[i].numbered; a = a->ifa_next)
            out[i].numbered = strcmp(a->ifa_name, ports[i].device) == 0 && is_number(a->ifa_addr);
    }
    freeifaddrs(all);
    return true;
}

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

/* The first port that has, or has not, what it takes for a shape; NULL: none. */
static const struct ps_shape_port *find_bridged(const struct ps_shape_port *ports, uint32_t n, bool bridged)
{
    for (uint32_t i = 0; i < n; i++)
        if ((ports[i].bridge[0] != '\0') == bridged)
            return &ports[i];
    return NULL;
}

static const struct ps_shape_port *find_numbered(const struct ps_shape_port *ports, uint32_t n, bool numbered)
{
    for (uint32_t i = 0; i < n; i++)
        if (ports[i].numbered == numbered)
            return &ports[i];
    return NULL;
}

static const char *wrong_bump(const struct ps_shape_port *ports, uint32_t n, char *err, size_t err_size)
{
    const struct ps_shape_port *bridged = find_bridged(ports, n, true), *numbered = find_numbered(ports, n, true);

    if (n != 2)
        snprintf(err, err_size, "a bump in the wire joins two ports, and there are %u; put them into a bridge, or let the "
                 "kernel route between their addresses", n);
    else if (bridged != NULL)
        snprintf(err, err_size, "%s is a port of bridge %s, and the ports of a bump in the wire are of none; take it out with "
                 "\"ip link set %s nomaster\", or write shape = \"bridge\"", bridged->device, bridged->bridge, bridged->device);
    else if (numbered != NULL)
        snprintf(err, err_size, "%s has an address, and the ports of a bump in the wire have none; take it away, or write "
                 "shape = \"routed\"", numbered->device);
    else
        return NULL;
    return err;
}

static const char *wrong_routed(const struct ps_shape_port *ports, uint32_t n, char *err, size_t err_size)
{
    const struct ps_shape_port *bridged = find_bridged(ports, n, true), *bare = find_numbered(ports, n, false);

    if (bridged != NULL)
        snprintf(err, err_size, "%s is a port of bridge %s, which does not route between its ports; take it out of the bridge, "
                 "or write shape = \"bridge\"", bridged->device, bridged->bridge);
    else if (bare != NULL)
        snprintf(err, err_size, "%s has no address, so nothing is routed by it; give it one", bare->device);
    else
        return NULL;
    return err;
}

static const char *wrong_bridge(const struct ps_shape_port *ports, uint32_t n, char *err, size_t err_size)
{
    const struct ps_shape_port *bare = find_bridged(ports, n, false);

    for (uint32_t i = 0; i < n && bare == NULL; i++) {
        if (strcmp(ports[i].bridge, ports[0].bridge) == 0)
            continue;
        snprintf(err, err_size, "%s is of bridge %s and %s of bridge %s; all ports are to be of one", ports[0].device,
                 ports[0].bridge, ports[i].device, ports[i].bridge);
        return err;
    }
    if (bare == NULL)
        return NULL;
    snprintf(err, err_size, "%s is a port of no bridge; put all ports into one, \"ip link set %s master br0\"", bare->device,
             bare->device);
    return err;
}

/* What the ports look most like. */
static unsigned guess(const struct ps_shape_port *ports, uint32_t n)
{
    if (find_bridged(ports, n, true) != NULL)
        return PS_NFT_BRIDGED;
    return find_numbered(ports, n, true) != NULL ? PS_NFT_ROUTED : PS_NFT_BUMP;
}

unsigned ps_shape_choose(const struct ps_shape_port *ports, uint32_t n, unsigned asked, char *err, size_t err_size)
{
    static const char *(*const wrong[PS_NFT_N_SHAPES])(const struct ps_shape_port *, uint32_t, char *, size_t) = {
        [PS_NFT_BUMP] = wrong_bump, [PS_NFT_ROUTED] = wrong_routed, [PS_NFT_BRIDGED] = wrong_bridge};
    unsigned shape = asked != PS_NFT_N_SHAPES ? asked : guess(ports, n);

    return wrong[shape](ports, n, err, err_size) == NULL ? shape : PS_NFT_N_SHAPES;
}
