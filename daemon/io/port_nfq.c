/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq.c - bursts in, verdicts and frames out, over the kernel's queues. See port_nfq.h for who forwards.
 */
#include "port_nfq.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/terms.h"
#include "likely.h"
#include "steer.h"

/* Control reads while the worker counts. */
static void count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* False: the kernel did not take them, and nothing may pass until it has taken what is there instead. */
static bool send_verdicts(struct ps_io_queue *queue)
{
    struct ps_nfq_verdicts *verdicts = &queue->verdicts;
    if (verdicts->len > 0 && PS_UNLIKELY(mnl_socket_sendto(queue->socket, verdicts->data, verdicts->len) < 0)) {
        ps_nfq_verdicts_give_up(verdicts);
        queue->unsaid = true;
        return false;
    }
    ps_nfq_verdicts_sent(verdicts);
    queue->unsaid = false;
    return true;
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

static uint32_t number_of(const struct ps_io *io, uint32_t index)
{
    for (uint32_t i = 0; i < io->n_ports; i++)
        if ((uint32_t)io->ports[i].netdev.index == index)
            return i;
    return PS_NONE;
}

/* Who sent a packet by a device without MACs. */
static const uint8_t unknown[6] = {0x02, 0, 0, 0, 0, 0};

static void hear(struct ps_io_queue *queue, const uint8_t *frame, uint32_t len, bool passed)
{
    struct timespec now;
    if (PS_LIKELY(!queue->hosts))
        return;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    ps_nfq_hosts_hear(queue->hosts, frame, len, passed, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

/* false: not one to be judged. */
static bool take(struct ps_io_queue *queue, uint8_t *data, uint32_t len, struct ps_packet *out)
{
    const struct ps_io *io = queue->io;
    struct ps_nfq_packet packet;
    if (!ps_nfq_packet_read(data, len, &packet)) {
        if (!ps_nfq_packet_is_fine(data, len)) /* a packet that cannot be read, or verdicts that did not count */
            ps_nfq_verdicts_lose_sight(&queue->verdicts);
        return false;
    }
    uint32_t port = number_of(io, packet.in);
    if (packet.partial_checksum)
        ps_nfq_packet_complete(&packet);
    const uint8_t *frame = port == PS_NONE ? NULL : ps_nfq_packet_frame(&packet, io->ports[port].mac, unknown);
    if (PS_UNLIKELY(!frame)) {
        count(&queue->counts[port == PS_NONE ? 0 : port].rx_unfit, 1);
        ps_nfq_verdicts_refuse(&queue->verdicts, packet.id);
        return false;
    }
    *out = (struct ps_packet){.data = frame, .len = PS_NFQ_HEAD_LEN + packet.len, .port = (uint16_t)port,
                              .wire_len = PS_NFQ_HEAD_LEN + packet.wire_len, .link = PS_LINK_ETHERNET};
    queue->waiting[queue->verdicts.n] = (struct ps_nfq_waiting){.out = number_of(io, packet.out), .frame = frame,
                                                                .len = out->len};
    hear(queue, frame, out->len, false);
    ps_nfq_verdicts_add(&queue->verdicts, packet.id);
    count(&queue->counts[port].rx_packets, 1);
    count(&queue->counts[port].rx_bytes, out->wire_len);
    return true;
}

static int receive(struct ps_io_queue *queue, struct mmsghdr *messages, struct iovec *rooms)
{
    for (uint32_t i = 0; i < PS_BURST_MAX; i++) {
        rooms[i] = (struct iovec){.iov_base = queue->rooms + (size_t)i * PS_NFQ_ROOM, .iov_len = PS_NFQ_ROOM};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &rooms[i], .msg_iovlen = 1}};
    }
    int n = recvmmsg(mnl_socket_get_fd(queue->socket), messages, PS_BURST_MAX, MSG_DONTWAIT, NULL);
    if (n < 0 && errno == ENOBUFS)
        count(&queue->overruns, 1);
    return n;
}

static uint32_t rx(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved)
{
    struct mmsghdr messages[PS_BURST_MAX];
    struct iovec rooms[PS_BURST_MAX];
    *moved = 0;
    ps_nfq_verdicts_begin(&queue->verdicts);
    if (PS_UNLIKELY(queue->unsaid) && !send_verdicts(queue))
        return 0;
    int n = receive(queue, messages, rooms);
    for (int i = 0; i < n; i++)
        if (!take(queue, rooms[i].iov_base, messages[i].msg_len, &packets[queue->verdicts.n]))
            (*moved)++;
    if (queue->verdicts.n == 0)
        send_verdicts(queue);
    return queue->verdicts.n;
}

static bool wait_for_packets(struct ps_io_queue *queue, uint64_t ns)
{
    const struct timespec pause = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    struct pollfd fd = {.fd = mnl_socket_get_fd(queue->socket), .events = POLLIN};
    (void)ppoll(&fd, 1, &pause, NULL);
    return true;
}

/* ---- out ------------------------------------------------------------------------------------------------------- */

/* On a bridge the kernel does not know by which port a packet came. */
static void carry(struct ps_io_queue *queue, uint32_t i, uint32_t state)
{
    if (!queue->io->bridged)
        queue->waiting[i].mark = PS_STEER_CARRY | (state & PS_STEER_STATE);
}

static void pass_one(struct ps_io_queue *queue, uint32_t i, uint32_t ports)
{
    const struct ps_nfq_waiting *packet = &queue->waiting[i];
    if (packet->out == PS_NONE || (ports & PS_IO_PORT(packet->out)) == 0) {
        count(&queue->counts[packet->out == PS_NONE ? 0 : packet->out].tx_lost, 1);
        return; /* where the kernel would send it, those whom it is for are not */
    }
    if (packet->mark != 0)
        ps_nfq_verdicts_pass_marked(&queue->verdicts, i, packet->mark);
    else
        ps_nfq_verdicts_pass(&queue->verdicts, i);
    hear(queue, packet->frame, packet->len, true);
    count(&queue->counts[packet->out].tx_packets, 1);
    count(&queue->counts[packet->out].tx_bytes, packet->len);
}

static void pass(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports)
{
    for (uint32_t end = i + n; i < end; i++)
        pass_one(queue, i, ports);
}

static ssize_t send_ip(int raw4, int raw6, const uint8_t *frame, uint32_t len)
{
    uint32_t type = 0, at = ps_nfq_packet_find_ip(frame, len, &type);
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
    struct sockaddr_in to4 = {.sin_family = AF_INET};
    errno = EPROTONOSUPPORT;
    if (at == 0)
        return -1;
    if (type == PS_NFQ_IPV4) {
        memcpy(&to4.sin_addr, frame + at + 16, 4);
        return sendto(raw4, frame + at, len - at, 0, (const struct sockaddr *)&to4, sizeof to4);
    }
    memcpy(&to6.sin6_addr, frame + at + 24, 16);
    return sendto(raw6, frame + at, len - at, 0, (const struct sockaddr *)&to6, sizeof to6);
}

/* From one end to the other, as if nobody stood between them. */
static ssize_t send_frame(const struct ps_io_queue *queue, int fd, const uint8_t *data, uint32_t len)
{
    uint8_t frame[PS_NFQ_HEAD_LEN + PS_NFQ_PACKET_MAX];
    errno = EHOSTUNREACH;
    if (len > sizeof frame)
        return -1;
    memcpy(frame, data, len);
    return ps_nfq_hosts_address(queue->hosts, frame, len) ? send(fd, frame, len, 0) : -1;
}

static void send_by(struct ps_io_queue *queue, uint32_t number, const uint8_t *data, uint32_t len)
{
    const struct ps_nfq_port *port = &queue->io->ports[number];
    struct ps_nfq_counts *counts = &queue->counts[number];
    ssize_t sent = queue->io->bridged ? send_frame(queue, port->packet, data, len)
                                      : send_ip(port->raw4, port->raw6, data, len);
    if (PS_UNLIKELY(sent < 0)) {
        count(errno == EMSGSIZE ? &counts->tx_oversize : &counts->tx_lost, 1);
        return;
    }
    count(&counts->tx_packets, 1);
    count(&counts->tx_bytes, len);
}

/* What passed in front of it is in front of it. Where the kernel routes, one way is enough, and it knows which. */
static void send_own(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports)
{
    const struct ps_io *io = queue->io;
    ps_nfq_verdicts_settle(&queue->verdicts);
    send_verdicts(queue);
    if (!io->bridged && (ports & (ports - 1)) != 0) {
        if (send_ip(io->raw4, io->raw6, data, len) < 0)
            count(&queue->counts[__builtin_ctz(ports)].tx_lost, 1);
        return;
    }
    for (; ports != 0; ports &= ports - 1)
        send_by(queue, (uint32_t)__builtin_ctz(ports), data, len);
}

/* Has the frame the addresses of the packet that waits? Then it goes the packet's way. */
static bool goes_its_way(const struct ps_nfq_waiting *packet, const uint8_t *data, uint32_t len)
{
    uint32_t type = 0, its_type = 0;
    uint32_t at = ps_nfq_packet_find_ip(data, len, &type);
    if (at == 0 || ps_nfq_packet_find_ip(packet->frame, packet->len, &its_type) != at || type != its_type)
        return false;
    return type == PS_NFQ_IPV4 ? memcmp(data + at + 12, packet->frame + at + 12, 8) == 0
                               : memcmp(data + at + 8, packet->frame + at + 8, 32) == 0;
}

static void replace(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports)
{
    const struct ps_nfq_waiting *packet = &queue->waiting[i];
    if (packet->out == PS_NONE || ports != PS_IO_PORT(packet->out) || !goes_its_way(packet, data, len) ||
        len - PS_NFQ_HEAD_LEN > PS_NFQ_PACKET_MAX) {
        send_own(queue, data, len, ports);
        return;
    }
    ps_nfq_verdicts_replace(&queue->verdicts, i, data + PS_NFQ_HEAD_LEN, len - PS_NFQ_HEAD_LEN);
    hear(queue, packet->frame, packet->len, true);
    if (ps_nfq_verdicts_enough(&queue->verdicts))
        send_verdicts(queue);
    count(&queue->counts[packet->out].tx_packets, 1);
    count(&queue->counts[packet->out].tx_bytes, len);
}

static void flush(struct ps_io_queue *queue)
{
    ps_nfq_verdicts_end(&queue->verdicts);
    send_verdicts(queue);
}

/* ---- a worker comes and goes ----------------------------------------------------------------------------------- */

static struct ps_io_queue *enter(struct ps_io *io, uint32_t worker)
{
    return &io->queues[worker];
}

static bool carry_for(struct ps_io *io, uint32_t state, char *err, size_t err_size)
{
    return io->bridged || ps_steer_carry_for(state, err, err_size);
}

static bool carried(struct ps_io *io, struct ps_io_carried *carried)
{
    return !io->bridged && ps_steer_carried(&carried->packets, &carried->bytes);
}

static const char *memory(const struct ps_io *io)
{
    return io->memory;
}

const struct ps_io_ops ps_io_nfqueue = {
    .name = "nfqueue", .open = ps_nfq_open, .close = ps_nfq_close, .stats = ps_nfq_stats,
    .queue_stats = ps_nfq_queue_stats, .carry_for = carry_for, .carried = carried, .memory = memory, .enter = enter,
    .leave = flush, .rx = rx, .carry = carry, .pass = pass, .send = send_own, .replace = replace, .flush = flush,
    .wait = wait_for_packets,
};
