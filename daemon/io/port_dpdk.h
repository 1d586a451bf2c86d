/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_dpdk.h - what the files of the DPDK backend share.
 *
 * Every worker has a queue of its own on every port where all ports can spread packets alike (RSS). Elsewhere a port
 * has one queue, which belongs to one worker, its owner: it takes packets in, and hands those that another should judge
 * to that one's ring; what others send by the port comes to the owner through the port's ring.
 */
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "device.h"
#include "likely.h"
#include "netdev.h"
#include "port_backend.h"
#include "spread.h"

#define PS_DPDK_DESCRIPTORS 1024u
#define PS_DPDK_RING 1024u    /* packets between two workers, or a worker and a port's owner */
#define PS_DPDK_TX_TRIES 16u  /* of a burst, before what is left of it is dropped */
#define PS_DPDK_TX_BATCH 32u

/* What one worker has counted of one port. Written by that worker alone, read by control at any time. */
struct ps_dpdk_counts {
    uint64_t rx_packets, rx_bytes, rx_unfit, spread_lost;
    uint64_t tx_packets, tx_bytes, tx_lost, tx_oversize;
} __rte_cache_aligned;

struct ps_dpdk_port {
    const struct ps_io_port *config;
    struct ps_device device;
    struct ps_netdev netdev; /* index 0: none */
    char name[RTE_ETH_NAME_MAX_LEN]; /* as DPDK knows it */
    char driver[32];
    uint16_t id;             /* of the Ethernet device */
    uint16_t n_queues;       /* 1, or one per worker */
    uint16_t owner;          /* worker, where it has one queue */
    bool opened, started;
    uint32_t max_frame;      /* longest one that may be sent */
    uint32_t room;           /* of a buffer, for frames that come in */
    uint32_t mtu;
    struct rte_mempool *pool;
    struct rte_ring *tx_ring; /* to the owner; NULL: every worker has a queue */
    uint64_t drops;          /* of its packet sockets */
};

/* Packets on their way out by one port. */
struct ps_dpdk_out {
    struct rte_mbuf *mbufs[PS_DPDK_TX_BATCH];
    uint32_t n;
};

struct ps_io_queue {
    struct ps_io *io;
    uint32_t worker;
    uint32_t next_port; /* that is asked first */
    uint32_t n;         /* packets of the burst */
    bool registered;    /* known to EAL as a thread */
    struct rte_mbuf *mbufs[PS_BURST_MAX];
    struct rte_ring *rx_ring; /* packets that other workers took in; NULL: there are none */
    struct ps_dpdk_out out[PS_IO_PORTS_MAX];
    struct ps_dpdk_counts counts[PS_IO_PORTS_MAX];
} __rte_cache_aligned;

struct ps_io {
    uint32_t n_ports, n_workers;
    bool by_host;
    bool rss;           /* ports spread packets by themselves */
    uint32_t max_frame; /* of all ports */
    uint32_t mtu;       /* as configured, 0: not */
    struct ps_dpdk_port ports[PS_IO_PORTS_MAX];
    uint8_t number_of[RTE_MAX_ETHPORTS]; /* Ethernet device -> number of the port */
    struct ps_io_queue queues[PS_IO_WORKERS_MAX];
    char memory[64];
};

/* Octets of a buffer for frames of this length: what af_packet's ring wants, and room for a tag in front. */
static inline uint32_t ps_dpdk_frame_room(uint32_t max_frame)
{
    uint32_t room = (max_frame + 80 + 1023) / 1024 * 1024;
    return room < 2048 ? 2048 : room;
}

/* Buffers of one port: in its rings, in those between workers, on their way out. */
static inline uint32_t ps_dpdk_pool_size(const struct ps_io *io)
{
    return 6 * 1024 + (io->n_workers > 1 ? io->n_workers * PS_DPDK_RING : 0) + io->n_workers * 512 - 1;
}

/* port_dpdk_eal.c: starts EAL for these ports. false: findings. */
bool ps_dpdk_eal_start(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags);
void ps_dpdk_eal_stop(void);
/* Forgets what drivers have said; and why something did not work since, never NULL. */
void ps_dpdk_log_clear(void);
const char *ps_dpdk_log_reason(void);

/* port_dpdk_open.c: a netdev is locked, and nothing else is done. false: a finding. Close it in either case. */
bool ps_dpdk_port_take(struct ps_io *io, uint32_t number, struct ps_diags *diags);
/* One port, up to its start. false: a finding. */
bool ps_dpdk_port_open(struct ps_io *io, uint32_t number, struct ps_diags *diags);
/* Of a port that is no netdev: finds its Ethernet device. */
bool ps_dpdk_port_probe(const struct ps_io *io, struct ps_dpdk_port *port, char *err, size_t err_size);
void ps_dpdk_port_close(struct ps_dpdk_port *port);
