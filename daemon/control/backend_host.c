/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * backend_host.c - what this host can do, for io = "auto". Nothing is changed by asking.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "able.h"
#include "backend.h"
#include "netdev.h"
#include "nft.h"
#include "shape.h"

static bool has_netdev(const char *name)
{
    return ps_netdev_mtu(name) > 0;
}

static bool pci_driver(const char *address, char driver[32])
{
    char path[96], target[256];

    snprintf(path, sizeof path, "/sys/bus/pci/devices/%.64s", address);
    if (access(path, F_OK) != 0)
        return false;
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%.64s/driver", address);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = '\0';
    const char *last = strrchr(target, '/');
    snprintf(driver, 32, "%.31s", last != NULL ? last + 1 : "");
    return true;
}

static bool can_capture(char *err, size_t err_size)
{
    const uint32_t mark = PS_NETDEV_MARK;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        snprintf(err, err_size, "no packet socket can be opened: %s%s", strerror(errno),
                 errno == EPERM ? "; it takes CAP_NET_RAW" : "");
        return false;
    }
    bool good = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
    if (!good)
        snprintf(err, err_size, "a socket takes no mark: %s%s", strerror(errno),
                 errno == EPERM ? "; it takes CAP_NET_ADMIN" : "");
    close(fd);
    return good;
}

static bool is_on(const char *path)
{
    FILE *file = fopen(path, "re");
    int on = 0;
    bool good = file != NULL && fscanf(file, "%d", &on) == 1 && on != 0;

    if (file != NULL)
        fclose(file);
    return good;
}

static bool bridge_asks(const char *netdev, char *err, size_t err_size)
{
    char path[96];

    snprintf(path, sizeof path, "/sys/class/net/%.15s/brport", netdev);
    if (access(path, F_OK) != 0 || (is_on("/proc/sys/net/bridge/bridge-nf-call-iptables") &&
                                    is_on("/proc/sys/net/bridge/bridge-nf-call-ip6tables")))
        return true;
    snprintf(err, err_size, "its bridge does not ask; docs/nfqueue.md says what turns that on");
    return false;
}

static bool can_judge(const struct ps_config *config, char *err, size_t err_size)
{
    unsigned asked = config->shape == PS_CONFIG_SHAPE_FOUND ? PS_NFT_N_SHAPES : config->shape - PS_CONFIG_SHAPE_BUMP;
    struct ps_shape_port ports[PS_IO_PORTS_MAX];

    return ps_shape_look(config->ports, config->n_ports, ports, err, err_size) &&
           ps_shape_choose(ports, config->n_ports, asked, err, err_size) != PS_NFT_N_SHAPES && ps_able_rules(err, err_size);
}

/* Hosts behind a router know it as their way: it must not become a wire by itself. Ports that are no plain netdevs were meant
 * for DPDK. */
static bool is_wire(const struct ps_config *config, char *err, size_t err_size)
{
    struct ps_shape_port ports[PS_IO_PORTS_MAX];

    if (!is_on("/proc/sys/net/ipv4/ip_forward") && !is_on("/proc/sys/net/ipv6/conf/all/forwarding"))
        return true;
    if (!ps_shape_look(config->ports, config->n_ports, ports, err, err_size))
        return false;
    for (uint32_t i = 0; i < config->n_ports; i++)
        if (!ports[i].numbered)
            return true;
    snprintf(err, err_size, "the kernel routes between these ports, and DPDK would join their networks; write io = \"dpdk\" if it shall");
    return false;
}

const struct ps_backend_host ps_backend_host = {
    .is_built = ps_io_has, .has_netdev = has_netdev, .pci_driver = pci_driver, .can_capture = can_capture,
    .is_wire = is_wire,
    .can_guard = ps_able_guard, .can_queue = ps_able_queue, .bridge_asks = bridge_asks, .can_judge = can_judge,
};
