/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fanout.h"
#include "lock.h"

#define FDS_MAX 1024 /* that are looked through for sockets */

static const struct {
    uint32_t get, set, flag; /* flag 0: the value is the switch */
} offloads[PS_NETDEV_N_OFFLOADS] = {
    {ETHTOOL_GGRO, ETHTOOL_SGRO, 0},
    {ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_LRO},
    {ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_RXVLAN},
};

/* ---- the kernel's answers -------------------------------------------------------------------------------------- */

static bool request(const char *name, unsigned long what, struct ifreq *req)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    snprintf(req->ifr_name, sizeof req->ifr_name, "%s", name);
    bool good = ioctl(fd, what, req) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return good;
}

static bool ethtool(const char *name, uint32_t command, uint32_t *data)
{
    struct ethtool_value value = {.cmd = command, .data = *data};
    struct ifreq req = {.ifr_data = (char *)&value};
    bool good = request(name, SIOCETHTOOL, &req);
    *data = value.data;
    return good;
}

/* Was it on? A card that does not know it has it off. */
static bool switch_offload(const char *name, unsigned i, bool on)
{
    uint32_t value = 0, flag = offloads[i].flag;
    if (!ethtool(name, offloads[i].get, &value))
        return false;
    bool was = flag ? (value & flag) != 0 : value != 0;
    if (was == on)
        return was;
    value = flag ? value ^ flag : on;
    return ethtool(name, offloads[i].set, &value) && was;
}

static bool set_channels(const char *name, uint32_t n, uint32_t *before)
{
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    struct ifreq req = {.ifr_data = (char *)&channels};
    *before = 0;
    if (!request(name, SIOCETHTOOL, &req))
        return errno == EOPNOTSUPP; /* it has one queue and no words for that */
    uint32_t *count = channels.combined_count ? &channels.combined_count : &channels.rx_count;
    if (*count == n || *count == 0)
        return true;
    *before = *count;
    *count = n;
    channels.cmd = ETHTOOL_SCHANNELS;
    return request(name, SIOCETHTOOL, &req);
}

/* ---- taking and giving ----------------------------------------------------------------------------------------- */

static bool fail(const char *what, char *err, size_t err_size)
{
    snprintf(err, err_size, "%s: %s", what, strerror(errno));
    return false;
}

/* In the netdev's network namespace, as all locks are. */
static bool lock(struct ps_netdev *dev, char *err, size_t err_size)
{
    char name[32], who[32];
    snprintf(name, sizeof name, "port-%d", dev->index);
    dev->lock = ps_lock_take(name);
    if (dev->lock >= 0)
        return true;
    if (errno != EADDRINUSE)
        return fail("it cannot be locked", err, err_size);
    snprintf(err, err_size, "another penstockd has netdev \"%s\"%s; stop it first", dev->name,
             ps_lock_owner_text(name, who));
    return false;
}

static bool set_flag(struct ps_netdev *dev, int flag, char *err, size_t err_size)
{
    struct ifreq req = {0};
    if (!request(dev->name, SIOCGIFFLAGS, &req))
        return fail("its flags cannot be read", err, err_size);
    if (!dev->changed_flags)
        dev->flags = req.ifr_flags;
    req.ifr_flags = (short)(req.ifr_flags | flag);
    if (!request(dev->name, SIOCSIFFLAGS, &req))
        return fail("it cannot be set up; this needs CAP_NET_ADMIN", err, err_size);
    dev->changed_flags = true;
    return true;
}

uint32_t ps_netdev_mtu(const char *name)
{
    struct ifreq req = {0};
    return request(name, SIOCGIFMTU, &req) ? (uint32_t)req.ifr_mtu : 0;
}

void ps_netdev_bridge(const char *name, char bridge[IFNAMSIZ])
{
    char path[64], target[256];
    snprintf(path, sizeof path, "/sys/class/net/%s/brport/bridge", name);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n < 0 ? 0 : n] = '\0';
    const char *last = strrchr(target, '/');
    snprintf(bridge, IFNAMSIZ, "%.15s", last ? last + 1 : "");
}

bool ps_netdev_take(struct ps_netdev *dev, const char *name, char *err, size_t err_size)
{
    *dev = (struct ps_netdev){.lock = -1, .xdp = -1};
    snprintf(dev->name, sizeof dev->name, "%s", name);
    struct ifreq req = {0};
    if (!request(name, SIOCGIFINDEX, &req)) {
        snprintf(err, err_size, "there is no netdev \"%s\" here; \"ip link\" lists them", name);
        return false;
    }
    dev->index = req.ifr_ifindex;
    if (!request(name, SIOCGIFMTU, &req))
        return fail("its MTU cannot be read", err, err_size);
    dev->mtu = (uint32_t)req.ifr_mtu;
    return lock(dev, err, err_size);
}

