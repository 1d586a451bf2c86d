/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nft.c - ports between which the kernel moves every packet: they are set up, and looked at. What may pass is the
 * business of control/enforcing.h.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "netdev.h"
#include "port_backend.h"
#include "port_nft.h"

struct port {
    const struct ps_io_port *config;
    struct ps_netdev netdev;
    struct ps_io_stats before; /* what the kernel had counted when it was opened */
};

struct ps_io {
    struct port ports[PS_IO_PORTS_MAX];
    uint32_t n_ports;
    bool promiscuous;
    bool kept;
};

/* ---- counts ------------------------------------------------------------------------------------------------------ */

/* Two lines of heads, then "  eth1: octets packets errors dropped fifo frame compressed multicast octets packets ...". */
bool ps_nft_stats_find(const char *text, const char *device, struct ps_io_stats *stats)
{
    size_t len = strlen(device);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += strspn(line, "\n ");
        if (strncmp(line, device, len) != 0 || line[len] != ':')
            continue;
        return sscanf(line + len + 1, "%" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &stats->rx_bytes,
                      &stats->rx_packets, &stats->tx_bytes, &stats->tx_packets) == 4;
    }
    return false;
}

static void count(const char *device, struct ps_io_stats *stats)
{
    static char text[65536]; /* one thread */
    int fd = open("/proc/net/dev", O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    for (ssize_t n = 1; fd >= 0 && n > 0 && len < sizeof text - 1; len += n > 0 ? (size_t)n : 0)
        n = read(fd, text + len, sizeof text - 1 - len);
    text[len] = '\0';
    if (fd >= 0)
        close(fd);
    (void)ps_nft_stats_find(text, device, stats);
}

static void stats_of(struct ps_io *io, uint32_t port, struct ps_io_stats *stats)
{
    const struct port *p = &io->ports[port];
    *stats = (struct ps_io_stats){.driver = "kernel", .mtu = p->netdev.mtu};
    count(p->netdev.name, stats);
    stats->rx_packets -= p->before.rx_packets;
    stats->rx_bytes -= p->before.rx_bytes;
    stats->tx_packets -= p->before.tx_packets;
    stats->tx_bytes -= p->before.tx_bytes;
    stats->link_up = ps_netdev_is_running(&p->netdev);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool open_port(struct port *port, bool promiscuous, char *cause, size_t size)
{
    struct ps_device device;
    if (ps_device_parse(port->config->device, &device) || device.kind != PS_DEVICE_NETDEV) {
        snprintf(cause, size, "the kernel forwards between netdevs alone; write \"eth1\", or io = \"dpdk\"");
        return false;
    }
    if (!ps_netdev_take(&port->netdev, device.name, cause, size) || !ps_netdev_prepare(&port->netdev, cause, size))
        return false;
    if (promiscuous && !ps_netdev_listen(&port->netdev, cause, size))
        return false;
    count(port->netdev.name, &port->before);
    return true;
}

static void close_all(struct ps_io *io)
{
    for (uint32_t i = 0; i < io->n_ports; i++) {
        if (io->kept)
            ps_netdev_leave(&io->ports[i].netdev);
        ps_netdev_give(&io->ports[i].netdev);
    }
    free(io);
}

static struct ps_io *open_all(const struct ps_io_config *config, struct ps_diags *diags)
{
    struct ps_io *io = calloc(1, sizeof *io);
    char cause[256];
    if (!io)
        abort();
    io->promiscuous = config->promiscuous;
    for (; io->n_ports < config->n_ports; io->n_ports++) {
        struct port *port = &io->ports[io->n_ports];
        *port = (struct port){.config = &config->ports[io->n_ports], .netdev.lock = -1};
        if (open_port(port, config->promiscuous, cause, sizeof cause))
            continue;
        ps_diag_add(diags, PS_SEV_ERROR, NULL, port->config->file, port->config->line, NULL, "port \"%s\" (%s): %s",
                    port->config->name, port->config->device, cause);
        io->n_ports++;
        close_all(io);
        return NULL;
    }
    return io;
}

/* One that cannot be had now is tried with the next rules. */
static void again(struct ps_io *io)
{
    char ignored[256];
    for (uint32_t i = 0; i < io->n_ports; i++) {
        struct port *port = &io->ports[i];
        unsigned index = if_nametoindex(port->config->device);
        if (index == 0 || (int)index == port->netdev.index)
            continue;
        ps_netdev_leave(&port->netdev);
        ps_netdev_give(&port->netdev);
        if (!open_port(port, io->promiscuous, ignored, sizeof ignored))
            port->netdev.index = 0;
    }
}

static void keep(struct ps_io *io)
{
    io->kept = true;
}

static const char *memory(const struct ps_io *io)
{
    (void)io;
    return "the kernel's";
}

const struct ps_io_ops ps_io_nft = {.name = "nft", .open = open_all, .close = close_all, .keep = keep, .again = again,
                                    .stats = stats_of, .memory = memory};
