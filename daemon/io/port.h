/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port.h - the gateway's ports as its workers see them: bursts in, packets and frames out.
 *
 * port.c calls the backend that was opened (port_backend.h). A worker takes a burst, has it judged, says for each packet
 * by which ports it leaves, adds frames of the engine's own in between, and flushes: what it said for one port leaves in
 * that order.
 *
 *     n = ps_io_rx(queue, packets, &moved);
 *     for each packet: ps_io_pass(queue, i, 1, ports); ... ps_io_send(queue, data, len, ports);
 *     ps_io_flush(queue);
 *
 * Ports are numbered in the order of the configuration; a set of ports is a mask of bits 1 << number.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "diag.h"
#include "engine.h"

#define PS_IO_PORTS_MAX ((uint32_t)PS_PORTS_MAX)
#define PS_IO_WORKERS_MAX 16u
#define PS_IO_MTU_MAX 9600u

#define PS_IO_PORT(number) (UINT32_C(1) << (number))

struct ps_io;       /* all ports */
struct ps_io_queue; /* what one worker has of them */

struct ps_io_port {
    const char *name;   /* as the configuration and the plant file call it */
    const char *device; /* "eth1", "af_packet:eth1", "af_xdp:eth1", "0000:03:00.0", "net_pcap0,iface=eth1" */
    const char *file;   /* where the configuration says so, for findings; NULL: nowhere */
    uint32_t line;
};

/* A port that the kernel knows too; name NULL: it does not. */
struct ps_io_netdev {
    const char *name; /* "eth1" */
    int index;
};

struct ps_io_config {
    const char *backend;  /* "dpdk", "nfqueue" or "nft"; NULL: the first that was built in */
    const struct ps_io_port *ports;
    uint32_t n_ports;     /* 1..PS_IO_PORTS_MAX */
    uint32_t n_workers;   /* 1..PS_IO_WORKERS_MAX; not looked at where the kernel moves the packets */
    uint32_t mtu;         /* octets behind the Ethernet header and tags; 0: what the netdevs have, else 1500 */
    bool by_host;         /* spread packets over workers by addresses alone, not by connection */
    const char *instance; /* tells the files of one daemon from those of another */
    /* All netdevs are ours and none has been touched yet: netdevs[n_ports]. false and a finding: go no further. NULL: none. */
    bool (*on_taken)(void *ctx, const struct ps_io_netdev *netdevs, struct ps_diags *diags);
    void *ctx;
    uint16_t queue;       /* nfqueue: number of the first worker's queue, the others' follow */
    bool promiscuous;     /* nft: ports take frames for whomever */
};

/* How a port does. Counts are since the start. */
struct ps_io_stats {
    uint64_t rx_packets, rx_bytes;
    uint64_t tx_packets, tx_bytes;
    uint64_t rx_lost;      /* in front of the daemon: its ring or memory was full */
    uint64_t rx_unfit;     /* longer than the buffers, or with tags that the card took off and did not keep */
    uint64_t spread_lost;  /* the ring to the worker that should judge them was full */
    uint64_t tx_lost;      /* the port did not take them in time */
    uint64_t tx_oversize;  /* longer than the port can send */
    bool rx_lost_known;    /* false: the driver cannot tell, rx_lost says less than there was */
    bool link_up;
    uint32_t speed_mbps;   /* 0: not known */
    uint32_t mtu;
    const char *driver;    /* "net_af_packet" */
};

/* What the kernel has carried since the start without asking. */
struct ps_io_carried {
    uint64_t packets, bytes;
};

/* How the kernel's queue in front of a worker does. Counts are since the start. */
struct ps_io_queue_stats {
    uint16_t number;
    uint64_t waiting; /* packets that have no verdict yet */
    uint64_t lost;    /* dropped because the queue, or the socket's memory, was full */
};

/* ---- the control thread's side ----------------------------------------------------------------------------------- */

/* Opens all ports, or NULL with findings that say which port failed, why, and the remedy. Warnings may come with
 * success. Once per process. */
struct ps_io *ps_io_open(const struct ps_io_config *config, struct ps_diags *diags);

/* Workers have left. Ports go back to the state that they were found in. NULL is fine. */
void ps_io_close(struct ps_io *io);
/* When they are closed netdevs stay up and promiscuous: the kernel is to forward between them. */
void ps_io_keep(struct ps_io *io);
/* Where the kernel moves the packets: netdevs that went and came anew are set up as they were at the start. */
void ps_io_again(struct ps_io *io);

void ps_io_stats(struct ps_io *io, uint32_t port, struct ps_io_stats *stats);

/* Of a worker's queue in the kernel. false: this backend has none. */
bool ps_io_queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats);

/* From here on only what is said by ps_io_carry() for this state counts, and nothing is carried by what was said before. To be
 * called before packets are judged by another policy, and behind every change of the one in force. false and a sentence in
 * err: what is carried now is for PS_IO_CARRIED_MS more. */
#define PS_IO_CARRIED_MS 5000u
bool ps_io_carry_for(struct ps_io *io, uint32_t state, char *err, size_t err_size);

/* false: this backend, or this one as it is opened, carries nothing. */
bool ps_io_carried(struct ps_io *io, struct ps_io_carried *carried);

/* Is there a backend of this name in this program? */
bool ps_io_has(const char *backend);

/* Of the backend that is open: do workers move the packets? Else the kernel does, and there are none. */
bool ps_io_has_workers(void);

/* "dpdk", for status: of the backend that is open, or the one that NULL means. */
const char *ps_io_backend(void);

/* "12 MiB of hugepages", for status. */
const char *ps_io_memory(const struct ps_io *io);

/* ---- a worker's side --------------------------------------------------------------------------------------------- */

/* From the worker's own thread, before anything else here. NULL: the backend has no room for it. */
struct ps_io_queue *ps_io_enter(struct ps_io *io, uint32_t worker);
void ps_io_leave(struct ps_io_queue *queue);

/* Up to PS_BURST_MAX packets for this worker, whole and in one piece, borrowed until ps_io_flush(). Sets everything of
 * them but the time. *moved: packets that were handed on to another worker or port in doing so. */
uint32_t ps_io_rx(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved);

/* n packets of the burst from the i-th on leave by these ports. Each packet at most once; what is not passed is dropped. */
void ps_io_pass(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports);

/* Packet i of the burst, which passes next: where somebody in front of the ports can carry what else its sender says in this
 * flow, he may, for PS_IO_CARRIED_MS from now (struct ps_decision, carries; state: ps_engine_state()). */
void ps_io_carry(struct ps_io_queue *queue, uint32_t i, uint32_t state);

/* A frame of the engine's own; its octets are copied. */
void ps_io_send(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports);

/* The same, in place of packet i of the burst, which does not pass: on its way where that is possible. */
void ps_io_replace(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports);

/* The burst is over: what was passed and sent leaves, the rest is forgotten. */
void ps_io_flush(struct ps_io_queue *queue);

/* Sleeps until there are packets, at most ns. false at once: the backend can only be asked again and again. */
bool ps_io_wait(struct ps_io_queue *queue, uint64_t ns);