bool ps_netdev_prepare(struct ps_netdev *dev, char *err, size_t err_size)
{
    if (!set_flag(dev, IFF_UP, err, err_size))
        return false;
    for (unsigned i = 0; i < PS_NETDEV_N_OFFLOADS; i++)
        dev->was_on[i] = switch_offload(dev->name, i, false);
    return true;
}

bool ps_netdev_listen(struct ps_netdev *dev, char *err, size_t err_size)
{
    return set_flag(dev, IFF_PROMISC, err, err_size);
}

bool ps_netdev_one_channel(struct ps_netdev *dev)
{
    uint32_t before;
    if (!set_channels(dev->name, 1, &before))
        return false;
    dev->n_channels = before;
    return true;
}

void ps_netdev_keep(struct ps_netdev *dev)
{
    dev->changed_flags = false;
}

void ps_netdev_leave(struct ps_netdev *dev)
{
    ps_netdev_keep(dev);
    memset(dev->was_on, 0, sizeof dev->was_on);
}

void ps_netdev_give(struct ps_netdev *dev)
{
    uint32_t before;
    if (dev->n_channels)
        set_channels(dev->name, dev->n_channels, &before);
    for (unsigned i = 0; i < PS_NETDEV_N_OFFLOADS && dev->lock >= 0; i++)
        if (dev->was_on[i])
            switch_offload(dev->name, i, true);
    if (dev->changed_flags) {
        struct ifreq req = {.ifr_flags = dev->flags};
        request(dev->name, SIOCSIFFLAGS, &req);
    }
    if (dev->lock >= 0)
        close(dev->lock);
    *dev = (struct ps_netdev){.lock = -1};
}

bool ps_netdev_is_running(const struct ps_netdev *dev)
{
    struct ifreq req = {0};
    uint32_t carrier = 0;
    if (ethtool(dev->name, ETHTOOL_GLINK, &carrier))
        return carrier != 0;
    return request(dev->name, SIOCGIFFLAGS, &req) && (req.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

/* ---- sockets that DPDK has opened ------------------------------------------------------------------------------ */

static bool is_of_domain(int fd, int wanted)
{
    int domain = 0;
    socklen_t len = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == wanted;
}

/* The next descriptor from fd on that is one of the netdev's packet sockets, -1: none. */
static int next_socket(const struct ps_netdev *dev, int fd)
{
    for (; fd < FDS_MAX; fd++) {
        struct sockaddr_ll addr = {0};
        socklen_t len = sizeof addr;
        if (is_of_domain(fd, AF_PACKET) && getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
            addr.sll_ifindex == dev->index)
            return fd;
    }
    return -1;
}

/* By a filter: PACKET_IGNORE_OUTGOING does nothing for a socket of a fanout group, and DPDK puts each into one. */
bool ps_netdev_ignore_outgoing(const struct ps_netdev *dev)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    bool good = false;
    for (int fd = next_socket(dev, 0); fd >= 0; fd = next_socket(dev, fd + 1)) {
        good = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
        if (!good)
            break;
    }
    return good;
}

bool ps_netdev_keeps_fragments(const struct ps_netdev *dev)
{
    int fd = next_socket(dev, 0);
    while (fd >= 0 && !ps_fanout_reassembles(fd))
        fd = next_socket(dev, fd + 1);
    return fd < 0;
}

bool ps_netdev_mark(const struct ps_netdev *dev)
{
    const uint32_t mark = PS_NETDEV_MARK;
    bool good = false;
    for (int fd = next_socket(dev, 0); fd >= 0; fd = next_socket(dev, fd + 1)) {
        good = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
        if (!good)
            break;
    }
    return good;
}

uint64_t ps_netdev_take_drops(const struct ps_netdev *dev)
{
    uint64_t drops = 0;
    for (int fd = next_socket(dev, 0); fd >= 0; fd = next_socket(dev, fd + 1)) {
        struct tpacket_stats stats = {0};
        socklen_t len = sizeof stats;
        if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
            drops += stats.tp_drops;
    }
    return drops;
}

void ps_netdev_claim_xdp(struct ps_netdev *dev, const int *others, uint32_t n)
{
    dev->xdp = -1;
    for (int fd = 0; fd < FDS_MAX && dev->xdp < 0; fd++) {
        bool taken = !is_of_domain(fd, AF_XDP);
        for (uint32_t i = 0; i < n && !taken; i++)
            taken = others[i] == fd;
        dev->xdp = taken ? -1 : fd;
    }
}

/* DPDK's own count leaves out what a full ring of received frames had no room for. */
bool ps_netdev_xdp_drops(const struct ps_netdev *dev, uint64_t *drops)
{
    struct xdp_statistics stats = {0};
    socklen_t len = sizeof stats;
    if (dev->xdp < 0 || getsockopt(dev->xdp, SOL_XDP, XDP_STATISTICS, &stats, &len) != 0)
        return false;
    *drops = stats.rx_dropped + stats.rx_ring_full;
    return len == sizeof stats;
}
