/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq.h - what the files of the NFQUEUE backend share.
 *
 * The kernel forwards, routed or bridged, and asks before each packet: rules of our own (steer.h) put it into the queue of
 * one of the workers, and it goes on when a verdict says so. Frames of the engine's own go out by raw sockets where the
 * kernel routes, and by packet sockets where it bridges.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "netdev.h"
#include "port_backend.h"
#include "port_nfq_hosts.h"
#include "port_nfq_packet.h"
#include "port_nfq_verdict.h"

#define PS_NFQ_WAITING_MAX 2048u           /* packets in a queue; the kernel drops what comes then */
#define PS_NFQ_MEMORY (8 << 20)            /* octets of a socket's memory in the kernel */
#define PS_NFQ_ROOM (UINT32_C(68) << 10)   /* octets of a message: the longest packet and 4 KiB that are told of it */

/* What one worker has counted of one port. Written by that worker alone, read by control at any time. */
struct ps_nfq_counts {
    _Alignas(64) uint64_t rx_packets;
    uint64_t rx_bytes, rx_unfit, tx_packets, tx_bytes, tx_lost, tx_oversize;
};

struct ps_nfq_port {
    const struct ps_io_port *config;
    struct ps_netdev netdev;
    uint8_t mac[6];
    int raw4, raw6; /* where the kernel routes: bound to the device, with our mark; -1: none */
    int packet;     /* where it bridges */
};

/* A packet of the burst. */
struct ps_nfq_waiting {
    uint32_t out; /* port that the kernel sends it by, PS_NONE: none of ours */
    const uint8_t *frame;
    uint32_t len; /* of the frame */
    uint32_t mark; /* so that its flow is carried; 0: none */
};

struct ps_io_queue {
    struct ps_io *io;
    struct mnl_socket *socket;
    uint8_t *rooms; /* PS_BURST_MAX messages of PS_NFQ_ROOM */
    struct ps_nfq_verdicts verdicts;
    struct ps_nfq_hosts *hosts; /* where the kernel bridges, else NULL */
    bool unsaid;    /* verdicts could not be sent: nothing passes until what is there in their place is */
    uint64_t overruns; /* times that the socket's memory was full */
    struct ps_nfq_waiting waiting[PS_BURST_MAX];
    struct ps_nfq_counts counts[PS_IO_PORTS_MAX];
};

struct ps_io {
    uint32_t n_ports, n_workers;
    bool bridged;
    bool steered; /* our rules are in force */
    char bridge[IFNAMSIZ]; /* its name */
    int raw4, raw6; /* bound to no device; -1: none */
    int lock; /* socket that keeps another daemon's rules off */
    int proc; /* /proc/net/netfilter/nfnetlink_queue, opened while we may; -1: not there */
    struct ps_nfq_port ports[PS_IO_PORTS_MAX];
    struct ps_io_queue queues[PS_IO_WORKERS_MAX];
    char memory[64];
};

/* port_nfq_open.c */
struct ps_io *ps_nfq_open(const struct ps_io_config *config, struct ps_diags *diags);
void ps_nfq_close(struct ps_io *io);

/* port_nfq_stats.c: what the kernel tells of its queues in nfnetlink_queue. false: there is no queue of this number. */
bool ps_nfq_stats_find(const char *text, uint16_t number, struct ps_io_queue_stats *stats);
void ps_nfq_stats(struct ps_io *io, uint32_t port, struct ps_io_stats *stats);
bool ps_nfq_queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats);
