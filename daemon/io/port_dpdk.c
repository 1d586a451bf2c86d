/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_dpdk.c - bursts in, packets and frames out, over DPDK. See port_dpdk.h for who polls what.
 */
#include "port_dpdk.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Control reads while the worker counts. */
static void count(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

static bool parse_devices(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    size_t before = diags->n_errors;
    for (uint32_t i = 0; i < io->n_ports; i++) {
        const struct ps_io_port *port = &config->ports[i];
        const char *wrong = ps_device_parse(port->device, &io->ports[i].device);
        io->ports[i].config = port;
        if (wrong)
            ps_diag_add(diags, PS_SEV_ERROR, NULL, port->file, port->line, NULL, "port \"%s\": \"%s\" is %s",
                        port->name, port->device, wrong);
    }
    return diags->n_errors == before;
}

/* What buffers have to hold, before memory is taken. */
static void measure(struct ps_io *io)
{
    uint32_t mtu = io->mtu ? io->mtu : RTE_ETHER_MTU;
    for (uint32_t i = 0; i < io->n_ports && io->mtu == 0; i++) {
        const struct ps_device *device = &io->ports[i].device;
        uint32_t its = ps_device_is_netdev(device) ? ps_netdev_mtu(device->name) : 0;
        mtu = its > mtu && its <= PS_IO_MTU_MAX ? its : mtu;
    }
    io->max_frame = mtu + 22;
}

static bool spreads(uint16_t id, uint32_t n, struct rte_eth_dev_info *info)
{
    return rte_eth_dev_info_get(id, info) == 0 && info->max_rx_queues >= n && info->max_tx_queues >= n &&
           (info->flow_type_rss_offloads & RTE_ETH_RSS_IP) && info->hash_key_size >= 40 && info->reta_size > 0;
}

/* Cards spread packets only where all of them do it in the same way: both directions of a connection belong to one
 * worker. */
static bool all_spread(struct ps_io *io)
{
    struct rte_eth_dev_info first = {0}, info = {0};
    char err[8];
    for (uint32_t i = 0; i < io->n_ports && io->n_workers > 1; i++) {
        struct ps_dpdk_port *port = &io->ports[i];
        if (port->device.kind != PS_DEVICE_PCI || !ps_dpdk_port_probe(io, port, err, sizeof err) ||
            !spreads(port->id, io->n_workers, &info))
            return false;
        if (i == 0)
            first = info;
        if (strcmp(first.driver_name, info.driver_name) != 0 || first.reta_size != info.reta_size ||
            first.flow_type_rss_offloads != info.flow_type_rss_offloads)
            return false;
    }
    return io->n_workers > 1;
}

static struct rte_ring *new_ring(const char *what, uint32_t i, unsigned flags)
{
    char name[32];
    snprintf(name, sizeof name, "ps_%s_%u", what, i);
    return rte_ring_create(name, PS_DPDK_RING, SOCKET_ID_ANY, flags);
}

static bool init_queues(struct ps_io *io, struct ps_diags *diags)
{
    bool good = true;
    bool handed = io->n_workers > 1 && !io->rss;
    for (uint32_t w = 0; w < io->n_workers; w++) {
        struct ps_io_queue *queue = &io->queues[w];
        queue->io = io;
        queue->worker = w;
        if (handed)
            queue->rx_ring = new_ring("rx", w, RING_F_SC_DEQ);
        good = good && (!handed || queue->rx_ring);
    }
    for (uint32_t p = 0; p < io->n_ports && handed; p++) {
        io->ports[p].tx_ring = new_ring("tx", p, RING_F_SC_DEQ);
        good = good && io->ports[p].tx_ring;
    }
    if (!good)
        ps_diag_add(diags, PS_SEV_ERROR, NULL, NULL, 0, NULL, "no memory for the rings between %u workers",
                    io->n_workers);
    return good;
}

/* Each port's netdev is ours before anything is done to one. */
static bool take_netdevs(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    struct ps_io_netdev taken[PS_IO_PORTS_MAX] = {{0}};
    bool good = true;
    for (uint32_t i = 0; i < io->n_ports; i++) {
        good = ps_dpdk_port_take(io, i, diags) && good;
        taken[i] = (struct ps_io_netdev){.name = io->ports[i].netdev.index ? io->ports[i].netdev.name : NULL,
                                         .index = io->ports[i].netdev.index};
    }
    return good && (!config->on_taken || config->on_taken(config->ctx, taken, diags));
}

static bool open_ports(struct ps_io *io, struct ps_diags *diags)
{
    bool good = true;
    io->rss = all_spread(io);
    for (uint32_t i = 0; i < io->n_ports; i++) /* each: all that is wrong is said in one run */
        good = ps_dpdk_port_open(io, i, diags) && good;
    for (uint32_t i = 0; i < io->n_ports && good; i++)
        io->number_of[io->ports[i].id] = (uint8_t)i;
    return good;
}

static void close_io(struct ps_io *io)
{
    for (uint32_t i = 0; i < io->n_ports; i++)
        ps_dpdk_port_close(&io->ports[i]);
    ps_dpdk_eal_stop();
    free(io);
}

static struct ps_io *open_io(const struct ps_io_config *config, struct ps_diags *diags)
{
    struct ps_io *io = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof *io);
    if (!io)
        return NULL;
    memset(io, 0, sizeof *io);
    io->n_ports = config->n_ports;
    io->n_workers = config->n_workers;
    io->by_host = config->by_host;
    io->mtu = config->mtu;
    if (!parse_devices(io, config, diags)) {
        free(io);
        return NULL;
    }
    measure(io);
    if (!ps_dpdk_eal_start(io, config, diags)) {
        free(io);
        return NULL;
    }
    if (take_netdevs(io, config, diags) && open_ports(io, diags) && init_queues(io, diags))
        return io;
    close_io(io);
    return NULL;
}

