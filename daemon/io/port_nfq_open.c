/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq_open.c - rules, queues and sockets, while there are the privileges for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink_queue.h> /* before the library's copy of it, which is older */
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "lock.h"
#include "port_nfq.h"
#include "steer.h"

#define CAUSE_MAX 256

static bool fail(char *cause, const char *what)
{
    snprintf(cause, CAUSE_MAX, "%s: %s", what, strerror(errno));
    return false;
}

static bool complain(struct ps_diags *diags, const struct ps_io_port *port, const char *cause)
{
    if (port)
        ps_diag_add(diags, PS_SEV_ERROR, NULL, port->file, port->line, NULL, "port \"%s\" (%s): %s", port->name,
                    port->device, cause);
    else
        ps_diag_add(diags, PS_SEV_ERROR, NULL, NULL, 0, NULL, "%s", cause);
    return false;
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

static bool read_mac(struct ps_nfq_port *port)
{
    struct ifreq req = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(req.ifr_name, sizeof req.ifr_name, "%s", port->netdev.name);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &req) == 0;
    if (fd >= 0)
        close(fd);
    memcpy(port->mac, req.ifr_hwaddr.sa_data, sizeof port->mac);
    return good;
}

/* IPPROTO_RAW: the header is ours, and nothing is received. device "": whichever the way leads by. */
static int raw_socket(int family, const char *device)
{
    const uint32_t mark = PS_STEER_MARK;
    int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0)
        return fd;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

static int packet_socket(int index)
{
    const struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_ifindex = index}; /* protocol 0: nothing is received */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool open_raw(int *raw4, int *raw6, const char *device, char *cause)
{
    *raw4 = raw_socket(AF_INET, device);
    if (*raw4 < 0)
        return fail(cause, "no raw socket; this needs CAP_NET_RAW and CAP_NET_ADMIN");
    *raw6 = raw_socket(AF_INET6, device);
    return *raw6 >= 0 || errno == EAFNOSUPPORT || fail(cause, "no raw socket of IPv6");
}

static bool open_sockets(const struct ps_io *io, struct ps_nfq_port *port, char *cause)
{
    if (io->bridged) {
        port->packet = packet_socket(port->netdev.index);
        return port->packet >= 0 || fail(cause, "no packet socket; this needs CAP_NET_RAW");
    }
    return open_raw(&port->raw4, &port->raw6, port->netdev.name, cause);
}

static bool open_port(const struct ps_io *io, struct ps_nfq_port *port, struct ps_diags *diags)
{
    struct ps_device device;
    char cause[CAUSE_MAX];
    if (ps_device_parse(port->config->device, &device) || device.kind != PS_DEVICE_NETDEV)
        return complain(diags, port->config, "the kernel forwards between netdevs alone; write \"eth1\", or io = \"dpdk\"");
    if (!ps_netdev_take(&port->netdev, device.name, cause, sizeof cause))
        return complain(diags, port->config, cause);
    if (!read_mac(port))
        return fail(cause, "its MAC cannot be read") || complain(diags, port->config, cause);
    return open_sockets(io, port, cause) || complain(diags, port->config, cause);
}

static bool is_off(const char *path)
{
    FILE *file = fopen(path, "re");
    int on = 0;
    bool off = !file || fscanf(file, "%d", &on) != 1 || on == 0;
    if (file)
        fclose(file);
    return off;
}

/* Ports of one bridge are bridged, others routed. */
static bool find_shape(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    char other[IFNAMSIZ];
    ps_netdev_bridge(config->ports[0].device, io->bridge);
    io->bridged = io->bridge[0] != '\0';
    for (uint32_t i = 1; i < io->n_ports; i++) {
        ps_netdev_bridge(config->ports[i].device, other);
        if (strcmp(other, io->bridge) != 0)
            return complain(diags, &config->ports[i],
                            "some ports are of a bridge and others are not; put all into one bridge, or none into any");
    }
    if (io->bridged && io->n_ports != 2)
        return complain(diags, NULL, "a bridge with more ports than two copies packets before it asks; set two ports, or "
                                     "let the kernel route");
    if (io->bridged && (is_off("/proc/sys/net/bridge/bridge-nf-call-iptables") ||
                        is_off("/proc/sys/net/bridge/bridge-nf-call-ip6tables")))
        return complain(diags, NULL, "the bridge does not ask; \"modprobe br_netfilter\", and set "
                                     "net.bridge.bridge-nf-call-iptables and net.bridge.bridge-nf-call-ip6tables to 1");
    return true;
}