static void keep_netdevs(struct ps_io *io)
{
    for (uint32_t i = 0; i < io->n_ports; i++)
        ps_netdev_keep(&io->ports[i].netdev);
}

/* ---- statistics ------------------------------------------------------------------------------------------------ */

static void add_counts(struct ps_io_stats *stats, const struct ps_dpdk_counts *counts)
{
    stats->rx_packets += __atomic_load_n(&counts->rx_packets, __ATOMIC_RELAXED);
    stats->rx_bytes += __atomic_load_n(&counts->rx_bytes, __ATOMIC_RELAXED);
    stats->rx_unfit += __atomic_load_n(&counts->rx_unfit, __ATOMIC_RELAXED);
    stats->spread_lost += __atomic_load_n(&counts->spread_lost, __ATOMIC_RELAXED);
    stats->tx_packets += __atomic_load_n(&counts->tx_packets, __ATOMIC_RELAXED);
    stats->tx_bytes += __atomic_load_n(&counts->tx_bytes, __ATOMIC_RELAXED);
    stats->tx_lost += __atomic_load_n(&counts->tx_lost, __ATOMIC_RELAXED);
    stats->tx_oversize += __atomic_load_n(&counts->tx_oversize, __ATOMIC_RELAXED);
}

/* What the sockets say, since the drivers of netdevs leave out much. false: they do not say. */
static bool netdev_drops(struct ps_dpdk_port *port, uint64_t *drops)
{
    if (port->netdev.xdp >= 0)
        return ps_netdev_xdp_drops(&port->netdev, drops);
    port->drops += ps_netdev_take_drops(&port->netdev);
    *drops = port->drops;
    return true;
}

static void read_stats(struct ps_io *io, uint32_t number, struct ps_io_stats *stats)
{
    struct ps_dpdk_port *port = &io->ports[number];
    struct rte_eth_stats driver = {0};
    struct rte_eth_link link = {0};
    *stats = (struct ps_io_stats){.driver = port->driver, .mtu = port->mtu};
    for (uint32_t w = 0; w < io->n_workers; w++)
        add_counts(stats, &io->queues[w].counts[number]);
    bool counts = rte_eth_stats_get(port->id, &driver) == 0;
    uint64_t missed = driver.imissed;
    (void)rte_eth_link_get_nowait(port->id, &link);
    stats->link_up = link.link_status == RTE_ETH_LINK_UP;
    stats->speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
    if (port->netdev.index != 0) {
        stats->link_up = ps_netdev_is_running(&port->netdev);
        stats->speed_mbps = 0; /* the drivers of netdevs make one up */
        counts = netdev_drops(port, &missed);
    }
    stats->rx_lost = missed + driver.rx_nombuf + driver.ierrors;
    stats->rx_lost_known = counts;
}

static const char *memory(const struct ps_io *io)
{
    return io->memory;
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

/* A tag that the card took off goes back in: what is judged is what was on the wire. false: it cannot. */
static bool restore_tag(struct rte_mbuf **mbuf)
{
    if (PS_LIKELY(((*mbuf)->ol_flags & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED)) == 0))
        return true;
    if ((*mbuf)->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
        return false;
    return rte_vlan_insert(mbuf) == 0;
}

/* What comes in parts is put together in the first of them, which has room for any frame that may come. */
static bool in_one_piece(const struct ps_dpdk_port *port, struct rte_mbuf *mbuf)
{
    if (PS_LIKELY(mbuf->nb_segs == 1))
        return true;
    return rte_pktmbuf_pkt_len(mbuf) <= port->room && rte_pktmbuf_linearize(mbuf) == 0;
}

static void take(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf *mbuf, struct ps_packet *packets)
{
    uint32_t len = rte_pktmbuf_pkt_len(mbuf), i = queue->n;
    packets[i] = (struct ps_packet){.data = rte_pktmbuf_mtod(mbuf, const uint8_t *), .len = len, .wire_len = len,
                                    .port = (uint16_t)number, .link = PS_LINK_ETHERNET};
    queue->mbufs[i] = mbuf;
    queue->n++;
}

/* To the worker that judges it. */
static void hand_on(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf *mbuf, uint32_t worker)
{
    if (PS_LIKELY(rte_ring_mp_enqueue(queue->io->queues[worker].rx_ring, mbuf) == 0))
        return;
    count(&queue->counts[number].spread_lost, 1);
    rte_pktmbuf_free(mbuf);
}

/* One packet of an owned port: for whom? */
static bool is_mine(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf *mbuf)
{
    if (!queue->rx_ring)
        return true;
    uint32_t hash = ps_spread_hash(rte_pktmbuf_mtod(mbuf, const uint8_t *), rte_pktmbuf_data_len(mbuf),
                                   queue->io->by_host);
    uint32_t worker = ps_spread_pick(hash, queue->io->n_workers);
    if (worker == queue->worker)
        return true;
    hand_on(queue, number, mbuf, worker);
    return false;
}

/* Returns how many were handed on. */
static uint32_t poll_port(struct ps_io_queue *queue, uint32_t number, struct ps_packet *packets)
{
    struct ps_dpdk_port *port = &queue->io->ports[number];
    struct ps_dpdk_counts *counts = &queue->counts[number];
    struct rte_mbuf *mbufs[PS_BURST_MAX];
    uint16_t room = (uint16_t)(PS_BURST_MAX - queue->n);
    uint16_t n = rte_eth_rx_burst(port->id, port->n_queues > 1 ? (uint16_t)queue->worker : 0, mbufs, room);
    uint32_t moved = 0;
    uint64_t bytes = 0;
    for (uint16_t i = 0; i < n; i++) {
        mbufs[i]->port = port->id; /* not every driver says so */
        bytes += rte_pktmbuf_pkt_len(mbufs[i]);
        if (PS_UNLIKELY(!restore_tag(&mbufs[i]) || !in_one_piece(port, mbufs[i]))) {
            count(&counts->rx_unfit, 1);
            rte_pktmbuf_free(mbufs[i]);
        } else if (is_mine(queue, number, mbufs[i])) {
            take(queue, number, mbufs[i], packets);
        } else {
            moved++;
        }
    }
    if (n > 0) {
        count(&counts->rx_packets, n);
        count(&counts->rx_bytes, bytes);
    }
    return moved;
}

static void poll_ring(struct ps_io_queue *queue, struct ps_packet *packets)
{
    struct rte_mbuf *mbufs[PS_BURST_MAX];
    unsigned n = rte_ring_sc_dequeue_burst(queue->rx_ring, (void **)mbufs, PS_BURST_MAX - queue->n, NULL);
    for (unsigned i = 0; i < n; i++)
        take(queue, queue->io->number_of[mbufs[i]->port], mbufs[i], packets);
}

/* ---- out ------------------------------------------------------------------------------------------------------- */

static void send_burst(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf **mbufs, uint32_t n)
{
    const struct ps_dpdk_port *port = &queue->io->ports[number];
    struct ps_dpdk_counts *counts = &queue->counts[number];
    uint16_t tx_queue = port->n_queues > 1 ? (uint16_t)queue->worker : 0;
    uint32_t sent = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += rte_pktmbuf_pkt_len(mbufs[i]);
    for (uint32_t tries = 0; sent < n && tries < PS_DPDK_TX_TRIES; tries++)
        sent += rte_eth_tx_burst(port->id, tx_queue, mbufs + sent, (uint16_t)(n - sent));
    if (sent < n) {
        for (uint32_t i = sent; i < n; i++)
            bytes -= rte_pktmbuf_pkt_len(mbufs[i]);
        rte_pktmbuf_free_bulk(mbufs + sent, n - sent);
        count(&counts->tx_lost, n - sent);
    }
    count(&counts->tx_packets, sent);
    count(&counts->tx_bytes, bytes);
}

/* To the port, or to its owner. */
static void leave(struct ps_io_queue *queue, uint32_t number)
{
    const struct ps_dpdk_port *port = &queue->io->ports[number];
    struct ps_dpdk_out *out = &queue->out[number];
    uint32_t n = out->n;
    out->n = 0;
    if (!port->tx_ring || port->owner == queue->worker) {
        send_burst(queue, number, out->mbufs, n);
        return;
    }
    unsigned took = rte_ring_mp_enqueue_burst(port->tx_ring, (void **)out->mbufs, n, NULL);
    if (took == n)
        return;
    rte_pktmbuf_free_bulk(out->mbufs + took, n - took);
    count(&queue->counts[number].tx_lost, n - took);
}

/* What the others have for a port of ours. */
static uint32_t poll_out(struct ps_io_queue *queue, uint32_t number)
{
    struct rte_mbuf *mbufs[PS_DPDK_TX_BATCH];
    unsigned n = rte_ring_sc_dequeue_burst(queue->io->ports[number].tx_ring, (void **)mbufs, PS_DPDK_TX_BATCH, NULL);
    if (n > 0)
        send_burst(queue, number, mbufs, n);
    return n;
}

__attribute__((noinline, cold)) static void drop_oversize(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf *mbuf)
{
    count(&queue->counts[number].tx_oversize, 1);
    rte_pktmbuf_free(mbuf);
}

static void put(struct ps_io_queue *queue, uint32_t number, struct rte_mbuf *mbuf)
{
    struct ps_dpdk_out *out = &queue->out[number];
    if (PS_UNLIKELY(rte_pktmbuf_pkt_len(mbuf) > queue->io->ports[number].max_frame)) {
        drop_oversize(queue, number, mbuf);
        return;
    }
    out->mbufs[out->n++] = mbuf;
    if (out->n == PS_DPDK_TX_BATCH)
        leave(queue, number);
}

/* ---- bursts ---------------------------------------------------------------------------------------------------- */

static uint32_t rx(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved)
{
    const struct ps_io *io = queue->io;
    queue->n = 0;
    *moved = 0;
    if (queue->rx_ring)
        poll_ring(queue, packets);
    for (uint32_t i = 0; i < io->n_ports; i++) {
        uint32_t number = queue->next_port + i < io->n_ports ? queue->next_port + i : queue->next_port + i - io->n_ports;
        if (!io->rss && io->ports[number].owner != queue->worker)
            continue;
        if (queue->n < PS_BURST_MAX)
            *moved += poll_port(queue, number, packets);
        if (queue->rx_ring)
            *moved += poll_out(queue, number);
    }
    queue->next_port = queue->next_port + 1 < io->n_ports ? queue->next_port + 1 : 0;
    return queue->n;
}

/* By several ports: all but the last get a copy. The last one, as a mask. */
__attribute__((noinline, cold)) static uint32_t pass_copies(struct ps_io_queue *queue, const struct rte_mbuf *mbuf,
                                                            uint32_t ports)
{
    for (; (ports & (ports - 1)) != 0; ports &= ports - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(ports);
        struct rte_mbuf *copy = rte_pktmbuf_copy(mbuf, queue->io->ports[number].pool, 0, UINT32_MAX);
        if (copy)
            put(queue, number, copy);
        else
            count(&queue->counts[number].tx_lost, 1);
    }
    return ports;
}

__attribute__((noinline)) static void pass_by_several(struct ps_io_queue *queue, uint32_t i, uint32_t ports)
{
    struct rte_mbuf *mbuf = queue->mbufs[i];
    ports = pass_copies(queue, mbuf, ports);
    queue->mbufs[i] = NULL;
    put(queue, (uint32_t)__builtin_ctz(ports), mbuf);
}

static void pass(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports)
{
    uint32_t end = i + n;
    if (ports == 0)
        return;
    if (PS_UNLIKELY((ports & (ports - 1)) != 0)) {
        for (; i < end; i++)
            pass_by_several(queue, i, ports);
        return;
    }
    uint32_t number = (uint32_t)__builtin_ctz(ports);
    for (; i < end; i++) {
        put(queue, number, queue->mbufs[i]);
        queue->mbufs[i] = NULL;
    }
}

static void send_own(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports)
{
    for (; ports != 0; ports &= ports - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(ports);
        struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->io->ports[number].pool);
        char *octets = mbuf ? rte_pktmbuf_append(mbuf, (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX)) : NULL;
        if (PS_UNLIKELY(!octets || len > UINT16_MAX)) {
            count(mbuf ? &queue->counts[number].tx_oversize : &queue->counts[number].tx_lost, 1);
            rte_pktmbuf_free(mbuf);
            continue;
        }
        memcpy(octets, data, len);
        put(queue, number, mbuf);
    }
}

static void flush(struct ps_io_queue *queue)
{
    for (uint32_t number = 0; number < queue->io->n_ports; number++)
        if (queue->out[number].n > 0)
            leave(queue, number);
    for (uint32_t i = 0; i < queue->n; i++)
        if (queue->mbufs[i])
            rte_pktmbuf_free(queue->mbufs[i]);
    queue->n = 0;
}

/* ---- a worker comes and goes ----------------------------------------------------------------------------------- */

static struct ps_io_queue *enter(struct ps_io *io, uint32_t worker)
{
    struct ps_io_queue *queue = &io->queues[worker];
    if (rte_thread_register() != 0) /* for caches of buffers */
        return NULL;
    queue->registered = true;
    return queue;
}

static void leave_io(struct ps_io_queue *queue)
{
    flush(queue);
    if (queue->registered)
        rte_thread_unregister();
    queue->registered = false;
}

const struct ps_io_ops ps_io_dpdk = {
    .name = "dpdk", .open = open_io, .close = close_io, .keep = keep_netdevs, .stats = read_stats, .memory = memory,
    .enter = enter, .leave = leave_io, .rx = rx, .pass = pass, .send = send_own, .flush = flush,
};