/* ---- queues ---------------------------------------------------------------------------------------------------- */

static struct nlmsghdr *config_message(char *room, uint16_t number)
{
    struct nlmsghdr *nlh = nfq_nlmsg_put(room, NFQNL_MSG_CONFIG, number);
    nlh->nlmsg_flags |= NLM_F_ACK;
    return nlh;
}

/* Sends it and waits for the kernel's word. */
static bool obeyed(struct mnl_socket *socket, struct nlmsghdr *nlh)
{
    _Alignas(8) char answer[1024];
    if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
        return false;
    ssize_t n = mnl_socket_recvfrom(socket, answer, sizeof answer);
    return n > 0 && mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) >= 0;
}

static void put_parameters(struct nlmsghdr *nlh)
{
    /* without NFQA_CFG_F_GSO the kernel cuts what cards merged, and fills in checksums; FAIL_OPEN would let pass */
    const uint32_t off = NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_CONNTRACK | NFQA_CFG_F_UID_GID;
    nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, PS_NFQ_PACKET_MAX);
    nfq_nlmsg_cfg_put_qmaxlen(nlh, PS_NFQ_WAITING_MAX);
    mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, 0);
    mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(off));
}

static bool bind_queue(struct ps_io_queue *queue, char *cause)
{
    _Alignas(8) char room[1024];
    int fd = mnl_socket_get_fd(queue->socket), memory = PS_NFQ_MEMORY;
    struct nlmsghdr *nlh = config_message(room, queue->verdicts.queue);
    nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
    if (!obeyed(queue->socket, nlh)) {
        int saved = errno;
        snprintf(cause, CAUSE_MAX, "queue %u: %s", queue->verdicts.queue,
                 saved == EBUSY ? "another program has it; set another number by queue, or end that one"
                                : strerror(saved));
        return false;
    }
    nlh = config_message(room, queue->verdicts.queue);
    put_parameters(nlh);
    if (!obeyed(queue->socket, nlh)) {
        snprintf(cause, CAUSE_MAX, "queue %u does not take its parameters: %s", queue->verdicts.queue, strerror(errno));
        return false;
    }
    /* less of it means packets lost earlier, and counted */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &memory, sizeof memory) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &memory, sizeof memory);
    return true;
}

static void *map(size_t len)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static bool open_queue(struct ps_io_queue *queue, bool bridged, char *cause)
{
    queue->hosts = bridged ? map(sizeof *queue->hosts) : NULL;
    queue->verdicts.mark = bridged ? PS_STEER_MARK : 0; /* the bridge lets no other pass */
    queue->rooms = map((size_t)PS_BURST_MAX * PS_NFQ_ROOM);
    queue->verdicts.data = map(PS_NFQ_SAID_MAX);
    if (!queue->rooms || !queue->verdicts.data || (bridged && !queue->hosts))
        return fail(cause, "no memory for packets");
    queue->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (!queue->socket || mnl_socket_bind(queue->socket, 0, MNL_SOCKET_AUTOPID) != 0)
        return fail(cause, "no netlink socket");
    return bind_queue(queue, cause);
}

static bool open_queues(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    char cause[CAUSE_MAX];
    for (uint32_t w = 0; w < io->n_workers; w++) {
        io->queues[w].io = io;
        io->queues[w].verdicts.queue = (uint16_t)(config->queue + w);
        if (!open_queue(&io->queues[w], io->bridged, cause))
            return complain(diags, NULL, cause);
    }
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void look_at_forwarding(struct ps_diags *diags)
{
    if (is_off("/proc/sys/net/ipv4/ip_forward") && is_off("/proc/sys/net/ipv6/conf/all/forwarding"))
        ps_diag_add(diags, PS_SEV_WARNING, NULL, NULL, 0, NULL, "the kernel forwards nothing, so nothing crosses; "
                    "\"sysctl net.ipv4.ip_forward=1\" turns it on, for IPv6 net.ipv6.conf.all.forwarding=1");
}

static bool steer(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    const char *names[PS_IO_PORTS_MAX];
    char cause[CAUSE_MAX], text[CAUSE_MAX + 64];
    struct ps_steer rules = {.ports = names, .n_ports = io->n_ports, .bridge = io->bridged ? io->bridge : NULL, .queue = config->queue,
                             .n_queues = (uint16_t)io->n_workers};
    for (uint32_t i = 0; i < io->n_ports; i++)
        names[i] = io->ports[i].netdev.name;
    io->steered = ps_steer_load(&rules, cause, sizeof cause);
    if (io->steered)
        return true;
    snprintf(text, sizeof text, "the rules that bring packets to the queues cannot be set: %s", cause);
    return complain(diags, NULL, text);
}

/* The rules are one table: two daemons would take each other's away. */
static bool lock(struct ps_io *io, struct ps_diags *diags)
{
    char cause[CAUSE_MAX];
    io->lock = ps_lock_take(PS_STEER_LOCK);
    if (io->lock >= 0)
        return true;
    if (errno == EADDRINUSE)
        return complain(diags, NULL, "another penstockd of this host has io = \"nfqueue\", and one is for all ports; stop it first");
    return fail(cause, "the rules cannot be locked") || complain(diags, NULL, cause);
}

static struct ps_io *new_io(const struct ps_io_config *config)
{
    struct ps_io *io = aligned_alloc(64, sizeof *io);
    if (!io)
        abort();
    memset(io, 0, sizeof *io);
    io->n_ports = config->n_ports;
    io->n_workers = config->n_workers;
    io->lock = io->proc = io->raw4 = io->raw6 = -1;
    for (uint32_t i = 0; i < io->n_ports; i++) {
        struct ps_nfq_port *port = &io->ports[i];
        port->config = &config->ports[i];
        port->netdev.lock = -1;
        port->raw4 = port->raw6 = port->packet = -1;
    }
    snprintf(io->memory, sizeof io->memory, "%u packets in each queue", PS_NFQ_WAITING_MAX);
    return io;
}

struct ps_io *ps_nfq_open(const struct ps_io_config *config, struct ps_diags *diags)
{
    struct ps_io *io = new_io(config);
    char cause[CAUSE_MAX];
    bool good = find_shape(io, config, diags) && lock(io, diags);
    if (good && !io->bridged)
        good = open_raw(&io->raw4, &io->raw6, "", cause) || complain(diags, NULL, cause);
    for (uint32_t i = 0; i < io->n_ports && good; i++)
        good = open_port(io, &io->ports[i], diags);
    /* the queues first: with rules and without queues there would only be a moment more without traffic */
    if (!good || !open_queues(io, config, diags) || !steer(io, config, diags)) {
        ps_nfq_close(io);
        return NULL;
    }
    io->proc = open("/proc/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);
    if (!io->bridged)
        look_at_forwarding(diags);
    return io;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* The rules stay: closed. What still waits in a queue is dropped with it. */
void ps_nfq_close(struct ps_io *io)
{
    char cause[CAUSE_MAX];
    if (io->steered && !io->bridged && !ps_steer_carry_nothing(cause, sizeof cause))
        fprintf(stderr, "penstockd: what the kernel carries goes on for up to %u s: %s\n", PS_IO_CARRIED_MS / 1000, cause);
    for (uint32_t w = 0; w < io->n_workers; w++) {
        struct ps_io_queue *queue = &io->queues[w];
        if (queue->socket)
            mnl_socket_close(queue->socket);
        if (queue->rooms)
            munmap(queue->rooms, (size_t)PS_BURST_MAX * PS_NFQ_ROOM);
        if (queue->hosts)
            munmap(queue->hosts, sizeof *queue->hosts);
        if (queue->verdicts.data)
            munmap(queue->verdicts.data, PS_NFQ_SAID_MAX);
    }
    for (uint32_t i = 0; i < io->n_ports; i++) {
        struct ps_nfq_port *port = &io->ports[i];
        close_fd(port->raw4);
        close_fd(port->raw6);
        close_fd(port->packet);
        if (port->netdev.index)
            ps_netdev_give(&port->netdev);
    }
    close_fd(io->raw4);
    close_fd(io->raw6);
    close_fd(io->proc);
    close_fd(io->lock);
    free(io);
}
